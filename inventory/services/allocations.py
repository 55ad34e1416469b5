"""Allocations: units that belong to a placed order until they leave the store or come back.

Rows are always taken in one order: hold or allocation first, then stock levels by item id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from psycopg.errors import UniqueViolation

from hub import clock
from hub.stores.models import SalesChannel, Store
from inventory.errors import (
    AlreadyAllocated,
    HoldExpired,
    HoldMismatch,
    ItemsRecalled,
    OverRelease,
)
from inventory.lines import ordered
from inventory.models import Allocation, Hold, SalesStop
from inventory.services.bundles import unpacked
from inventory.services.taking import TAKEN, Demand, Refused, take_all

SOURCE = "hub"

_LEDGER = """, ledger AS (
    INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind,
        quantity, on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
    SELECT %(source)s, 'allocation:' || reference || ':' || item_id, store_id, item_id,
        'allocation', quantity, 0, quantity, false, '', reference, %(now)s
    FROM booked
)
"""
_ALLOCATE = f"""{TAKEN}, moved AS (
    UPDATE inventory_stocklevel level SET allocated = level.allocated + taken.quantity
    FROM taken
    WHERE level.id = taken.id AND (SELECT count(*) FROM taken) = (SELECT count(*) FROM wanted)
    RETURNING level.store_id, level.item_id
), booked AS (
    INSERT INTO inventory_allocation
        (reference, store_id, item_id, quantity, released, handed_off, channel_id, promised_at)
    SELECT reference, store_id, item_id, units, 0, 0, %(channel)s, promised_at
    FROM json_to_recordset(%(parts)s) AS part (reference text, store_id bigint, item_id bigint,
        units int, promised_at timestamptz)
    JOIN moved USING (store_id, item_id)
    RETURNING reference, store_id, item_id, quantity
){_LEDGER} SELECT item_id FROM moved"""  # noqa: S608  made of constants

# What the hold set aside beyond the order goes back on sale.
_CONVERT = f"""
WITH wanted AS (
    SELECT line.item_id, line.quantity AS held, coalesce(wish.quantity, 0) AS quantity
    FROM inventory_holdline line
    LEFT JOIN unnest(%(items)s::bigint[], %(quantities)s::bigint[]) AS wish (item_id, quantity)
        ON wish.item_id = line.item_id
    WHERE line.hold_id = %(hold)s
), locked AS MATERIALIZED (
    SELECT level.id, wanted.*, level.stopped FROM inventory_stocklevel level
    JOIN wanted ON wanted.item_id = level.item_id
    WHERE level.store_id = %(store)s
    ORDER BY level.item_id
    FOR NO KEY UPDATE OF level
), changed AS (
    UPDATE inventory_stocklevel level
    SET held = level.held - locked.held, allocated = level.allocated + locked.quantity
    FROM locked WHERE level.id = locked.id
    RETURNING level.item_id, locked.quantity, locked.stopped
), booked AS (
    INSERT INTO inventory_allocation
        (reference, store_id, item_id, quantity, released, handed_off, channel_id, promised_at)
    SELECT %(reference)s, %(store)s, item_id, quantity, 0, 0, %(channel)s, %(promised_at)s
    FROM changed WHERE quantity > 0
    RETURNING reference, store_id, item_id, quantity
){_LEDGER} SELECT item_id FROM changed WHERE quantity > 0 AND stopped"""  # noqa: S608  made of constants

# ``spent`` are the units that leave the allocation; a NULL list of items means all that are open.
_SPENT = """
WITH wanted AS (
    SELECT * FROM unnest(%(items)s::bigint[], %(quantities)s::bigint[]) AS line (item_id, quantity)
), open AS MATERIALIZED (
    SELECT allocation.id, coalesce(
        wanted.quantity, allocation.quantity - allocation.released - allocation.handed_off
    ) AS quantity
    FROM inventory_allocation allocation
    LEFT JOIN wanted ON wanted.item_id = allocation.item_id
    WHERE allocation.reference = %(reference)s
      AND (%(items)s::bigint[] IS NULL OR wanted.item_id IS NOT NULL)
      AND allocation.quantity - allocation.released - allocation.handed_off
          >= coalesce(wanted.quantity, 1)
    ORDER BY allocation.item_id
    FOR NO KEY UPDATE OF allocation
), spent AS (
    UPDATE inventory_allocation allocation
    SET released = allocation.released + open.quantity * (1 - %(handed_off)s),
        handed_off = allocation.handed_off + open.quantity * %(handed_off)s
    FROM open
    WHERE allocation.id = open.id AND (%(items)s::bigint[] IS NULL
        OR (SELECT count(*) FROM open) = cardinality(%(items)s::bigint[]))
    RETURNING allocation.store_id, allocation.item_id, open.quantity,
        allocation.released + allocation.handed_off AS total
), level AS MATERIALIZED (
    SELECT level.id, level.store_id, level.item_id, level.on_hand, spent.quantity, spent.total,
        least(level.on_hand, spent.quantity * %(handed_off)s) AS leaving
    FROM inventory_stocklevel level
    JOIN spent ON spent.store_id = level.store_id AND spent.item_id = level.item_id
    ORDER BY level.item_id
    FOR NO KEY UPDATE OF level
), moved AS (
    UPDATE inventory_stocklevel target
    SET allocated = target.allocated - level.quantity, on_hand = target.on_hand - level.leaving,
        deficit = target.deficit + level.quantity * %(handed_off)s - level.leaving
    FROM level WHERE target.id = level.id
    RETURNING target.store_id, target.item_id, level.quantity, level.leaving, level.total,
        greatest(0, target.on_hand - target.unavailable) - target.allocated - target.held AS free
), ledger AS (
    INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind,
        quantity, on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
    SELECT %(source)s, %(kind)s || ':' || %(reference)s || ':' || item_id || ':' || total,
        store_id, item_id, %(kind)s, -quantity, -leaving, -quantity, false, '',
        %(reference)s, %(now)s
    FROM moved
), settled AS (
    UPDATE inventory_shortfallcase shortfall SET closed_at = %(now)s
    FROM moved
    WHERE shortfall.store_id = moved.store_id AND shortfall.item_id = moved.item_id
      AND shortfall.closed_at IS NULL AND moved.free >= 0
)
SELECT item_id, quantity FROM moved
"""


@dataclass(frozen=True)
class Wanted:
    """What one fulfillment order needs of one store; ``lines`` maps item ids to units.

    ``promised_at`` is when the customer expects them: who is served first when units are missing.
    """

    reference: str
    store_id: int
    lines: Mapping[int, int]
    promised_at: datetime | None = None


@transaction.atomic
def allocate(
    *,
    reference: str,
    channel: SalesChannel,
    store: Store,
    lines: Mapping[int, int],
    promised_at: datetime | None = None,
) -> None:
    """Set units aside for an order: ``lines`` maps item ids to units, all of them or none.

    Raises InsufficientStock naming every short line, AlreadyAllocated when the reference has
    units of one of the items.
    """
    wanted = Wanted(reference, store.pk, lines, promised_at)
    try:
        allocate_all(channel=channel, wanted=[wanted])
    except Refused as refused:
        raise refused.lacking[0] from None


def allocate_all(*, channel: SalesChannel, wanted: Sequence[Wanted]) -> None:
    """Set units aside for many orders in one statement, all of them or none.

    Call it inside the transaction that makes the orders. Raises Refused with an
    InsufficientStock, by place, for each that cannot be served beside those before it, and
    AlreadyAllocated when a reference has units of one of the items.
    """

    def values(needed: Sequence[Demand]) -> dict[str, Any]:
        parts = [
            {
                "reference": one.reference,
                "store_id": one.store_id,
                "item_id": item,
                "units": units,
                "promised_at": one.promised_at,
            }
            for one, demand in zip(wanted, needed, strict=True)
            for item, units in demand.lines.items()
        ]
        return {
            "parts": json.dumps(parts, default=datetime.isoformat),
            "channel": channel.pk,
            "source": SOURCE,
            "now": clock.now(),
        }

    demands = [Demand(one.store_id, one.lines) for one in wanted]
    with _once([one.reference for one in wanted]):
        take_all(_ALLOCATE, channel=channel, demands=demands, values=values)


@transaction.atomic
def convert_hold(
    *,
    hold: Hold,
    reference: str,
    lines: Mapping[int, int],
    promised_at: datetime | None = None,
) -> None:
    """Make the units of a hold those of an order; what the order leaves goes back on sale.

    Raises HoldExpired when the hold has lapsed, was released or used, HoldMismatch when the
    order wants an item or units that the hold does not have, and ItemsRecalled when it wants
    what has been called back since: such a hold lapses by itself.
    """
    needed = unpacked(lines)
    items, quantities = ordered(needed)
    held = dict(hold.lines.values_list("item_id", "quantity"))
    if any(held.get(item, 0) < quantity for item, quantity in needed.items()):
        raise HoldMismatch(f"{hold.public_id} does not hold these lines")
    _end_hold(hold)
    values: dict[str, Any] = {
        "hold": hold.pk,
        "store": hold.store_id,
        "channel": hold.channel_id,
        "promised_at": promised_at,
        "items": items,
        "quantities": quantities,
        "reference": reference,
        "source": SOURCE,
        "now": clock.now(),
    }
    with _once([reference]), connection.cursor() as cursor:
        cursor.execute(_CONVERT, values)
        stopped = [item for (item,) in cursor]
    if stopped:
        _refuse_recalled(store_id=hold.store_id, item_ids=stopped)


def _refuse_recalled(*, store_id: int, item_ids: list[int]) -> None:
    """Called with the levels locked: a recall that is still to commit finds the order."""
    anywhere = Q(store__isnull=True) | Q(store=store_id)
    stops = SalesStop.objects.filter(
        anywhere, item__in=item_ids, channel__isnull=True, reason=SalesStop.Reason.RECALLED
    )
    if skus := sorted(set(stops.values_list("item__sku", flat=True))):
        raise ItemsRecalled(f"recalled: {', '.join(skus)}", skus=skus)


@contextmanager
def _once(references: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            which = ", ".join(references)
            raise AlreadyAllocated(f"{which} has units of one of these items") from error
        raise


def _end_hold(hold: Hold) -> None:
    living = Hold.objects.filter(pk=hold.pk, status=Hold.Status.ACTIVE, expires_at__gt=clock.now())
    ended = living.update(status=Hold.Status.CONVERTED)
    hold.refresh_from_db()
    if not ended:
        raise HoldExpired(f"{hold.public_id} is over", hold_status=hold.status)


@transaction.atomic
def release(*, reference: str, lines: Mapping[int, int] | None = None) -> None:
    """Give units of an order back for sale: those in ``lines``, or all that it still has.

    Releasing all is repeatable. Raises OverRelease, and changes nothing, when a line asks for
    more than the order still has.
    """
    _spend(reference=reference, lines=lines, handed_off=False)


@transaction.atomic
def hand_off(*, reference: str, lines: Mapping[int, int]) -> None:
    """Record that units of an order left the store: on hand and allocated go down together.

    On hand stops at zero when the count had already fallen below. Raises OverRelease, and
    changes nothing, when a line has more units than the order still has.
    """
    _spend(reference=reference, lines=lines, handed_off=True)


def _spend(*, reference: str, lines: Mapping[int, int] | None, handed_off: bool) -> None:
    items, quantities = (None, None) if lines is None else ordered(unpacked(lines))
    values: dict[str, Any] = {
        "reference": reference,
        "items": items,
        "quantities": quantities,
        "handed_off": int(handed_off),
        "kind": "hand_off" if handed_off else "release",
        "source": SOURCE,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, values)
        moved = cursor.fetchall()
    if items is not None and len(moved) < len(items):
        raise OverRelease(f"{reference} does not have that many units", left=_left(reference))


def _left(reference: str) -> dict[str, int]:
    rows = Allocation.objects.filter(reference=reference).select_related("item")
    return {row.item.sku: row.quantity - row.released - row.handed_off for row in rows}
