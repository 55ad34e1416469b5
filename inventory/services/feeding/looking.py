"""Looking a file through before anything of it counts: every line is judged and staged.

What makes the file unreadable is known then, how many of its lines are refused, and what it says
of each store. Memory is bounded whatever the file's size: lines go to the database in batches,
and what stays are totals per store and one entry per chunk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from django.conf import settings
from django.db import connection, reset_queries

from hub.stores.models import Store
from inventory.feeds.errors import UnreadableFeed
from inventory.feeds.rows import SNAPSHOT, Batch, Format, Table, shown
from inventory.models import StockFile
from inventory.services.feeding import staging
from inventory.services.feeding.codes import Codes, Stores
from inventory.services.feeding.judging import TROUBLES, Judge

T = TypeVar("T")

CHUNK_LINES = 50_000

_STORES = """
SELECT store_id, min(n), max(n), count(*), sum(quantity)::bigint FROM pg_temp.feed_counts
GROUP BY store_id
"""
_REFUSED_STORES = """
SELECT store_id, min(n), max(n), bool_or(spoils) FROM pg_temp.feed_refusals
WHERE store_id IS NOT NULL GROUP BY store_id
"""
_COUNTED_TWICE = """
SELECT 1 FROM pg_temp.feed_counts WHERE n > %(after)s AND n <= %(until)s
GROUP BY store_id, item_id HAVING count(*) > 1 LIMIT 1
"""
_REFUSE_SECOND = f"""
WITH again AS (
    SELECT n, row_number() OVER (PARTITION BY store_id, item_id ORDER BY n) AS time
    FROM pg_temp.feed_counts WHERE n > %(after)s AND n <= %(until)s
), gone AS (
    DELETE FROM pg_temp.feed_counts USING again
    WHERE feed_counts.n = again.n AND again.time > 1
    RETURNING feed_counts.n, {staging.LINE} AS line, feed_counts.store_id, feed_counts.item_id
)
INSERT INTO pg_temp.feed_refusals (n, line, code, detail, store_id, spoils)
SELECT gone.n, gone.line, 'counted_twice', '''' || item.sku || ''' was counted before',
    gone.store_id, true
