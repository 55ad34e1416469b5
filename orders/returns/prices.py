"""A lead lowers the price of a line, within a limit, for a reason that is kept."""

from __future__ import annotations

from django.contrib.auth.models import PermissionsMixin
from django.db import transaction
from django.db.models import F

from hub.events.catalog import PriceAdjusted
from hub.events.outbox import publish
from hub.trace import actor
from orders.actions import ACTOR_CHARACTERS, is_first, lock_parts
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PriceAdjustment,
    Refund,
    Settlement,
)
from orders.refunds import price_of, refund_line, state_refund
from orders.returns.errors import (
    BeyondLimit,
    MayNotAdjust,
    PartEnded,
    PriceNotLower,
    WhyMissing,
)
from orders.returns.services import REASON_CHARACTERS, returned_units
from orders.states import LIVE
from orders.text import clean

MOST_PERCENT_OFF = 20


@transaction.atomic
def adjust_price(
    *,
    line: FulfillmentLine,
    unit_price_minor: int,
    reason: str,
    by: PermissionsMixin,
    token: str = "",
) -> PriceAdjustment:
    """Let a unit of the line cost less from now on.

    At most 20 % below the price it was sold at, further only with ``adjust_price_freely``.
    Publishes PriceAdjusted. Of a part that is ready or handed over a refund states the
    difference for the units that the customer gets or has kept; before that the settlement will
    tell it. Raises MayNotAdjust, WhyMissing, PriceNotLower, BeyondLimit, PartEnded.
    """
    why = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    if not by.has_perm("orders.adjust_price"):
        raise MayNotAdjust
    if not why:
        raise WhyMissing
    part = line.fulfillment
    if not is_first(fulfillment=part, action="adjust_price", token=token):
        return PriceAdjustment.objects.filter(line__fulfillment=part).latest("pk")
    lock_parts(part.order_id)
    part.refresh_from_db()
    fresh = FulfillmentLine.objects.select_related("order_line", "item").get(pk=line.pk)
    if part.status not in LIVE and part.status != FulfillmentStatus.COMPLETED:
        raise PartEnded(f"it is {part.status}", present_status=part.status)
    _check_price(fresh, unit_price_minor, by)
    return _adjust(part, fresh, unit_price_minor, why)


def least_price(line: FulfillmentLine) -> int:
    """The lowest price of a unit within the limit, rounded up to a whole minor unit; prefetch
    ``price_adjustments`` where there are many lines."""
    return -(-_sold_at(line) * (100 - MOST_PERCENT_OFF) // 100)


def _sold_at(line: FulfillmentLine) -> int:
    first = min(line.price_adjustments.all(), key=lambda row: row.pk, default=None)
    return first.before_minor if first else price_of(line)


def _check_price(line: FulfillmentLine, wanted: int, by: PermissionsMixin) -> None:
    present = price_of(line)
    if not 0 <= wanted < present:
        raise PriceNotLower(f"it costs {present} now", present_minor=present)
    least = least_price(line)
    if wanted < least and not by.has_perm("orders.adjust_price_freely"):
        raise BeyondLimit(f"you may go down to {least}", least_minor=least)


def _adjust(
    part: FulfillmentOrder, line: FulfillmentLine, wanted: int, why: str
) -> PriceAdjustment:
    before = price_of(line)
    refund = _refund(part, line, less=before - wanted)
    row = PriceAdjustment.objects.create(
        line=line,
        before_minor=before,
        after_minor=wanted,
        reason=why,
        by=actor()[:ACTOR_CHARACTERS],
        refund=refund,
    )
    FulfillmentLine.objects.filter(pk=line.pk).update(unit_price_minor=wanted)
    FulfillmentOrder.objects.filter(pk=part.pk).update(version=F("version") + 1)
    publish(PriceAdjusted(order_id=part.order_id, fulfillment_id=part.pk, adjustment_id=row.pk))
    return row


def _refund(part: FulfillmentOrder, line: FulfillmentLine, *, less: int) -> Refund | None:
    if not Settlement.objects.filter(fulfillment=part).exists():
        return None
    given = line.handed_off if part.status == FulfillmentStatus.COMPLETED else line.picked
    kept = given - returned_units(part).get(line.pk, 0)
    rows = [refund_line(line, kept, kept * less)]
    return state_refund(fulfillment=part, reason=Refund.Reason.PRICE_ADJUSTED, lines=rows)
