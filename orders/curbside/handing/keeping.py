"""What is collected later becomes a ready part of its own, with its own PIN and deadline.

Why a second part: see ``orders.picking.splitting``. It has gone all the way already, so it is
brought to READY step by step in the transaction of the hand-off, each step with its fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F

from hub import clock
from hub.events.catalog import (
    FulfillmentAccepted,
    FulfillmentPicked,
    FulfillmentProposed,
    OfFulfillment,
    PartlyHandedOff,
    PickingStarted,
    ReadyForPickup,
)
from hub.events.models import Fact
from hub.events.outbox import publish
from inventory.services.regrouping import split_allocation
from orders.curbside.handing.outcomes import Share
from orders.curbside.pins import fresh_code
from orders.models import (
    Bag,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PickupCode,
    Settlement,
)
from orders.refunds import price_of
from orders.states import move
from orders.waiting import pickup_deadline

PLACE_CHARACTERS = 40


def keep_rest(
    part: FulfillmentOrder, shares: Sequence[Share], *, bags: int
) -> FulfillmentOrder | None:
    """Make what is collected later a READY part in the same place; None when there is nothing.

    Part of a transaction that has locked the order's parts. The units leave ``part`` with their
    stock, their bags (of a zone that stays wholly) and their share of the amount; without bags
    on record they stand in ``bags`` bags.
    """
    later = [share for share in shares if share.outcome.later]
    if not later:
        return None
    rest = FulfillmentOrder.objects.create(
        order_id=part.order_id,
        store=part.store,
        promised_at=part.promised_at,
        promised_first=part.promised_first,
    )
    units: Counter[int] = Counter()
    for share in sorted(later, key=lambda share: share.line.stands_for_id is not None):
        _move_line(share.line, rest, share.outcome.later)
        units[share.line.item_id] += share.outcome.later
    split_allocation(reference=part.public_id, target=rest.public_id, lines=units)
    _share_amount(part, rest, later)
    _move_bags(part, rest, shares)
    _bring_to_ready(part, rest, bags=bags, fresh=any(share.line.item.fresh for share in later))
    publish(PartlyHandedOff(order_id=part.order_id, fulfillment_id=part.pk, rest_id=rest.pk))
    return rest


def rest_of(part: FulfillmentOrder) -> FulfillmentOrder | None:
    """The part that keeps what was not given of ``part`` because it is collected later."""
    told = Fact.objects.filter(
        subject=f"order:{part.order_id}",
        name=PartlyHandedOff.name,
        data__fulfillment_id=part.pk,
    ).first()
    if told is None:
        return None
    return FulfillmentOrder.objects.filter(pk=told.data["rest_id"]).first()


def _move_line(line: FulfillmentLine, rest: FulfillmentOrder, units: int) -> None:
    """The rest works on the same order line; a line of which nothing stays keeps its zeros."""
    stands_for = _original(line.stands_for, rest) if line.stands_for else None
    _line(rest, line, units, stands_for=stands_for, unit_price_minor=line.unit_price_minor)
    FulfillmentLine.objects.filter(pk=line.pk).update(
        allocated=F("allocated") - units, picked=F("picked") - units
    )


def _original(line: FulfillmentLine, rest: FulfillmentOrder) -> FulfillmentLine:
    """What a substitute stands for has a line in the same part, if need be with zeros."""
    known = rest.lines.filter(order_line=line.order_line_id, item=line.item_id).first()
    return known or _line(rest, line, 0)


def _line(
    rest: FulfillmentOrder, like: FulfillmentLine, units: int, **values: Any
) -> FulfillmentLine:
    return FulfillmentLine.objects.create(
        fulfillment=rest,
        order_line_id=like.order_line_id,
        item_id=like.item_id,
        allocated=units,
        picked=units,
        **values,
    )


def _share_amount(part: FulfillmentOrder, rest: FulfillmentOrder, later: Sequence[Share]) -> None:
    """What the goods are worth goes with them, so that the sum over the parts stays the same."""
    settled = Settlement.objects.filter(fulfillment=part).first()
    if settled is None:
        return
    worth = sum(share.outcome.later * price_of(share.line) for share in later)
    moved: Mapping[tuple[int, str], int] = {
        (share.line.order_line.number, share.line.item.sku): share.outcome.later for share in later
    }
    Settlement.objects.create(
        fulfillment=rest,
        ordered_minor=worth,
        supplied_minor=worth,
        lines=[_of(line, moved[key]) for line in settled.lines if (key := _key(line)) in moved],
    )
    left = [_of(line, line["units"] - moved.get(_key(line), 0)) for line in settled.lines]
    Settlement.objects.filter(pk=settled.pk).update(
        ordered_minor=F("ordered_minor") - worth,
        supplied_minor=F("supplied_minor") - worth,
        lines=[line for line in left if line["units"]],
    )


def _key(line: Mapping[str, Any]) -> tuple[int, str]:
    return line["number"], line["sku"]


def _of(line: Mapping[str, Any], units: int) -> dict[str, Any]:
    return {**line, "units": units, "amount_minor": units * line["unit_price_minor"]}


def _move_bags(part: FulfillmentOrder, rest: FulfillmentOrder, shares: Sequence[Share]) -> None:
    """Bags of a zone that stays wholly stay; goods of another zone need a bag of their own.

    Without bags on record there is nothing to move.
    """
    bags = list(part.bag_rows.select_related("location"))
    staying = {share.line.item.zone for share in shares if share.outcome.later}
    leaving = {share.line.item.zone for share in shares if share.line.picked > share.outcome.later}
    for zone in sorted(staying) if bags else ():
        own = [bag for bag in bags if bag.zone == zone]
        if zone not in leaving:
            Bag.objects.filter(pk__in=[bag.pk for bag in own]).update(fulfillment=rest)
            continue
        like = own[0] if own else bags[0]
        number = max(bag.number for bag in bags) + 1
        bags.append(
            Bag.objects.create(
                fulfillment=rest,
                number=number,
                zone=like.zone,
                location=like.location,
                staged_at=like.staged_at,
            )
        )


def _bring_to_ready(
    part: FulfillmentOrder, rest: FulfillmentOrder, *, bags: int, fresh: bool
) -> None:
    """Ready since ``part`` was, waiting from now on, with a PIN that nobody has seen."""
    now = clock.now()
    _tell(FulfillmentProposed, rest)
    move(rest, to=FulfillmentStatus.ACCEPTED, accepted_at=part.accepted_at)
    _tell(FulfillmentAccepted, rest)
    move(rest, to=FulfillmentStatus.PICKING)
    _tell(PickingStarted, rest)
    move(rest, to=FulfillmentStatus.PICKED, picked_at=part.picked_at)
    _tell(FulfillmentPicked, rest)
    move(
        rest,
        to=FulfillmentStatus.READY,
        ready_at=part.ready_at,
        expires_at=pickup_deadline(part.store, now, fresh=fresh),
        staging_location=_place(part, rest),
        bags=rest.bag_rows.count() or bags,
    )
    PickupCode.objects.create(fulfillment=rest, pin=fresh_code())
    _tell(ReadyForPickup, rest)


def _place(part: FulfillmentOrder, rest: FulfillmentOrder) -> str:
    codes = rest.bag_rows.order_by("location__code").values_list("location__code", flat=True)
    distinct = ", ".join(code for code in dict.fromkeys(codes) if code)
    return distinct if 0 < len(distinct) <= PLACE_CHARACTERS else part.staging_location


def _tell(fact: type[OfFulfillment], part: FulfillmentOrder) -> None:
    publish(fact(order_id=part.order_id, fulfillment_id=part.pk))
