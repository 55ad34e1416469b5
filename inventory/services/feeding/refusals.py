"""Lines left out: staged while the file is looked through, kept with the chunk they are part of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from hub import clock
from inventory.models import RefusedLine, StockFile, UnmappedCode
from inventory.services.feeding import staging
from inventory.services.feeding.codes import Codes

MOST_KEPT = 100_000
LONGEST_CODE = 60
LONGEST_DETAIL = 200
SETTLED_AT_ONCE = 50_000

_OF_CHUNK = "FROM pg_temp.feed_refusals WHERE n > %(after)s AND n <= %(until)s"
_KEEP = f"""
INSERT INTO inventory_refusedline (file_id, line, code, detail)
SELECT %(file)s, line, code, detail {_OF_CHUNK} ORDER BY n LIMIT %(room)s
ON CONFLICT (file_id, line) DO NOTHING
RETURNING line, code, detail
"""
_UNMAPPED = f"""
INSERT INTO inventory_unmappedcode AS known (source, code, times, file_id, seen_at)
SELECT %(source)s, unmapped, count(*), %(file)s, %(now)s {_OF_CHUNK} AND unmapped IS NOT NULL
GROUP BY unmapped ORDER BY unmapped
ON CONFLICT (source, code) DO UPDATE SET times = known.times + excluded.times,
    file_id = excluded.file_id, seen_at = excluded.seen_at
"""
_FIRST = "SELECT line, code, detail FROM pg_temp.feed_refusals ORDER BY n LIMIT %s"
_FIRST_UNMAPPED = """
SELECT unmapped, count(*) FROM pg_temp.feed_refusals WHERE unmapped IS NOT NULL
GROUP BY unmapped ORDER BY count(*) DESC, unmapped LIMIT %s
"""


@dataclass
class Refusals:
    """Refused lines on their way to the session's table."""

    _rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(
        self,
        n: int,
        line: int,
        code: str,
        detail: str,
        *,
        unmapped: str | None = None,
        store_id: int | None = None,
        spoils: bool = False,
    ) -> None:
        """Row ``n`` is left out; ``unmapped`` is its code of goods that stands for nothing. It
        ``spoils`` the store, if it is known, as one that is counted completely."""
        known = unmapped if unmapped and len(unmapped) <= LONGEST_CODE else None
        self._rows.append((n, line, code, detail[:LONGEST_DETAIL], known, store_id, spoils))

    def put(self) -> None:
        """What was added is in the table."""
        if self._rows:
            staging.put_rows(staging.REFUSALS, self._rows)
            self._rows = []


def keep(file: StockFile, *, after: int, until: int) -> tuple[int, list[RefusedLine]]:
    """Record a chunk's refused lines and unmapped codes; how many there are, and those of them
    that are kept: of a file at most 100,000 lines are, all are counted."""
    values: dict[str, Any] = {
        "file": file.pk,
        "source": file.source,
        "now": clock.now(),
        "after": after,
        "until": until,
        "room": max(0, MOST_KEPT - file.lines_refused),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_OF_CHUNK}", values)
        (count,) = cursor.fetchone() or (0,)
        if not count:
            return 0, []
        cursor.execute(_UNMAPPED, values)
        cursor.execute(_KEEP, values)
        rows = cursor.fetchall()
    return count, [RefusedLine(file=file, line=row[0], code=row[1], detail=row[2]) for row in rows]


def first(most: int) -> list[dict[str, Any]]:
    """The first refused lines of the file being looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [most])
        return [dict(zip(("line", "code", "detail"), row, strict=True)) for row in cursor]


def first_unmapped(most: int) -> list[dict[str, Any]]:
    """Its most frequent codes that stand for nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_UNMAPPED, [most])
        return [dict(zip(("code", "times"), row, strict=True)) for row in cursor]


def forget_mapped(source: str, codes: Codes) -> None:
    """The codes of a source that stand for something by now are no longer listed as unmapped."""
    rows = UnmappedCode.objects.filter(source=source)
    listed = list(rows.values_list("code", flat=True)[:SETTLED_AT_ONCE])
    known = codes.learn(listed)
    if mapped := [code for code in listed if known[code]]:
        rows.filter(code__in=mapped).delete()
