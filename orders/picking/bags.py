"""Bags and totes: made when the goods are packed, put in their place by two scans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from hub import clock
from hub.stores.models import Store
from orders.actions import is_first, lock_parts
from orders.errors import Blocked
from orders.models import (
    Bag,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    StagingLocation,
    ZonePick,
)
from orders.picking.claims import WALK, raise_version
from orders.picking.errors import (
    BagsMismatch,
    NotStageable,
    UnknownBag,
    UnknownPlace,
    WrongZone,
)
from orders.picking.services import MOST_BAGS, mark_ready, place_of
from orders.picking.working import is_open

PACKED_IN = frozenset({FulfillmentStatus.PICKING, FulfillmentStatus.PICKED})
STAGED_IN = PACKED_IN | {FulfillmentStatus.READY}
CODE_CHARACTERS = 40


@dataclass(frozen=True)
class Staged:
    """What putting a bag away led to: ``missing`` bags of its part have no place yet.

    ``ready`` when the part is; ``waits_for`` why it is not, though every bag is in its place.
    """

    bag: Bag
    missing: int
    ready: bool
    waits_for: str = ""


@transaction.atomic
def pack(*, fulfillment: FulfillmentOrder, bags: Mapping[str, int], token: str = "") -> list[Bag]:
    """Let the part have so many bags of each zone, each with a barcode of its own; all of them.

    Numbers run from 1 through ambient, chilled and frozen; once a bag is in its place the others
    keep theirs and only more can come. Raises BagsMismatch unless every zone with picked goods
    has a bag and no other, and NotStageable.
    """
    if not is_first(fulfillment=fulfillment, action="pack", token=token):
        return _bags_of(fulfillment)
    lock_parts(fulfillment.order_id)
    fulfillment.refresh_from_db(fields=["status", "version"])
    if fulfillment.status not in PACKED_IN:
        raise NotStageable(f"it is {fulfillment.status}", present_status=fulfillment.status)
    wanted = {zone: count for zone, count in bags.items() if count}
    known = _bags_of(fulfillment)
    _check_bags(fulfillment, wanted, known)
    if any(bag.location_id for bag in known):
        _add_bags(fulfillment, wanted, known)
    elif Counter(bag.zone for bag in known) != Counter(wanted):
        fulfillment.bag_rows.all().delete()
        _add_bags(fulfillment, wanted, [])
    raise_version(fulfillment)
    return _bags_of(fulfillment)


@transaction.atomic
def stage(*, store: Store, barcode: str, place: str, token: str = "") -> Staged:
    """Put a bag in its place, or move it to another one; ``place`` is the location's code.

    With the last bag of a PICKED part the part becomes READY, unless a block is open: then
    ``waits_for`` names it. Raises UnknownBag, UnknownPlace, WrongZone (frozen goods belong in a
    freezer, chilled ones in a cooler) and NotStageable; nothing is changed then.
    """
    bag = find_bag(store=store, barcode=barcode)
    part = bag.fulfillment
    location = _location(store, place)
    if not is_first(fulfillment=part, action="stage", token=token):
        return _outcome(bag)
    lock_parts(part.order_id)
    part.refresh_from_db(fields=["status", "version"])
    if part.status not in STAGED_IN:
        raise NotStageable(f"its order is {part.status}", present_status=part.status)
    if bag.zone != location.zone:
        raise WrongZone(f"{location.code} is {location.zone}, the bag is {bag.zone}")
    Bag.objects.filter(pk=bag.pk).update(location=location, staged_at=clock.now())
    bag.refresh_from_db()
    _note_cold(part, bag.zone)
    if part.status == FulfillmentStatus.READY:
        FulfillmentOrder.objects.filter(pk=part.pk).update(
            staging_location=place_of(_bags_of(part))
        )
    raise_version(part)
    return _outcome(bag) if part.status != FulfillmentStatus.PICKED else _ready(bag)


def find_bag(*, store: Store, barcode: str) -> Bag:
    """The bag of this store with that barcode, however it was typed; raises UnknownBag."""
    text = barcode.strip().upper()[:CODE_CHARACTERS].replace("\0", "")
    rows = Bag.objects.filter(fulfillment__store=store, barcode=text)
    bag = rows.select_related("fulfillment__order", "fulfillment__store", "location").first()
    if bag is None:
        raise UnknownBag(f"no bag of this store has the barcode {text}")
    return bag


def _location(store: Store, place: str) -> StagingLocation:
    text = place.strip()[:CODE_CHARACTERS].replace("\0", "")
    rows = StagingLocation.objects.filter(store=store, code__iexact=text, active=True)
    location = rows.order_by("pk").first()
    if location is None:
        raise UnknownPlace(f"this store has no place {text}")
    return location


def _check_bags(fulfillment: FulfillmentOrder, wanted: Mapping[str, int], known: list[Bag]) -> None:
    goods = set(
        FulfillmentLine.objects.filter(fulfillment=fulfillment, picked__gt=0)
        .order_by()
        .values_list("item__zone", flat=True)
        .distinct()
    )
    if not goods or goods != set(wanted):
        zones = ", ".join(zone for zone in WALK if zone in goods) or "none yet"
        raise BagsMismatch(f"goods are {zones}: each of these needs a bag, the others none")
    if min(wanted.values()) < 1 or sum(wanted.values()) > MOST_BAGS:
        raise BagsMismatch(f"an order has 1 to {MOST_BAGS} bags")
    before = Counter(bag.zone for bag in known)
    if any(bag.location_id for bag in known) and any(
        wanted.get(zone, 0) < count for zone, count in before.items()
    ):
        raise BagsMismatch("some bags are in their place already: only more can come")


def _add_bags(fulfillment: FulfillmentOrder, wanted: Mapping[str, int], known: list[Bag]) -> None:
    before = Counter(bag.zone for bag in known)
    zones = [zone for zone in WALK for _ in range(wanted.get(zone, 0) - before[zone])]
    Bag.objects.bulk_create(
        Bag(fulfillment=fulfillment, number=number, zone=zone)
        for number, zone in enumerate(zones, start=len(known) + 1)
    )


def _bags_of(fulfillment: FulfillmentOrder) -> list[Bag]:
    return list(fulfillment.bag_rows.select_related("location").order_by("number"))


def _note_cold(part: FulfillmentOrder, zone: str) -> None:
    """The goods of a zone are in the cold again when its last bag is, and nothing is missing."""
    lines = FulfillmentLine.objects.filter(fulfillment=part, item__zone=zone)
    working = part.status == FulfillmentStatus.PICKING and any(
        is_open(line) for line in lines.select_related("item")
    )
    outside = part.bag_rows.filter(zone=zone, location__isnull=True).exists()
    if not working and not outside:
        rows = ZonePick.objects.filter(fulfillment=part, zone=zone, in_since__isnull=True)
        rows.update(in_since=clock.now())


def _ready(bag: Bag) -> Staged:
    part = bag.fulfillment
    if _missing(_bags_of(part)):
        return _outcome(bag)
    try:
        mark_ready(fulfillment=part)
    except Blocked as block:
        return _outcome(bag, waits_for=block.detail)
    return _outcome(bag)


def _outcome(bag: Bag, *, waits_for: str = "") -> Staged:
    part = bag.fulfillment
    ready = part.status == FulfillmentStatus.READY
    return Staged(bag, _missing(_bags_of(part)), ready, waits_for)


def _missing(bags: Iterable[Bag]) -> int:
    return sum(1 for bag in bags if bag.location_id is None)
