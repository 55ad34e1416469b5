"""Stock events from outside: what was sold, brought back, adjusted, sent on or set aside.

They may come late, twice and in any order; any order ends in the same stock. An event not younger
than the count in force is recorded as superseded and leaves the stock alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from hub import clock
from inventory.ledger import Refusal, Shelf, StockEvent, refusal_of
from inventory.models import Allocation, EventKind, InventoryEvent, UnavailableUnits
from inventory.services.clocks import ahead_by_store, corrected
from inventory.services.counts import CLOCK_TOLERANCE
from inventory.services.incoming import arrive
from inventory.services.levels import change_beside_others, lock_levels, make_level_pairs
from inventory.services.shortfalls import SETTLED, announce

_SHELVES = """
SELECT level.id, level.item_id, level.on_hand, level.deficit,
    greatest(level.counted_at, feed.counted_as_of)
FROM inventory_stocklevel level
LEFT JOIN inventory_storefeed feed ON feed.store_id = level.store_id
WHERE level.store_id = %s AND level.item_id = ANY(%s::bigint[])
"""

_PUT_BACK = f"""
WITH changed AS (
    UPDATE inventory_stocklevel level
    SET on_hand = shelf.on_hand, deficit = shelf.deficit, unavailable = shelf.unavailable
    FROM unnest(%(levels)s::bigint[], %(on_hand)s::int[], %(deficit)s::int[],
        %(unavailable)s::int[]) AS shelf (id, on_hand, deficit, unavailable)
    WHERE level.id = shelf.id
    RETURNING level.store_id, level.item_id,
        greatest(0, level.on_hand - level.unavailable) - level.allocated - level.held AS free
), {SETTLED}
SELECT id FROM opened ORDER BY id
"""  # noqa: S608  made of constants


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an event.

    ``status`` is ``applied``; ``superseded`` (a younger count was there); ``repeats_order`` (a
    receipt for goods that the hub hands off itself); ``duplicate`` (recorded before); or
    ``refused`` for the reason ``code``: then nothing of it is recorded.
    """

    event_id: str
    status: str
    code: str = ""
    detail: str = ""


@transaction.atomic
def record_stock_events(
    *, source: str, events: Sequence[StockEvent], sent_at: datetime | None = None
) -> list[Outcome]:
    """Put what happened into the ledger and the stock it changes; the outcomes in order.

    An event id that ``source`` has used before is a duplicate when it tells the same, and
    refused when it tells something else. Moments are put right by what is known of the source's
    clock, exactly with ``sent_at``, what it showed when this was sent (see
    ``inventory.services.clocks``); those that are then still up to five minutes ahead count as
    now. Raises ClockOff.
    """
    now = clock.now()
    ahead = ahead_by_store(source=source, moments=_moments(events), sent_at=sent_at)
    outcomes: dict[int, Outcome] = {}
    sound: list[tuple[int, StockEvent]] = []
    for place, told in enumerate(events):
        moment = corrected(told.occurred_at, ahead[told.store_id])
        event = replace(told, occurred_at=moment)
        if refusal := refusal_of(event, latest=now + CLOCK_TOLERANCE):
            outcomes[place] = _refused(event, refusal)
        else:
            sound.append((place, replace(event, occurred_at=min(moment, now))))
    sound.sort(key=lambda row: (row[1].store_id, row[1].item_id))
    _make_ready([event for _, event in sound])
    for store_id, rows in groupby(sound, key=lambda row: row[1].store_id):
        some = list(rows)
        batch = _Batch.of(source, store_id, [event for _, event in some], ahead[store_id])
        outcomes |= zip((place for place, _ in some), batch.apply(), strict=True)
    return [outcomes[place] for place in range(len(events))]


def _make_ready(events: Sequence[StockEvent]) -> None:
    """Keep counts out and have every level at hand, before any is locked: making one waits for
    whoever is stopping sales, and they for the locks of levels."""
    for store_id in sorted({event.store_id for event in events}):
        change_beside_others(store_id)
    pairs = sorted({(event.store_id, event.item_id) for event in events})
    stores, items = [store for store, _ in pairs], [item for _, item in pairs]
    make_level_pairs(stores=stores, items=items)


def _moments(events: Iterable[StockEvent]) -> dict[int, list[datetime]]:
    told: dict[int, list[datetime]] = defaultdict(list)
    for event in events:
        told[event.store_id].append(event.occurred_at)
    return told


