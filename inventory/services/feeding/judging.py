"""Judging rows of counts, many at a time: by column, and row by row only where that is needed.

Each row ends among the counts or among the refusals of the session's tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import cast

from django.db import connection

from inventory.feeds.rows import Batch, shown
from inventory.lines import MOST_UNITS
from inventory.services.feeding import staging
from inventory.services.feeding.codes import Codes, Meaning
from inventory.services.feeding.refusals import Refusals

TROUBLES = {
    "wrong_columns": "it has more cells than the header has columns",
    "invalid_json": "it is no JSON object of text and numbers",
}
LONGEST_UNITS = 10
_COPY = "COPY pg_temp.feed_counts (quantity, store_id, n, item_id) FROM STDIN"


@dataclass
class Once:
    """Whether anything may be counted twice: certainly not while each store's rows stand together
    and name an item once. Stores and items are told in any words that are equal for equal ones."""

    sure: bool = True
    _store: str | None = None
    _done: set[str] = field(default_factory=set)
    _items: set[str | None] = field(default_factory=set)

    def look(self, stores: Sequence[str | None], items: Sequence[str | None]) -> None:
        """Take note of rows; those of unknown stores or items, which are None, count nothing."""
        start = 0
        for store, run in groupby(stores):
            end = start + len(list(run))
            if store is not None and self.sure:
                self._note(store, items[start:end])
            start = end

    def _note(self, store: str, items: Sequence[str | None]) -> None:
        if store != self._store:
            self.sure = store not in self._done
            self._done.add(store)
            self._store, self._items = store, set()
        known = len(self._items) + len(items) - items.count(None)
        self._items.update(items)
        self._items.discard(None)
        self.sure = self.sure and len(self._items) == known


@dataclass
class Judge:
    """Judges batches in their order; ``rows`` is how many there were, ``refused`` of them, and
    ``once`` whether some of the others may count the same goods."""

    codes: Codes
    rows: int = 0
    refused: int = 0
    once: Once = field(default_factory=Once)
    _stores: Mapping[str, int] = field(default_factory=dict)
    _places: Mapping[str, str] = field(default_factory=dict)
    _refusals: Refusals = field(default_factory=Refusals)
    _shift: int | None = None

    def about(self, stores: Mapping[str, int]) -> None:
        """What the rows call stores; where they name none, the one store is called nothing."""
        self._stores = stores
        self._places = {reference: f"\t{store}\t" for reference, store in stores.items()}

    def judge(self, batch: Batch) -> None:
        """The rows are staged, counts and refusals each in their table.

        The text of the counts is put together from pieces that many rows share; for this their
        columns are in an order in which each piece that is none of ours stands between two.
        """
        stores, codes, units = batch.columns
        meant = self.codes.learn(named := set(codes))
        pieces = {code: _piece(meant[code]) for code in named}
        places, goods = list(map(self._places.get, stores)), list(map(pieces.get, codes))
        self.once.look(places, goods)
        told: list[str | None] = [""] * (4 * len(units))
        told[0::4], told[1::4], told[3::4] = units, places, goods
        told[2::4] = map(str, range(self.rows + 1, self.rows + 1 + len(units)))
        for place in _odd(batch, places, goods):
            told[4 * place : 4 * place + 4] = [self._one(batch, place), "", "", ""]
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write("".join(cast(list[str], told)))
        self._refusals.put()
        self._number(batch.lines)
        self.rows += len(units)

    def _one(self, batch: Batch, place: int) -> str:
        """The text of a row's count; if it is refused there is none."""
        named, code, units = (column[place] for column in batch.columns)
        store, goods = self._stores.get(named), self.codes.learn([code])[code]
        if trouble := batch.troubles.get(place, ""):
            detail = TROUBLES[trouble]
        elif store is None:
            trouble, detail = "unknown_store", f"no store {shown(named)}"
        elif goods is None:
            trouble, detail = "unknown_sku", f"no item {shown(code)}"
        elif not _is_sound(units) or int(units) * goods[1] > MOST_UNITS:
            trouble, detail = "invalid_quantity", f"{shown(units)} is no count"
        else:
            self.once.sure = False  # a pack: the single item may be counted as well
            return f"{int(units) * goods[1]}\t{store}\t{self.rows + 1 + place}\t{goods[0]}\n"
        self.refused += 1
        unknown = trouble == "unknown_sku"
        self._refusals.add(
            self.rows + 1 + place,
            batch.lines[place],
            trouble,
            detail,
            unmapped=code if unknown else None,
            store_id=store,
            spoils=not unknown,
        )
        return ""

    def _number(self, lines: Sequence[int]) -> None:
        """Let the lines be known by the numbers of the rows, from the next one on."""
        shifts = []
        for n, line in enumerate(lines[:1] if isinstance(lines, range) else lines, self.rows + 1):
            if line - n != self._shift:
                self._shift = line - n
                shifts.append((n, self._shift))
        if shifts:
            staging.put_rows(staging.SHIFTS, shifts)


def _odd(batch: Batch, places: Sequence[str | None], goods: Sequence[str | None]) -> Sequence[int]:
    """The places in the batch of rows that are no plain counts."""
    units = batch.columns[2]
    wrong = {text for text in set(units) if not _is_sound(text)}
    if not (wrong or batch.troubles or None in places or None in goods):
        return ()
    return [
        place
        for place, (store, item, text) in enumerate(zip(places, goods, units, strict=True))
        if store is None or item is None or text in wrong or place in batch.troubles
    ]


def _piece(meaning: Meaning | None) -> str | None:
    """How a count of single items ends."""
    return f"\t{meaning[0]}\n" if meaning and meaning[1] == 1 else None


def _is_sound(units: str) -> bool:
    """Whether it is a whole number of units, and not beyond all reason."""
    digits = len(units) <= LONGEST_UNITS and units.isascii() and units.isdecimal()
    return digits and int(units) <= MOST_UNITS
