"""Ready goods that nobody collects: the customer is warned, may get more time, or loses them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

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
from django.db.models.functions import Greatest, Least

from hub import clock
from hub.events.catalog import FulfillmentExpired, FulfillmentExpiring, PickupReminded
from hub.events.outbox import publish
from orders.actions import lock_parts
from orders.models import (
    ClockMark,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    Refund,
    VisitPickup,
    VisitStatus,
)
from orders.placing.rerouting import close_unless_undecided
from orders.putting_back import give_up_goods
from orders.refunds import refund_due
from orders.states import move

BATCH = 500
SECONDS = 20.0
REMIND_AFTER = timedelta(days=1)
REMIND_AGAIN_AFTER = timedelta(days=2)
WARN_BEFORE = timedelta(days=1)
LATE_DRIVERS = timedelta(minutes=30)
REASON = "not collected in time"


def remind() -> int:
    """Remind of every ready part a day after it was ready and once more a day later; how many.

    A customer who chose a time is not reminded before a day after it, one who is on the way or
    there, or was told already that it will not be kept much longer, not at all; nor is anybody
    of fresh goods, which do not wait that long.
    """
    now = clock.now()
    since = Greatest("ready_at", "window_end")  # PostgreSQL's passes over what is null
    fresh = FulfillmentLine.objects.filter(
        fulfillment=OuterRef("pk"), item__fresh=True, picked__gt=0
    )
    told = [ClockMark.Kind.REMINDED_AGAIN, ClockMark.Kind.EXPIRING]
    due = (
        _ready()
        .alias(since=since)
        .filter(~_marked(*told), ~_somebody_comes(), ~Exists(fresh), expires_at__gt=now)
        .filter(
            Q(since__lte=now - REMIND_AGAIN_AFTER)
            | (Q(since__lte=now - REMIND_AFTER) & ~_marked(ClockMark.Kind.REMINDED))
        )
    )
    return sum(_remind(part, now) for part in due.order_by("ready_at")[:BATCH])


def warn_expiring() -> int:
    """Tell once of every ready part that it will not be kept much longer; returns how many.

    That is a day before, or halfway for goods that are kept less than two days.
    """
    now = clock.now()
    half = ExpressionWrapper((F("expires_at") - F("ready_at")) / 2, output_field=DurationField())
    due = _ready().filter(
        ~_marked(ClockMark.Kind.EXPIRING),
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
def _remind(part: FulfillmentOrder, now: datetime) -> bool:
    """Mark and tell the reminder whose time has come; one that was missed is not made up for."""
    if not _waits_still(part):
        return False
    since = max(filter(None, (part.ready_at, part.window_end)), default=now)
    kinds = [ClockMark.Kind.REMINDED]
    if since <= now - REMIND_AGAIN_AFTER:
        kinds.append(ClockMark.Kind.REMINDED_AGAIN)
    if not [kind for kind in kinds if _mark(part, kind, now)]:
        return False
    ids = {"order_id": part.order_id, "fulfillment_id": part.pk}
    publish(PickupReminded(**ids, number=len(kinds)))
    return True


@transaction.atomic
def _warn(part: FulfillmentOrder, now: datetime) -> bool:
    first = _waits_still(part) and _mark(part, ClockMark.Kind.EXPIRING, now)
    if first:
        publish(FulfillmentExpiring(order_id=part.order_id, fulfillment_id=part.pk))
    return first


def _waits_still(part: FulfillmentOrder) -> bool:
    """Whether it is ready, and nobody acts on it at this moment: then it is locked."""
    rows = FulfillmentOrder.objects.select_for_update(no_key=True, skip_locked=True)
    return rows.filter(pk=part.pk, status=FulfillmentStatus.READY).exists()


def _mark(part: FulfillmentOrder, kind: str, now: datetime) -> bool:
    """Write the mark; False when it was there."""
    _, first = ClockMark.objects.get_or_create(fulfillment=part, kind=kind, defaults={"at": now})
    return first


def _marked(*kinds: str) -> Exists:
    return Exists(ClockMark.objects.filter(fulfillment=OuterRef("pk"), kind__in=kinds))


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
