"""Ready goods that nobody collects: the customer is warned, may get more time, or loses them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from datetime import time as time_of_day

from django.db import transaction
from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Least

from hub import clock
from hub.errors import Conflict, Invalid
from hub.events.catalog import (
    FulfillmentExpired,
    FulfillmentExpiring,
    WaitExtended,
)
from hub.events.outbox import publish
from hub.stores.services import calendar_of
from orders.actions import is_first, lock_parts
from orders.errors import IllegalMove, StaleVersion
from orders.models import (
    ClockMark,
    FulfillmentOrder,
    FulfillmentStatus,
    Refund,
    VisitPickup,
    VisitStatus,
)
from orders.picking.deadline import last_closing
from orders.placing.rerouting import close_unless_undecided
from orders.putting_back import give_up_goods
from orders.refunds import refund_due
from orders.states import move

BATCH = 500
SECONDS = 20.0
WARN_BEFORE = timedelta(days=1)
LATE_DRIVERS = timedelta(minutes=30)
MOST_DAYS = 7
REASON = "not collected in time"


class WaitTooLong(Conflict):
    """Ready goods are kept for seven days at most, fresh ones not beyond their day."""

    code = "wait_too_long"
    title = "It cannot be kept any longer"


def warn_expiring() -> int:
    """Tell once of every ready part that it will not be kept much longer; returns how many.

    That is a day before, or halfway for goods that are kept less than two days.
    """
    now = clock.now()
    told = ClockMark.objects.filter(fulfillment=OuterRef("pk"), kind=ClockMark.Kind.EXPIRING)
    half = ExpressionWrapper((F("expires_at") - F("ready_at")) / 2, output_field=DurationField())
    due = _ready().filter(
        ~Exists(told),
        expires_at__gt=now,
        expires_at__lte=Least(now + WARN_BEFORE, Value(now) + half, output_field=DateTimeField()),
    )
    return sum(_warn(part, now) for part in due.order_by("expires_at")[:BATCH])


def expire_due() -> int:
    """End what was not collected in time; returns how many. A customer who is there keeps it."""
    until, count = time.monotonic() + SECONDS, 0
    due = _ready().filter(~_somebody_comes(), expires_at__lte=clock.now())
    for part in due.order_by("expires_at")[:BATCH]:
        if time.monotonic() > until:
            break
        count += expire(fulfillment=part)
    return count


@transaction.atomic
def expire(*, fulfillment: FulfillmentOrder) -> bool:
    """End a part whose time to be collected is over: EXPIRED, its goods to be put back.

    What the customer gets back is told to the site; the order ends with its last part. False,
    and nothing changes, when it was collected, may wait, or its customer is there.
    """
    lock_parts(fulfillment.order_id)
    due = _ready().filter(~_somebody_comes(), pk=fulfillment.pk, expires_at__lte=clock.now())
    if not due.exists():
        return False
    fulfillment.refresh_from_db()
    move(fulfillment, to=FulfillmentStatus.EXPIRED, reason=REASON)
    give_up_goods(fulfillment=fulfillment, reason=REASON)
    refund_due(fulfillment=fulfillment, reason=Refund.Reason.EXPIRED)
    ids = {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
    publish(FulfillmentExpired(**ids))
    close_unless_undecided(fulfillment.order)
    return True


@transaction.atomic
def extend_wait(
    *, fulfillment: FulfillmentOrder, days: int, token: str = "", version: int | None = None
) -> datetime:
    """Keep a ready part until the store closes ``days`` days later; returns until when.

    Raises Invalid for less than a day, WaitTooLong beyond seven days since it was ready and for
    fresh goods, IllegalMove when it is not READY, and StaleVersion.
    """
    if not is_first(fulfillment=fulfillment, action="extend", token=token):
        return fulfillment.expires_at or clock.now()
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"it can be kept 1 to {MOST_DAYS} days longer")
    lock_parts(fulfillment.order_id)
    fulfillment.refresh_from_db()
    _check_extendable(fulfillment, version)
    until = _closing(fulfillment, days)
    rows = FulfillmentOrder.objects.filter(pk=fulfillment.pk, status=FulfillmentStatus.READY)
    rows.update(expires_at=until, version=F("version") + 1)
    fulfillment.refresh_from_db()
    ClockMark.objects.filter(fulfillment=fulfillment, kind=ClockMark.Kind.EXPIRING).delete()
    publish(WaitExtended(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    return until


def _check_extendable(part: FulfillmentOrder, version: int | None) -> None:
    fresh = {"present_status": str(part.status), "version": part.version}
    if version is not None and version != part.version:
        raise StaleVersion(f"it is at version {part.version}, not {version}", **fresh)
    if part.status != FulfillmentStatus.READY:
        raise IllegalMove(f"it is {part.status}, so it does not wait", **fresh)
    if part.lines.filter(item__fresh=True).exists():
        raise WaitTooLong("fresh goods do not wait longer than their day")


def _closing(part: FulfillmentOrder, days: int) -> datetime:
    now = clock.now()
    calendar = calendar_of(part.store)
    since = max(part.expires_at or now, now).astimezone(calendar.tz)
    morning = datetime.combine(since.date() + timedelta(days=days), time_of_day(), calendar.tz)
    until = last_closing(calendar, morning) or morning + timedelta(days=1)
    if until > (part.ready_at or now) + timedelta(days=MOST_DAYS + 1):
        raise WaitTooLong(f"ready goods are kept {MOST_DAYS} days at most")
    return until


@transaction.atomic
def _warn(part: FulfillmentOrder, now: datetime) -> bool:
    rows = FulfillmentOrder.objects.select_for_update(no_key=True, skip_locked=True)
    if not rows.filter(pk=part.pk, status=FulfillmentStatus.READY).exists():
        return False
    _, first = ClockMark.objects.get_or_create(
        fulfillment=part, kind=ClockMark.Kind.EXPIRING, defaults={"at": now}
    )
    if first:
        publish(FulfillmentExpiring(order_id=part.order_id, fulfillment_id=part.pk))
    return first


def _ready() -> QuerySet[FulfillmentOrder]:
    ready = FulfillmentOrder.objects.filter(status=FulfillmentStatus.READY)
    return ready.select_related("order", "store")


def _somebody_comes() -> Exists:
    """Whether the customer stands there, or is on the way and not given up."""
    here = Q(visit__status__in=[VisitStatus.ARRIVED, VisitStatus.BEING_SERVED])
    coming = Q(
        visit__status__in=[VisitStatus.ON_MY_WAY, VisitStatus.NEARBY],
        visit__eta__gt=clock.now() - LATE_DRIVERS,
    )
    pickups = VisitPickup.objects.filter(here | coming, fulfillment=OuterRef("pk"), active=True)
    return Exists(pickups)