def _refused(event: StockEvent, refusal: Refusal) -> Outcome:
    return Outcome(
        event_id=event.event_id, status="refused", code=refusal.code, detail=refusal.detail
    )


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Events of one source in one store, with everything they touch read under its locks."""

    source: str
    store_id: int
    events: Sequence[StockEvent]
    shelves: Mapping[int, Shelf]
    known: dict[str, tuple[int, int, str, int]]
    ours: frozenset[tuple[str, int]]
    ahead_ms: int

    @classmethod
    def of(cls, source: str, store_id: int, events: Sequence[StockEvent], ahead_ms: int) -> _Batch:
        items = sorted({event.item_id for event in events})
        lock_levels(store_id=store_id, item_ids=items)
        return cls(
            source=source,
            store_id=store_id,
            events=events,
            shelves=_shelves(store_id, items),
            known=_known(source, events),
            ours=_sold_by_the_hub(store_id, events),
            ahead_ms=ahead_ms,
        )

    def apply(self) -> list[Outcome]:
        """Change the shelves, write the ledger; one outcome per event."""
        rows: list[InventoryEvent] = []
        outcomes = [self._one(event, rows) for event in self.events]
        InventoryEvent.objects.bulk_create(rows)
        arrive(store_id=self.store_id, arrivals=_arrivals(rows))
        if touched := {row.item_id for row in rows if not row.superseded or row.state}:
            self._put_back([self.shelves[item] for item in sorted(touched)])
        return outcomes

    def _one(self, event: StockEvent, rows: list[InventoryEvent]) -> Outcome:
        shelf = self.shelves[event.item_id]
        if before := self.known.get(event.event_id):
            return _told_again(event, before)
        if shelf.overflows(event):
            return _refused(event, Refusal("beyond_reason", "no shelf holds that many units"))
        self.known[event.event_id] = _content(event)
        status = self._status(event, shelf)
        rows.append(self._row(event, shelf, holds=status == "applied"))
        return Outcome(event_id=event.event_id, status=status)

    def _status(self, event: StockEvent, shelf: Shelf) -> str:
        if event.kind == EventKind.SALE and (event.reference, event.item_id) in self.ours:
            return "repeats_order"
        return "applied" if event.kind == EventKind.MOVE or shelf.holds(event) else "superseded"

    def _row(self, event: StockEvent, shelf: Shelf, *, holds: bool) -> InventoryEvent:
        """The ledger's line. A count replaces what is on hand, never why units are unavailable."""
        set_aside = event.unavailable_units
        return InventoryEvent(
            source=self.source,
            source_event_id=event.event_id,
            store_id=self.store_id,
            item_id=event.item_id,
            kind=event.kind,
            quantity=event.ledger_quantity,
            on_hand_change=shelf.come(event.on_hand_units) if holds else 0,
            unavailable_change=shelf.set_aside(event.state, set_aside) if set_aside else 0,
            state=event.state,
            superseded=not holds,
            reason=event.reason,
            reference=event.reference,
            occurred_at=event.occurred_at,
            ahead_ms=self.ahead_ms,
        )

    def _put_back(self, shelves: Sequence[Shelf]) -> None:
        UnavailableUnits.objects.bulk_create(
            _units(self.store_id, shelves),
            update_conflicts=True,
            unique_fields=["store", "item", "state"],
            update_fields=["units"],
        )
        values: dict[str, Any] = {
            "levels": [shelf.level_id for shelf in shelves],
            "on_hand": [shelf.on_hand for shelf in shelves],
            "deficit": [shelf.deficit for shelf in shelves],
            "unavailable": [shelf.unavailable for shelf in shelves],
            "now": clock.now(),
        }
        with connection.cursor() as cursor:
            cursor.execute(_PUT_BACK, values)
            opened = [case_id for (case_id,) in cursor]
        announce(opened)


def _arrivals(rows: Iterable[InventoryEvent]) -> Counter[tuple[str, int]]:
    """What came with a delivery, by its reference and item; also what a younger count knew of."""
    came: Counter[tuple[str, int]] = Counter()
    for row in rows:
        received = row.kind == EventKind.ADJUSTMENT and row.reason == "received"
        if row.reference and row.quantity > 0 and (received or row.kind == EventKind.TRANSFER):
            came[row.reference, row.item_id] += row.quantity
    return came


def _units(store_id: int, shelves: Iterable[Shelf]) -> Iterator[UnavailableUnits]:
    for shelf in shelves:
        for state, units in sorted(shelf.states.items()):
            yield UnavailableUnits(
                store_id=store_id, item_id=shelf.item_id, state=state, units=units
            )


def _shelves(store_id: int, items: Sequence[int]) -> dict[int, Shelf]:
    states: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = UnavailableUnits.objects.filter(store=store_id, item__in=items)
    for item, state, units in rows.values_list("item_id", "state", "units"):
        states[item][state] = units
    with connection.cursor() as cursor:
        cursor.execute(_SHELVES, [store_id, list(items)])
        return {
            item: Shelf(
                level_id=level_id,
                item_id=item,
                on_hand=on_hand,
                deficit=deficit,
                counted_at=counted_at,
                states=states[item],
            )
            for level_id, item, on_hand, deficit, counted_at in cursor
        }


def _known(source: str, events: Sequence[StockEvent]) -> dict[str, tuple[int, int, str, int]]:
    """What the source has told before under these event ids."""
    rows = InventoryEvent.objects.filter(
        source=source, source_event_id__in=[event.event_id for event in events]
    )
    return {
        row.source_event_id: (row.store_id, row.item_id, row.kind, row.quantity) for row in rows
    }


def _content(event: StockEvent) -> tuple[int, int, str, int]:
    return event.store_id, event.item_id, event.kind, event.ledger_quantity


def _told_again(event: StockEvent, before: tuple[int, int, str, int]) -> Outcome:
    if _content(event) == before:
        return Outcome(event_id=event.event_id, status="duplicate")
    return _refused(event, Refusal("event_conflict", "this event id told something else before"))


def _sold_by_the_hub(store_id: int, events: Sequence[StockEvent]) -> frozenset[tuple[str, int]]:
    """The (reference, item) pairs of receipts that name an order of the hub: its own hand-off
    takes these units, and before it they are allocated."""
    named = {event.reference for event in events if event.kind == EventKind.SALE} - {""}
    if not named:
        return frozenset()
    rows = Allocation.objects.filter(store=store_id, reference__in=named)
    return frozenset(rows.values_list("reference", "item_id"))
