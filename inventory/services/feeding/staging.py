"""Tables of this session alone in which the lines of a file wait until they are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from inventory.services.counting import CHANGES, CHANGES_COLUMNS

COUNTS, EVENTS, REFUSALS = "feed_counts", "feed_events", "feed_refusals"
SHIFTS = "feed_shifts"

# ``n`` is the number of a row, the first is 1. From the row ``n`` of SHIFTS on, the number of a
# row's line is larger than its own by ``shift``.
_COLUMNS = {
    COUNTS: "n bigint, store_id bigint, item_id bigint, quantity integer",
    SHIFTS: "n bigint, shift bigint",
    CHANGES: CHANGES_COLUMNS,
    EVENTS: "n bigint, line bigint, event text",
    REFUSALS: "n bigint, line bigint, code text, detail text, unmapped text, store_id bigint, "
    "spoils boolean",
}
_APPLIED = (COUNTS, EVENTS, REFUSALS)

# the lines of a chunk, of complete stores or of the others
_OF_CHUNK = "FROM pg_temp.feed_counts WHERE n > %(after)s AND n <= %(until)s"
COUNTED_COMPLETE = f"""
SELECT store_id, item_id, quantity {_OF_CHUNK} AND store_id = ANY(%(complete)s::bigint[])
"""
COUNTED_OTHERS = f"""
SELECT store_id, item_id, quantity {_OF_CHUNK} AND store_id <> ALL(%(complete)s::bigint[])
"""


# the line of a row of feed_counts
LINE = """
feed_counts.n + (SELECT shift FROM pg_temp.feed_shifts WHERE feed_shifts.n <= feed_counts.n
    ORDER BY feed_shifts.n DESC LIMIT 1)
"""

# so that the lines of a chunk are joined and counted in memory
WORK_MEM = "48MB"


@contextmanager
def staged() -> Iterator[None]:
    """Inside the block there are empty tables for the lines of one file, and room to join them."""
    _drop()
    with connection.cursor() as cursor:
        cursor.execute(f"SET work_mem = '{WORK_MEM}'")
        for name, columns in _COLUMNS.items():
            cursor.execute(f"CREATE TEMP TABLE {name} ({columns})")
        for name in _APPLIED:
            cursor.execute(f"ALTER TABLE {name} ALTER n SET STATISTICS 10")
    try:
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            _drop()
            with connection.cursor() as cursor:
                cursor.execute("RESET work_mem")


def put_rows(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows of values."""
    with connection.cursor() as cursor, cursor.copy(f"COPY pg_temp.{table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def make_ready() -> None:
    """All lines are there: let them be found by their number."""
    with connection.cursor() as cursor:
        for name in _APPLIED:
            cursor.execute(f"CREATE INDEX ON {name} USING brin (n) WITH (pages_per_range = 16)")
            cursor.execute(f"ANALYZE {name} (n)")
        cursor.execute("CREATE INDEX ON feed_shifts (n)")


def _drop() -> None:
    with connection.cursor() as cursor:
        for name in _COLUMNS:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
