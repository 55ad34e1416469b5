"""Auditing stock: does every balance follow from its ledger, and what would put it right?

What should be: on hand is the sum of the ledger; allocated is what open allocations still have;
held what active holds have; unavailable the sum of its states; stopped where a stop for all sales
channels holds. Where a level differs, something wrote to it past the services. Where the ledger
differs from what should be allocated or unavailable, it lacks a line, which a compensation adds:
the ledger itself is never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction

from hub import clock
from hub.ids import new_id
from inventory.models import EventKind, InventoryEvent, StockLevel
from inventory.services.levels import count_alone, lock_levels, make_levels

SOURCE = "audit"
SHOWN_EVENTS = 10

_DIFFERENCES = """
WITH ledger AS (
    SELECT item_id, sum(on_hand_change) AS on_hand, sum(allocated_change) AS allocated,
        sum(unavailable_change) AS unavailable
    FROM inventory_inventoryevent
    WHERE store_id = %(store)s AND (%(items)s::bigint[] IS NULL OR item_id = ANY(%(items)s))
    GROUP BY item_id
), ordered AS (
    SELECT item_id, sum(quantity - released - handed_off) AS units FROM inventory_allocation
    WHERE store_id = %(store)s AND quantity > released + handed_off
    GROUP BY item_id
), carted AS (
    SELECT line.item_id, sum(line.quantity) AS units
    FROM inventory_hold hold JOIN inventory_holdline line ON line.hold_id = hold.id
    WHERE hold.store_id = %(store)s AND hold.status = 'active'
    GROUP BY line.item_id
), aside AS (
    SELECT item_id, sum(greatest(0, units)) AS units FROM inventory_unavailableunits
    WHERE store_id = %(store)s
    GROUP BY item_id
), stop AS (
    SELECT DISTINCT item_id FROM inventory_salesstop
    WHERE channel_id IS NULL AND (store_id IS NULL OR store_id = %(store)s)
), level AS (
    SELECT * FROM inventory_stocklevel WHERE store_id = %(store)s
), entry AS (
    SELECT item.id, item.sku,
        coalesce(level.on_hand, 0) AS on_hand, coalesce(level.allocated, 0) AS allocated,
        coalesce(level.held, 0) AS held, coalesce(level.unavailable, 0) AS unavailable,
        coalesce(ledger.on_hand, 0) AS on_hand_due, coalesce(ordered.units, 0) AS allocated_due,
        coalesce(carted.units, 0) AS held_due, coalesce(aside.units, 0) AS unavailable_due,
        coalesce(ledger.allocated, 0) AS allocated_told,
        coalesce(ledger.unavailable, 0) AS unavailable_told,
        coalesce(level.stopped, false)::int AS stopped,
        (level.id IS NOT NULL AND stop.item_id IS NOT NULL)::int AS stopped_due
    FROM inventory_item item
    LEFT JOIN level ON level.item_id = item.id
    LEFT JOIN ledger ON ledger.item_id = item.id
    LEFT JOIN ordered ON ordered.item_id = item.id
    LEFT JOIN carted ON carted.item_id = item.id
    LEFT JOIN aside ON aside.item_id = item.id
    LEFT JOIN stop ON stop.item_id = item.id
    WHERE %(items)s::bigint[] IS NULL OR item.id = ANY(%(items)s)
)
SELECT * FROM entry
WHERE on_hand <> on_hand_due OR allocated <> allocated_due OR held <> held_due
   OR unavailable <> unavailable_due OR allocated_told <> allocated_due
   OR unavailable_told <> unavailable_due OR stopped <> stopped_due
