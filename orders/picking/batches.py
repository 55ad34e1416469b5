"""Several orders on one way through the store, their lines in the order of the shelves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction

from hub import clock
from hub.stores.models import Store
from inventory.models import Item, ShelfPlace
from orders.actions import is_first, lock_parts
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus, PickBatch, ZonePick
from orders.picking.claims import claim, prolong, raise_version, walk_place
from orders.picking.errors import BadBatch, BatchOver
from orders.picking.scanning import Took, scan_among, scanned_before
from orders.picking.working import is_later, is_open, left
from orders.reports import TO_PICK

MOST_ORDERS = 20
LAST = 2**31


@dataclass(frozen=True)
class Share:
    """How many units of an item one order of a batch still wants, and into which tote they go."""

    line: FulfillmentLine
    wanted: int
    tote: str


@dataclass
class Stop:
    """One stop on the way: an item, where it stands, and who wants how many of it."""

    item: Item
    location: str
    sequence: int
    shares: list[Share] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        """Units to be taken here, for all orders."""
        return sum(share.wanted for share in self.shares)


@transaction.atomic
def open_batch(
    *,
    store: Store,
    fulfillments: Collection[FulfillmentOrder],
    by: User,
    sorting: str = PickBatch.Sorting.WHILE,
    zone: str = "",
    token: str = "",
) -> PickBatch:
    """Let ``by`` pick these orders together: all their zones, or one of them.

    Each gets the tote T1, T2, … by its promise. Raises BadBatch (none, too many, of other stores,
    past the pick), ClaimedElsewhere when somebody has one of them, NothingToClaim when one has no
    goods of the zone; nothing is changed then. The same token again gives the same batch.
    """
    parts = sorted(fulfillments, key=lambda part: part.pk)
    _check(store, parts, sorting)
    if not is_first(fulfillment=parts[0], action="batch", token=token):
        return _batch_of(parts[0], by)
    for order_id in sorted({part.order_id for part in parts}):
        lock_parts(order_id)
    batch = PickBatch.objects.create(store=store, picker=by, sorting=sorting)
    totes = {part.pk: f"T{place}" for place, part in enumerate(by_promise(parts), start=1)}
    zones = [zone] if zone else []
    for part in parts:
        claim(fulfillment=part, by=by, zones=zones, batch=batch, tote=totes[part.pk])
    return batch


@transaction.atomic
def scan_batch(
    *, batch: PickBatch, code: str, by: User, grams: int | None = None, token: str = ""
) -> Took:
    """Count what was scanned onto the order of the batch that is promised first and wants it.

    The answer says into which tote it goes. Raises BatchOver, and as ``scan_among``.
    """
    if before := scanned_before(code=code, token=token):
        return before
    parts = parts_of(batch)
    if batch.closed_at or not parts:
        raise BatchOver
    took = scan_among(fulfillments=parts, code=code, by=by, grams=grams, token=token)
    prolong(batch.zone_picks.filter(fulfillment__in=parts), by)
    return took


@transaction.atomic
def close_batch(*, batch: PickBatch) -> PickBatch:
    """End the batch: its claims are free again, what was picked stays picked. Repeatable."""
    rows = PickBatch.objects.filter(pk=batch.pk, closed_at__isnull=True)
    parts = parts_of(batch)
    for order_id in sorted({part.order_id for part in parts}):
        lock_parts(order_id)
    if rows.update(closed_at=clock.now()):
        batch.zone_picks.update(picker=None, claimed_until=None, batch=None)
        raise_version(*parts)
    batch.refresh_from_db()
    return batch


def parts_of(batch: PickBatch) -> list[FulfillmentOrder]:
    """The parts that are picked in the batch now, the earliest promise first."""
    rows = FulfillmentOrder.objects.filter(
        zone_picks__batch=batch, status=FulfillmentStatus.PICKING
    ).select_related("order", "store")
    return by_promise(rows.distinct())


def walk(batch: PickBatch) -> list[Stop]:
    """What is left to pick in the batch, in the order of zones and shelves, in five queries."""
    parts = parts_of(batch)
    claims = {(row.fulfillment_id, row.zone): row.tote for row in batch.zone_picks.all()}
    lines = _lines(parts)
    return stops_of((line, claims.get((line.fulfillment_id, line.item.zone))) for line in lines)


def stops_of(lines: Iterable[tuple[FulfillmentLine, str | None]]) -> list[Stop]:
    """The stops for open lines, each with the tote it goes into; without one, it is not picked."""
    wanted = [(line, tote) for line, tote in lines if tote is not None and _to_do(line)]
    places = _places({line.fulfillment.store_id for line, _ in wanted}, [one for one, _ in wanted])
    stops: dict[int, Stop] = {}
    for line, tote in wanted:
        location, sequence = places.get(line.item_id, ("", LAST))
        stop = stops.setdefault(line.item_id, Stop(line.item, location, sequence))
        stop.shares.append(Share(line, left(line), tote))
    return sorted(stops.values(), key=_on_the_way)


def by_promise(parts: Iterable[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """The earliest promise first."""
    return sorted(parts, key=lambda part: (part.promised_at, part.pk))


def _on_the_way(stop: Stop) -> tuple[int, int, str, str]:
    return (walk_place(stop.item.zone), stop.sequence, stop.location, stop.item.sku)


def _to_do(line: FulfillmentLine) -> bool:
    return is_open(line) and not is_later(line)


def _lines(parts: Collection[FulfillmentOrder]) -> list[FulfillmentLine]:
    places = {part.pk: place for place, part in enumerate(parts)}
    rows = FulfillmentLine.objects.filter(fulfillment__in=places).select_related(
        "item", "fulfillment__order", "order_line"
    )
    return sorted(rows, key=lambda line: (places[line.fulfillment_id], line.order_line.number))


def _places(
    store_ids: Collection[int], lines: Iterable[FulfillmentLine]
) -> dict[int, tuple[str, int]]:
    items = {line.item_id for line in lines}
    rows = ShelfPlace.objects.filter(store__in=store_ids, item__in=items)
    return {row.item_id: (row.location, row.sequence) for row in rows}


def _check(store: Store, parts: Collection[FulfillmentOrder], sorting: str) -> None:
    if not 1 <= len(parts) <= MOST_ORDERS or len({part.pk for part in parts}) < len(parts):
        raise BadBatch(f"choose 1 to {MOST_ORDERS} different orders")
    if any(part.store_id != store.pk for part in parts):
        raise BadBatch("a batch is of one store")
    if any(part.status not in TO_PICK or part.picked_at for part in parts):
        raise BadBatch("one of them has been picked already")
    if sorting not in PickBatch.Sorting.values:
        raise BadBatch(f"sort {' or '.join(PickBatch.Sorting.values)} the pick")


def _batch_of(part: FulfillmentOrder, by: User) -> PickBatch:
    """The batch that the first of two equal taps opened."""
    rows = ZonePick.objects.filter(fulfillment=part, batch__picker=by).select_related("batch")
    row = rows.order_by("-batch_id").first()
    if row is None or row.batch is None:
        raise BatchOver
    return row.batch
