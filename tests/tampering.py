"""Doing to the consent log what only the owner of the database can: changing what was written."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def tampering() -> Iterator[None]:
    """Within it, in the transaction of the test, lines of the log can be changed and deleted."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_consentevent DISABLE TRIGGER consent_immutable")
        yield
        cursor.execute("ALTER TABLE customers_consentevent ENABLE TRIGGER consent_immutable")
