"""The store's work on its part of an order: accept, pick, set ready."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from hub import clock
from hub.events.catalog import (
    FulfillmentAccepted,
    FulfillmentPicked,
    PickingStarted,
    ReadyForPickup,
)
from hub.events.outbox import publish
from inventory.services.allocations import release
from inventory.services.regrouping import allocate_more
from inventory.services.stops import stop_after_short_pick
from orders.actions import is_first, lock_parts
from orders.models import (
    Bag,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PickupCode,
)
from orders.picking.amounts import settle_amount
from orders.picking.errors import StagingIncomplete
from orders.picking.working import SHORTAGE, WEIGHT, check_counts, is_open, left
from orders.states import move
from orders.text import clean
from orders.waiting import pickup_deadline

LOCATION_CHARACTERS = 40
MANY = LOCATION_CHARACTERS - 4  # leaves room for how many more places there are
MOST_BAGS = 99
PIN_DIGITS = 6


@transaction.atomic
def accept(*, fulfillment: FulfillmentOrder, token: str = "", version: int | None = None) -> None:
    """The store takes the work on: the fulfillment order is ACCEPTED. Raises as ``move``."""
    if is_first(fulfillment=fulfillment, action="accept", token=token):
        now = clock.now()
        move(fulfillment, to=FulfillmentStatus.ACCEPTED, version=version, accepted_at=now)
        publish(FulfillmentAccepted(**_ids(fulfillment)))


@transaction.atomic
def start_picking(
    *, fulfillment: FulfillmentOrder, token: str = "", version: int | None = None
) -> None:
    """Somebody walks the aisles: the fulfillment order is PICKING. Raises as ``move``."""
    if is_first(fulfillment=fulfillment, action="start", token=token):
        move(fulfillment, to=FulfillmentStatus.PICKING, version=version)
        publish(PickingStarted(**_ids(fulfillment)))


@transaction.atomic
def finish_picking(
    *,
    fulfillment: FulfillmentOrder,
    picked: Mapping[int, int],
    token: str = "",
    version: int | None = None,
) -> None:
    """Record the units found for every line (its key → units); the order is then PICKED.

    The counts are final, whatever was scanned before. Units that were not found are counted
    short, their stock is no longer set aside, and the store sells no more of the item until
    somebody counts it. Goods by weight may miss what was asked for by a tenth: what is beyond it
    is set aside too, what lacks is no reason to stop selling. Raises PickMismatch when a line is
    missing, foreign, or has more units than asked for, NothingPicked when there is nothing to
    hand over, and NotThatMany when there is no stock for the grams beyond.
    """
    if not is_first(fulfillment=fulfillment, action="picked", token=token):
        return
    lock_parts(fulfillment.order_id)
    lines = list(fulfillment.lines.select_related("item", "order_line"))
    check_counts(lines, dict(picked))
    close_pick(fulfillment=fulfillment, lines=lines, picked=picked, version=version)


def close_pick(
    *,
    fulfillment: FulfillmentOrder,
    lines: list[FulfillmentLine],
    picked: Mapping[int, int],
    version: int | None = None,
) -> None:
    """Make a part PICKED with these counts, which fit its lines; its stock follows them.

    Part of a transaction that has locked the order's parts. Raises as ``move``.
    """
    move(fulfillment, to=FulfillmentStatus.PICKED, version=version, picked_at=clock.now())
    changes: Counter[int] = Counter()
    stopped = set()
    for line in lines:
        change = _close_line(line, picked[line.pk])
        changes[line.item_id] += change
        if change < 0 and line.short_reason == SHORTAGE:
            stopped.add(line.item_id)
    changed = ["allocated", "picked", "short", "short_reason"]
    FulfillmentLine.objects.bulk_update(lines, changed, batch_size=500)
    if stopped:
        stop_after_short_pick(store_id=fulfillment.store_id, item_ids=stopped)
    _settle_stock(fulfillment, changes)
    publish(FulfillmentPicked(**_ids(fulfillment)))


@transaction.atomic
def mark_ready(
    *,
    fulfillment: FulfillmentOrder,
    staging_location: str = "",
    bags: int = 0,
    token: str = "",
    version: int | None = None,
) -> None:
    """Put the bagged order on its shelf: READY, with a fresh PIN and a date until which it waits,
    counted from today or from the day on which its customer means to come.

    Where bags were made for it, they say where it stands and how many they are; each of them has
    to be in its place. Otherwise ``staging_location`` and ``bags`` do. Raises StagingIncomplete
    when that is not so, or without a place or with no or too many bags.
    """
    if not is_first(fulfillment=fulfillment, action="ready", token=token):
        return
    lock_parts(fulfillment.order_id)
    place, count = _staged(fulfillment) or _said(staging_location, bags)
    now = clock.now()
    fresh = fulfillment.lines.filter(picked__gt=0, item__fresh=True).exists()
    move(
        fulfillment,
        to=FulfillmentStatus.READY,
        version=version,
        ready_at=now,
        expires_at=pickup_deadline(fulfillment.store, _comes_at(fulfillment, now), fresh=fresh),
        staging_location=place,
        bags=count,
    )
    PickupCode.objects.create(fulfillment=fulfillment, pin=_fresh_pin())
    publish(ReadyForPickup(**_ids(fulfillment)))
    settle_amount(fulfillment=fulfillment)


def _comes_at(fulfillment: FulfillmentOrder, now: datetime) -> datetime:
    fulfillment.refresh_from_db(fields=["window_start"])
    return max(now, fulfillment.window_start or now)


def place_of(bags: Iterable[Bag]) -> str:
    """Where these bags stand, in at most forty characters: ``A1, COOLER 2``."""
    codes = sorted({bag.location.code for bag in bags if bag.location})
    words = ", ".join(codes)
    if len(words) <= LOCATION_CHARACTERS:
        return words
    kept = [code for place, code in enumerate(codes) if len(", ".join(codes[: place + 1])) <= MANY]
    return f"{', '.join(kept)} +{len(codes) - len(kept)}"


def _staged(fulfillment: FulfillmentOrder) -> tuple[str, int] | None:
    rows = list(fulfillment.bag_rows.select_related("location"))
    if lacking := [row.number for row in rows if row.location is None]:
        numbers = ", ".join(map(str, lacking))
        raise StagingIncomplete(f"not in their place yet: bag {numbers}", bags=lacking)
    return (place_of(rows), len(rows)) if rows else None


def _said(staging_location: str, bags: int) -> tuple[str, int]:
    place = clean(staging_location, limit=LOCATION_CHARACTERS, what="the staging location")
    if not place or not 1 <= bags <= MOST_BAGS:
        raise StagingIncomplete
    return place, bags


def _close_line(line: FulfillmentLine, picked: int) -> int:
    """Give the line its final count; by how many units its stock changes (below zero: freed)."""
    line.picked = picked
    change = -left(line)
    slight = not is_open(line)
    if change > 0:
        line.allocated += change
    elif change < 0:
        line.short -= change
        line.short_reason = WEIGHT if slight else SHORTAGE
    return change


def _settle_stock(fulfillment: FulfillmentOrder, changes: Mapping[int, int]) -> None:
    """Item by item in the order in which stock is locked everywhere; at once where that can be."""
    reference = fulfillment.public_id
    if max(changes.values(), default=0) <= 0:
        if freed := {item: -units for item, units in changes.items() if units}:
            release(reference=reference, lines=freed)
        return
    for item, units in sorted(changes.items()):
        if units > 0:
            allocate_more(reference=reference, item_id=item, units=units)
        elif units < 0:
            release(reference=reference, lines={item: -units})


def _fresh_pin() -> str:
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"


def _ids(fulfillment: FulfillmentOrder) -> dict[str, Any]:
    return {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