FROM gone JOIN inventory_item item ON item.id = gone.item_id
"""  # noqa: S608  made of constants
_COMES_BACK = f"""
SELECT min(line) FROM (
    (SELECT {staging.LINE} AS line FROM pg_temp.feed_counts
    WHERE store_id = %(store)s AND n > %(after)s ORDER BY n LIMIT 1)
    UNION ALL
    SELECT line FROM pg_temp.feed_refusals WHERE store_id = %(store)s AND n > %(after)s
) AS later
"""  # noqa: S608  made of constants


@dataclass(frozen=True)
class Chunk:
    """Rows ``after`` … ``until`` (by number, the first is 1), applied in one transaction.

    ``named`` counts the good ones per store where the file is complete: then a chunk holds all
    lines of its stores.
    """

    after: int
    until: int
    named: dict[int, int] = field(default_factory=dict)


@dataclass
class Looked:
    """What a file says. ``spoilt`` stores cannot be taken as complete; ``units`` is how many the
    good lines of each store add up to."""

    lines: int = 0
    refused: int = 0
    chunks: list[Chunk] = field(default_factory=list)
    spoilt: set[int] = field(default_factory=set)
    units: dict[int, int] = field(default_factory=dict)

    @property
    def complete(self) -> list[int]:
        """The stores that could be taken as complete."""
        return sorted(self.units.keys() - self.spoilt)


def table_of(file: StockFile, wanted: tuple[str, ...]) -> Table:
    """The file, ready to be read as its layout says."""
    layout = file.layout
    how = Format(layout.columns, layout.delimiter, layout.encoding) if layout else Format()
    return Table(settings.FEEDS_DIR / file.path, how, wanted)


@dataclass
class Look:
    """One look through a snapshot. Only its first ``limit`` rows, if given."""

    file: StockFile
    limit: int | None = None

    def __post_init__(self) -> None:
        layout = self.file.layout
        self._table = table_of(self.file, SNAPSHOT)
        self._judge = Judge(Codes(layout.code_systems if layout else []))

    def through(self) -> Looked:
        """Judge and stage every row. Raises UnreadableFeed."""
        self._begun = False
        for batch in _ahead(self._batches()):
            self._begin()
            self._check(batch)
            self._judge.judge(batch)
            reset_queries()
        self._begin()
        staging.make_ready()
        return self._found()

    def _batches(self) -> Iterator[Batch]:
        if self.limit is None:
            return self._table.batches()
        rows = list(islice(self._table.rows(), self.limit))
        return iter([Batch.of(rows)] if rows else [])

    def _begin(self) -> None:
        """Settle once which stores the rows are about: known as soon as one was read."""
        if not self._begun:
            self._begun = True
            store = fixed_store(self.file, has_stores=self._table.has_stores)
            known = Stores(self.file.reach).all() if store is None else {"": store}
            self._judge.about(known)

    def _check(self, batch: Batch) -> None:
        """A row that cannot be read may be of any store: then none is complete."""
        code = "invalid_json"
        broken = [place for place, trouble in batch.troubles.items() if trouble == code]
        if broken and self.file.complete:
            line = batch.lines[broken[0]]
            text = f"line {line}: {TROUBLES[code]}; a complete file has to be readable"
            raise UnreadableFeed(text, code=code, line=line)

    def _found(self) -> Looked:
        found = Looked(lines=self._judge.rows, refused=self._judge.refused)
        stores, refused = _by_store(_STORES), _by_store(_REFUSED_STORES)
        ranges = self._whole_stores(stores, refused) if self.file.complete else self._ranges()
        if not self._judge.once.sure and (again := sum(map(_refuse_second_counts, ranges))):
            found.refused += again
            stores, refused = _by_store(_STORES), _by_store(_REFUSED_STORES)
        found.units = {store: units for store, (_, _, _, units) in stores.items()}
        found.spoilt = {
            store for store, (_, _, spoils) in refused.items() if spoils or store not in found.units
        }
        found.chunks = [Chunk(after, until) for after, until in ranges]
        if self.file.complete:
            _share_out(found.chunks, stores)
        return found

    def _ranges(self) -> list[tuple[int, int]]:
        last = self._judge.rows
        return [(n, min(last, n + CHUNK_LINES)) for n in range(0, last, CHUNK_LINES)]

    def _whole_stores(self, *rows: dict[int, tuple[int, ...]]) -> list[tuple[int, int]]:
        """Ranges of rows that split no store. Raises UnreadableFeed when a store comes back."""
        spans: dict[int, tuple[int, int]] = {}
        for stores in rows:
            for store, (begins, ends, *_) in stores.items():
                known = spans.get(store, (begins, ends))
                spans[store] = (min(known[0], begins), max(known[1], ends))
        ranges, after, before = [], 0, (0, 0)
        for store, (begins, ends) in sorted(spans.items(), key=lambda item: item[1]):
            if begins <= before[1]:
                raise _scattered(before[0], begins)
            if begins - 1 - after >= CHUNK_LINES:
                ranges.append((after, begins - 1))
                after = begins - 1
            before = (store, ends)
        return [*ranges, (after, self._judge.rows)] if self._judge.rows else []


def _ahead(batches: Iterator[T]) -> Iterator[T]:
    """The batches, each read and unpacked while the one before it is being judged."""
    with ThreadPoolExecutor(1, "feed") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _share_out(chunks: list[Chunk], stores: dict[int, tuple[int, ...]]) -> None:
    """Tell each chunk how many good rows of which stores it has."""
    untils = [chunk.until for chunk in chunks]
    for store, (begins, _, count, _) in stores.items():
        chunks[bisect_left(untils, begins)].named[store] = count


def _by_store(query: str) -> dict[int, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0]: row[1:] for row in cursor}


def _refuse_second_counts(rows: tuple[int, int]) -> int:
    """Of goods counted twice among these rows the first count holds; how many others there are."""
    values = {"after": rows[0], "until": rows[1]}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED_TWICE, values)
        if not cursor.fetchone():
            return 0
        cursor.execute(_REFUSE_SECOND, values)
        return int(cursor.rowcount)


def _scattered(store_id: int, after: int) -> UnreadableFeed:
    with connection.cursor() as cursor:
        cursor.execute(_COMES_BACK, {"store": store_id, "after": after})
        (line,) = cursor.fetchone() or (0,)
    code = Store.objects.get(pk=store_id).code
    return UnreadableFeed(
        f"line {line}: {shown(code)} comes back; "
        "a complete file keeps the lines of a store together",
        code="store_scattered",
        line=line,
    )


def fixed_store(file: StockFile, *, has_stores: bool) -> int | None:
    """The one store that the file is about; None when its rows name stores.

    Raises UnreadableFeed when neither or both say which store a row is about.
    """
    if has_stores and file.store_id:
        text = "the file has a column store: leave the store out"
        raise UnreadableFeed(text, code="store_not_needed")
    if has_stores:
        return None
    store = file.store_id or (file.layout.store_id if file.layout else None)
    if store is None:
        raise UnreadableFeed("the file has no column store: name the store", code="store_needed")
    return store
