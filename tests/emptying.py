"""Emptying the database after a test that committed: only what was written is deleted.

Django truncates every table and makes all permissions anew: most of a second for a few rows.
"""

from __future__ import annotations

from functools import cache

from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

# what Django makes anew afterwards, the same as it was
KEPT = {"django_content_type", "auth_permission"}


def empty_quickly() -> None:
    """From now on the tests of this process leave the database as with Django, but sooner."""
    TransactionTestCase._fixture_teardown = _delete_all


def _delete_all(_test: TransactionTestCase) -> None:
    """No row is left; whoever is still writing is waited for."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_of_all("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", ", ", "{}"))
        cursor.execute(_of_all("{}", " UNION ALL ", "(SELECT {name} FROM {table} LIMIT 1)"))
        written = [name for (name,) in cursor.fetchall()]
        # past the triggers of what is never deleted, and past foreign keys
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in written:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


def _of_all(statement: str, between: str, each: str) -> sql.Composed:
    """A statement that names every table that a test may write to."""
    parts = [
        sql.SQL(each).format(
            sql.Identifier(name), name=sql.Literal(name), table=sql.Identifier(name)
        )
        for name in _tables()
    ]
    return sql.SQL(statement).format(sql.SQL(between).join(parts))


@cache
def _tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - KEPT)