ORDER BY sku
"""


class Difference(NamedTuple):
    """An item whose books disagree in one store: what its level says, what it should say
    (``…_due``), and what the ledger adds up to where that is a third thing (``…_told``).
    ``stopped`` is 1 for an item that is not sold there."""

    item_id: int
    sku: str
    on_hand: int
    allocated: int
    held: int
    unavailable: int
    on_hand_due: int
    allocated_due: int
    held_due: int
    unavailable_due: int
    allocated_told: int
    unavailable_told: int
    stopped: int
    stopped_due: int

    @property
    def level_changes(self) -> dict[str, int]:
        """By how many units each wrong balance of the level has to change."""
        due = {
            "on_hand": self.on_hand_due - self.on_hand,
            "allocated": self.allocated_due - self.allocated,
            "held": self.held_due - self.held,
            "unavailable": self.unavailable_due - self.unavailable,
            "stopped": self.stopped_due - self.stopped,
        }
        return {name: units for name, units in due.items() if units}

    @property
    def ledger_changes(self) -> dict[str, int]:
        """The units that the ledger's missing line has to tell."""
        due = {
            "allocated": self.allocated_due - self.allocated_told,
            "unavailable": self.unavailable_due - self.unavailable_told,
        }
        return {name: units for name, units in due.items() if units}

    def within(self, most_units: int) -> bool:
        """Whether it can be put right without moving more than so many units of anything."""
        changes = [*self.level_changes.values(), *self.ledger_changes.values()]
        return self.on_hand_due >= 0 and max(map(abs, changes)) <= most_units


@dataclass(frozen=True)
class Line:
    """A ledger line as the audit shows it."""

    event: InventoryEvent

    def __str__(self) -> str:
        event = self.event
        changes = {
            "on hand": event.on_hand_change,
            "allocated": event.allocated_change,
            "unavailable": event.unavailable_change,
        }
        told = ", ".join(f"{name} {units:+}" for name, units in changes.items() if units)
        words = [
            f"{event.occurred_at:%Y-%m-%d %H:%M:%S}",
            event.kind,
            str(event.quantity),
            f"({told or 'no change'})",
            f"{event.source}/{event.source_event_id}",
        ]
        return " ".join(words)


def differences(*, store_id: int, item_ids: Sequence[int] | None = None) -> list[Difference]:
    """Every item of the store whose books disagree, by SKU; ``item_ids`` None looks at all.

    It is one statement, so what others are doing meanwhile never looks like a difference.
    """
    values: dict[str, Any] = {
        "store": store_id,
        "items": None if item_ids is None else list(item_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, values)
        return [Difference(*row) for row in cursor]


def lines_behind(*, store_id: int, item_id: int) -> list[Line]:
    """The latest ledger lines of an item in a store, newest first."""
    rows = InventoryEvent.objects.filter(store=store_id, item=item_id).order_by("-id")
    return [Line(event) for event in rows[:SHOWN_EVENTS]]


@transaction.atomic
def compensate(*, store_id: int, item_id: int, most_units: int) -> bool:
    """Put one item's books right, if no balance moves by more than ``most_units``.

    Looks again under the level's lock, so that running it twice, or while others sell, changes
    nothing that is right. False when the difference is too large or there is none.
    """
    count_alone(store_id)
    make_levels(store_id=store_id, item_ids=[item_id])
    lock_levels(store_id=store_id, item_ids=[item_id])
    found = differences(store_id=store_id, item_ids=[item_id])
    if not found or not found[0].within(most_units):
        return False
    (difference,) = found
    StockLevel.objects.filter(store=store_id, item=item_id).update(
        on_hand=difference.on_hand_due,
        allocated=difference.allocated_due,
        held=difference.held_due,
        unavailable=difference.unavailable_due,
        stopped=bool(difference.stopped_due),
    )
    if missing := difference.ledger_changes:
        InventoryEvent.objects.create(
            source=SOURCE,
            source_event_id=new_id("aud"),
            store_id=store_id,
            item_id=item_id,
            kind=EventKind.ADJUSTMENT,
            quantity=0,
            allocated_change=missing.get("allocated", 0),
            unavailable_change=missing.get("unavailable", 0),
            reason="audit",
            occurred_at=clock.now(),
        )
    return True
