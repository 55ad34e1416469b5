"""Looking a file through before anything of it counts: every line is judged and staged.

What makes the file unreadable is known then, how many of its lines are refused, and what it says
of each store. Memory is bounded whatever the file's size: lines go to the database in batches,
and what stays are totals per store and one entry per chunk.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.conf import settings

from inventory.feeds.errors import UnreadableFeed
from inventory.feeds.rows import SNAPSHOT, Format, Row, Table, shown
from inventory.lines import MOST_UNITS
from inventory.models import StockFile
from inventory.services.feeding import staging
from inventory.services.feeding.codes import Codes, Stores
from inventory.services.feeding.refusals import Refusals

CHUNK_LINES = 20_000
BATCH_LINES = 20_000
_UNITS = re.compile(r"[0-9]{1,10}\Z", re.ASCII)
TROUBLES = {
    "wrong_columns": "it has more cells than the header has columns",
    "invalid_json": "it is no JSON object of text and numbers",
}


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
    units: Counter[int] = field(default_factory=Counter)

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
    """One look through a snapshot. Rows up to ``done`` were applied before and are not staged."""

    file: StockFile
    done: int = 0
    limit: int | None = None
    found: Looked = field(default_factory=Looked)

    def __post_init__(self) -> None:
        layout = self.file.layout
        self._table = table_of(self.file, SNAPSHOT)
        self._codes = Codes(layout.code_systems if layout else [])
        self._stores = Stores(self.file.reach)
        self._store: int | None = None
        self._seen: set[tuple[int, int]] = set()
        self._finished: set[int] = set()
        self._named: dict[int, int] = {}
        self._begun = 0
        self._good: list[str] = []
        self._refusals = Refusals()

    def through(self) -> Looked:
        """Judge and stage every row. Raises UnreadableFeed."""
        rows = islice(self._table.rows(), self.limit)
        first = next(rows, None)
        self._fixed = fixed_store(self.file, has_stores=self._table.has_stores)
        batch = [first] if first else []
        while batch:
            batch += islice(rows, BATCH_LINES - len(batch))
            self._judge_all(batch)
            self._put()
            batch = list(islice(rows, BATCH_LINES))
        self._end_store()
        self._end_chunk()
        staging.make_ready()
        return self.found

    def _judge_all(self, rows: Sequence[Row]) -> None:
        codes = self._codes.learn({row.cells[1] for row in rows})
        stores = self._stores.learn({row.cells[0] for row in rows} if self._fixed is None else [])
        for row in rows:
            name, code, text = row.cells
            store = self._fixed if self._fixed is not None else stores[name]
            self._place(row, store)
            self.found.lines += 1
            if store is None or row.trouble:
                self._refuse_unread(row, store, name)
                continue
            meaning = codes[code]
            if meaning is None:
                self._refuse(row, "unknown_sku", f"no item {shown(code)}", unmapped=code)
                continue
            units = int(text) * meaning[1] if _UNITS.match(text) else -1
            if not 0 <= units <= MOST_UNITS:
                self._spoil(row, store, "invalid_quantity", f"{shown(text)} is no count")
            elif (store, meaning[0]) in self._seen:
                self._spoil(row, store, "counted_twice", f"{shown(code)} was counted before")
            else:
                self._take(store, meaning[0], units)

    def _take(self, store: int, item: int, units: int) -> None:
        self._seen.add((store, item))
        self.found.units[store] += units
        if self.found.lines > self.done:
            if self.file.complete:
                self._named[store] = self._named.get(store, 0) + 1
            self._good.append(f"{self.found.lines}\t{store}\t{item}\t{units}\n")

    def _place(self, row: Row, store: int | None) -> None:
        """Begin a new store or chunk with this row where one has to begin."""
        if not self.file.complete:
            if self.found.lines - self._begun >= CHUNK_LINES:
                self._end_chunk()
            return
        if row.trouble == "invalid_json":
            text = f"line {row.line}: {TROUBLES[row.trouble]}; a complete file has to be readable"
            raise UnreadableFeed(text, code=row.trouble, line=row.line)
        if store is None or store == self._store:
            return
        self._end_store()
        if self.found.lines - self._begun >= CHUNK_LINES:
            self._end_chunk()
        if store in self._finished:
            raise UnreadableFeed(
                f"line {row.line}: {shown(row.cells[0])} comes back; "
                "a complete file keeps the lines of a store together",
                code="store_scattered",
                line=row.line,
            )
        self._store = store

    def _end_store(self) -> None:
        """All lines of the store were read. One without a single good line is not complete."""
        if self._store is not None:
            self._finished.add(self._store)
            if self._store not in self.found.units:
                self.found.spoilt.add(self._store)

    def _end_chunk(self) -> None:
        if self.found.lines > self._begun:
            self.found.chunks.append(Chunk(self._begun, self.found.lines, self._named))
        self._begun, self._named, self._seen = self.found.lines, {}, set()

    def _refuse_unread(self, row: Row, store: int | None, name: str) -> None:
        if row.trouble and store is not None:
            self._spoil(row, store, row.trouble, TROUBLES[row.trouble])
        elif row.trouble:
            self._refuse(row, row.trouble, TROUBLES[row.trouble])
        else:
            self._refuse(row, "unknown_store", f"no store {shown(name)}")

    def _spoil(self, row: Row, store: int, code: str, detail: str) -> None:
        """Refuse a line of goods that are there: they must not be taken for missing."""
        self.found.spoilt.add(store)
        self._refuse(row, code, detail)

    def _refuse(self, row: Row, code: str, detail: str, unmapped: str | None = None) -> None:
        self.found.refused += 1
        if self.found.lines > self.done:
            self._refusals.add(self.found.lines, row.line, code, detail, unmapped)

    def _put(self) -> None:
        staging.put_text(staging.COUNTS, self._good)
        self._refusals.put()
        self._good = []


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
