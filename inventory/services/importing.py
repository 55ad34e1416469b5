"""Taking over a stock file: in chunks, each in its own transaction, repeatable at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from hub.errors import NotFound
from hub.stores.models import Store
from hub.stores.services import find_store
from inventory import feeds
from inventory.feeds import FeedFile, FeedRow, UnreadableFeed, shown
from inventory.models import Item
from inventory.services.counts import CountResult, record_item_counts

CHUNK_LINES = 5_000


@dataclass(frozen=True)
class Refusal:
    """A line that was left out, and why."""

    line: int
    code: str
    detail: str


@dataclass
class ImportReport:
    """What became of a file. ``partial_stores`` could not be taken as complete."""

    lines: int = 0
    refused: int = 0
    result: CountResult = field(default_factory=CountResult)
    partial_stores: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class StockImport:
    """One run over one file.

    ``refuse`` is told each line left out, ``advance`` the number of lines done since it was
    told last. Events are named by the file's content, so the same file again changes nothing.
    """

    file: FeedFile
    store: Store | None
    source: str
    as_of: datetime
    complete: bool
    refuse: Callable[[Refusal], None]
    advance: Callable[[int], object]
    report: ImportReport = field(default_factory=ImportReport)

    def run(self) -> ImportReport:
        """Record every acceptable line; afterwards the report says what became of the file.

        When interrupted, the chunks so far hold, and the next run goes through the rest.
        """
        for chunk in self._chunks(feeds.rows(self.file.path)):
            by_store = sorted(chunk, key=lambda row: row.store)
            for reference, lines in groupby(by_store, key=lambda row: row.store):
                self._record(reference, list(lines))
            self.report.lines += len(chunk)
            self.advance(len(chunk))
        return self.report

    def _chunks(self, rows: Iterable[FeedRow]) -> Iterator[list[FeedRow]]:
        """A store's whole lines when the counts are complete, else so many lines at a time."""
        if self.complete:
            for _, lines in groupby(rows, key=lambda row: row.store):
                yield list(lines)
            return
        chunk: list[FeedRow] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK_LINES:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _record(self, reference: str, lines: list[FeedRow]) -> None:
        try:
            store = self.store or find_store(reference)
        except NotFound:
            for row in lines:
                self._refuse(row, "unknown_store", f"no store {shown(reference)}")
            return
        counts, spoilt = self._counts(lines)
        if spoilt and self.complete:
            self.report.partial_stores.append(store.code)
        self.report.result += record_item_counts(
            store=store,
            source=self.source,
            as_of=self.as_of,
            counts=counts,
            event_prefix=self.file.digest[:32],
            complete=self.complete and not spoilt,
        )

    def _counts(self, lines: list[FeedRow]) -> tuple[dict[int, int], bool]:
        """The counts by item id, and whether a line of a known SKU had to be left out.

        Such a SKU must not be taken for missing, which is what a complete count would do.
        """
        known = dict(
            Item.objects.filter(sku__in={row.sku for row in lines}, active=True).values_list(
                "sku", "pk"
            )
        )
        counts: dict[int, int] = {}
        spoilt = False
        for row in lines:
            item, units = known.get(row.sku), row.units
            if item is None:
                self._refuse(row, "unknown_sku", f"no item {shown(row.sku)}")
            elif units is None:
                self._refuse(row, "invalid_quantity", f"{shown(row.on_hand)} is no count")
            elif item in counts:
                self._refuse(row, "counted_twice", f"{shown(row.sku)} was counted before")
            else:
                counts[item] = units
                continue
            spoilt = spoilt or item is not None
        return counts, spoilt

    def _refuse(self, row: FeedRow, code: str, detail: str) -> None:
        self.report.refused += 1
        self.refuse(Refusal(row.line, code, detail))


def prepare(path: Path, *, store: str, complete: bool) -> tuple[FeedFile, Store | None]:
    """Read the file through and find its store.

    Raises UnreadableFeed when it cannot be read or it is not clear which store it is about, and
    NotFound for an unknown store.
    """
    file = feeds.inspect(path, grouped=complete)
    if file.has_stores == bool(store):
        raise UnreadableFeed(
            "the file has a column store: leave --store out"
            if store
            else "the file has no column store: name the store with --store"
        )
    return file, find_store(store) if store else None
