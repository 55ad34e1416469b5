"""Taking stock in several stores, one after the other, without two waiting for each other."""

from __future__ import annotations

from django.db import connection

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('orders.rerouting', 0))"


def one_at_a_time() -> None:
    """Let nobody else take stock in several stores until the transaction ends.

    Which stores they are, and in what order, is found on the way: two of them could wait for each
    other. Call it before any stock is touched.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
