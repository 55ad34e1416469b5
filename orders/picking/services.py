"""The store's work on its part of an order: accept, pick, set ready."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
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
from inventory.services.stops import stop_after_short_pick
from orders.actions import is_first, lock_parts
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PickupCode,
)
from orders.picking.deadline import pickup_deadline
from orders.picking.errors import NothingPicked, PickMismatch, StagingIncomplete
from orders.states import move
from orders.text import clean

LOCATION_CHARACTERS = 40
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

    Units that were not found are counted short, their stock is no longer set aside, and the store
    sells no more of the item until somebody counts it. Raises PickMismatch when a line is
    missing, foreign, or has more units than asked for, and NothingPicked when there is nothing
    to hand over.
    """
    if not is_first(fulfillment=fulfillment, action="picked", token=token):
        return
    lock_parts(fulfillment.order_id)
    lines = list(fulfillment.lines.all())
    _check_counts(lines, picked)
    move(fulfillment, to=FulfillmentStatus.PICKED, version=version, picked_at=clock.now())
    missing: Counter[int] = Counter()
    for line in lines:
        line.picked = picked[line.pk]
        line.short = line.allocated - line.picked
        missing[line.item_id] += line.short
    FulfillmentLine.objects.bulk_update(lines, ["picked", "short"], batch_size=500)
    if shorts := {item: units for item, units in missing.items() if units}:
        stop_after_short_pick(store_id=fulfillment.store_id, item_ids=shorts)
        release(reference=fulfillment.public_id, lines=shorts)
    publish(FulfillmentPicked(**_ids(fulfillment)))


@transaction.atomic
def mark_ready(
    *,
    fulfillment: FulfillmentOrder,
    staging_location: str,
    bags: int,
    token: str = "",
    version: int | None = None,
) -> None:
    """Put the bagged order on its shelf: READY, with a fresh PIN and a date until which it waits.

    Raises StagingIncomplete without a place or with no or too many bags.
    """
    place = clean(staging_location, limit=LOCATION_CHARACTERS, what="the staging location")
    if not place or not 1 <= bags <= MOST_BAGS:
        raise StagingIncomplete
    if not is_first(fulfillment=fulfillment, action="ready", token=token):
        return
    now = clock.now()
    move(
        fulfillment,
        to=FulfillmentStatus.READY,
        version=version,
        ready_at=now,
        expires_at=pickup_deadline(fulfillment.store, now),
        staging_location=place,
        bags=bags,
    )
    PickupCode.objects.create(fulfillment=fulfillment, pin=_fresh_pin())
    publish(ReadyForPickup(**_ids(fulfillment)))


def _check_counts(lines: list[FulfillmentLine], picked: Mapping[int, int]) -> None:
    asked = {line.pk: line.allocated for line in lines}
    wrong = asked.keys() ^ picked.keys()
    wrong |= {key for key in asked.keys() & picked.keys() if not 0 <= picked[key] <= asked[key]}
    if wrong:
        raise PickMismatch(
            "give every line its count, between none and what was asked for", lines=sorted(wrong)
        )
    if not any(picked.values()):
        raise NothingPicked


def _fresh_pin() -> str:
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"


def _ids(fulfillment: FulfillmentOrder) -> dict[str, Any]:
    return {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
