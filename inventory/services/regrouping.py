"""Allocations that change while goods are in a picker's hands: they grow, or are split up.

Rows are taken as in ``inventory.services.allocations``: allocation first, then the stock level.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from hub import clock
from inventory.errors import NotThatMany, OverRelease
from inventory.lines import ordered
from inventory.models import Allocation, StockLevel
from inventory.services.bundles import unpacked

SOURCE = "hub"

_GROW = """
WITH owned AS MATERIALIZED (
    SELECT allocation.id, allocation.store_id FROM inventory_allocation allocation
    WHERE allocation.reference = %(reference)s AND allocation.item_id = %(item)s
    FOR NO KEY UPDATE OF allocation
), level AS (
    UPDATE inventory_stocklevel level SET allocated = level.allocated + %(units)s
    FROM owned
    WHERE level.store_id = owned.store_id AND level.item_id = %(item)s
      AND level.on_hand - level.unavailable - level.allocated - level.held >= %(units)s
    RETURNING owned.id
), grown AS (
    UPDATE inventory_allocation allocation SET quantity = allocation.quantity + %(units)s
    FROM level WHERE allocation.id = level.id
    RETURNING allocation.store_id, allocation.quantity
)
INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind,
    quantity, on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
SELECT %(source)s, 'allocation:' || %(reference)s || ':' || %(item)s || ':' || quantity,
    store_id, %(item)s, 'allocation', %(units)s, 0, %(units)s, false, '', %(reference)s, %(now)s
FROM grown
RETURNING id
"""

# The level is not written: what one reference gives up, the other has in the same commit.
_SPLIT = """
WITH wanted AS (
    SELECT * FROM unnest(%(items)s::bigint[], %(quantities)s::bigint[]) AS line (item_id, quantity)
), open AS MATERIALIZED (
    SELECT allocation.*, wanted.quantity AS moved
    FROM inventory_allocation allocation JOIN wanted USING (item_id)
    WHERE allocation.reference = %(reference)s
      AND allocation.quantity - allocation.released - allocation.handed_off >= wanted.quantity
    ORDER BY allocation.item_id
    FOR NO KEY UPDATE OF allocation
), spent AS (
    UPDATE inventory_allocation allocation SET released = allocation.released + open.moved
    FROM open
    WHERE allocation.id = open.id AND (SELECT count(*) FROM open) = cardinality(%(items)s::bigint[])
    RETURNING open.store_id, open.item_id, open.moved, open.channel_id, open.promised_at,
        allocation.released + allocation.handed_off AS total
), booked AS (
    INSERT INTO inventory_allocation
        (reference, store_id, item_id, quantity, released, handed_off, channel_id, promised_at)
    SELECT %(target)s, store_id, item_id, moved, 0, 0, channel_id, promised_at FROM spent
), ledger AS (
    INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind,
        quantity, on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
    SELECT %(source)s, 'release:' || %(reference)s || ':' || item_id || ':' || total, store_id,
        item_id, 'release', -moved, 0, -moved, false, '', %(reference)s, %(now)s FROM spent
    UNION ALL
    SELECT %(source)s, 'allocation:' || %(target)s || ':' || item_id, store_id,
        item_id, 'allocation', moved, 0, moved, false, '', %(target)s, %(now)s FROM spent
)
SELECT item_id FROM spent
"""


@transaction.atomic
def allocate_more(*, reference: str, item_id: int, units: int) -> None:
    """Set further units aside for an order that has some of the item, as they lie in its basket.

    What the store keeps from sites (safety stock, buffers) may be taken: the goods are there.
    Raises NotThatMany when so many are not free, and changes nothing then.
    """
    for item, quantity in sorted(unpacked({item_id: units}).items()):
        values: dict[str, Any] = {"reference": reference, "item": item, "units": quantity}
        with connection.cursor() as cursor:
            cursor.execute(_GROW, {**values, "source": SOURCE, "now": clock.now()})
            grown = cursor.fetchone()
        if grown is None:
            raise NotThatMany(f"{quantity} more are not free to be sold", on_hand=_free(values))


@transaction.atomic
def split_allocation(*, reference: str, target: str, lines: Mapping[int, int]) -> None:
    """Let the units in ``lines`` (item id → units) belong to ``target``, which has none yet.

    Nothing comes free meanwhile. Raises OverRelease when the order has fewer; nothing changes then.
    """
    items, quantities = ordered(unpacked(lines))
    values: dict[str, Any] = {"reference": reference, "target": target, "source": SOURCE}
    values |= {"items": items, "quantities": quantities, "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute(_SPLIT, values)
        moved = cursor.fetchall()
    if len(moved) < len(items):
        raise OverRelease(f"{reference} does not have that many units")


def _free(values: Mapping[str, Any]) -> int:
    """What could be taken now, for the refusal's words."""
    owners = Allocation.objects.filter(reference=values["reference"], item=values["item"])
    levels = StockLevel.objects.filter(store__in=owners.values("store"), item=values["item"])
    frees = [row.on_hand - row.unavailable - row.allocated - row.held for row in levels]
    return max(0, *frees, 0)
