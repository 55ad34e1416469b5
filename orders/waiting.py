"""Until when a ready order waits for its customer, and making it wait longer."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F

from hub import clock
from hub.errors import Conflict, Invalid
from hub.events.catalog import WaitExtended
from hub.events.outbox import publish
from hub.stores.calendar import Calendar, next_closing, next_opening
from hub.stores.models import Store
from hub.stores.services import calendar_of
from orders.actions import is_first, lock_parts
from orders.errors import IllegalMove, StaleVersion
from orders.models import ClockMark, FulfillmentOrder, FulfillmentStatus

READY_DAYS = 3
MOST_DAYS = 7
ONE_DAY = timedelta(days=1)


class WaitTooLong(Conflict):
    """Ready goods are kept for seven days at most, fresh ones not beyond their day."""

    code = "wait_too_long"
    title = "It cannot be kept any longer"


def pickup_deadline(store: Store, at: datetime, *, fresh: bool = False) -> datetime:
    """When the store closes on the third day after ``at``, counted in the store's own time.

    ``fresh`` goods wait until it closes on the day itself or, set ready when it has closed
    already, on the next day it opens. A day on which it stays shut is no day to collect: then
    the next day it opens. A store that never opens keeps the order until the end of the day.
    """
    calendar = calendar_of(store)
    day = (at.astimezone(calendar.tz) + timedelta(days=0 if fresh else READY_DAYS)).date()
    morning = datetime.combine(day, time(), calendar.tz)
    closing = last_closing(calendar, morning)
    if closing is not None and closing <= at:
        closing = last_closing(calendar, datetime.combine(day + ONE_DAY, time(), calendar.tz))
    return closing or morning + ONE_DAY


def last_closing(calendar: Calendar, morning: datetime) -> datetime | None:
    """When the store shuts for the night on the first day from ``morning`` on that it opens."""
    opening = next_opening(*calendar, morning)
    if opening is None:
        return None
    day = opening.astimezone(calendar.tz).date()
    closing: datetime | None = None
    while opening is not None and opening.astimezone(calendar.tz).date() == day:
        closing = next_closing(*calendar, opening)
        opening = next_opening(*calendar, closing) if closing else None
    return closing


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
    until = longer_by(fulfillment, days)
    rows = FulfillmentOrder.objects.filter(pk=fulfillment.pk, status=FulfillmentStatus.READY)
    rows.update(expires_at=until, version=F("version") + 1)
    fulfillment.refresh_from_db()
    ClockMark.objects.filter(fulfillment=fulfillment, kind=ClockMark.Kind.EXPIRING).delete()
    publish(WaitExtended(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    return until


def longer_by(part: FulfillmentOrder, days: int) -> datetime:
    """The closing so many days after the present deadline of a ready part; raises WaitTooLong."""
    now = clock.now()
    calendar = calendar_of(part.store)
    since = max(part.expires_at or now, now).astimezone(calendar.tz)
    morning = datetime.combine(since.date() + timedelta(days=days), time(), calendar.tz)
    until = last_closing(calendar, morning) or morning + ONE_DAY
    if until > longest_wait(part):
        raise WaitTooLong(f"ready goods are kept {MOST_DAYS} days at most")
    return until


def longest_wait(part: FulfillmentOrder) -> datetime:
    """Beyond this moment a ready part is not kept, whoever asks."""
    return (part.ready_at or clock.now()) + timedelta(days=MOST_DAYS + 1)


def is_fresh(part: FulfillmentOrder) -> bool:
    """Whether goods are among it that wait for no other day."""
    return part.lines.filter(item__fresh=True, picked__gt=0).exists()


def _check_extendable(part: FulfillmentOrder, version: int | None) -> None:
    fresh = {"present_status": str(part.status), "version": part.version}
    if version is not None and version != part.version:
        raise StaleVersion(f"it is at version {part.version}, not {version}", **fresh)
    if part.status != FulfillmentStatus.READY:
        raise IllegalMove(f"it is {part.status}, so it does not wait", **fresh)
    if is_fresh(part):
        raise WaitTooLong("fresh goods do not wait longer than their day")
