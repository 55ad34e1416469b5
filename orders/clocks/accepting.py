"""Stores that have not said whether they take the work on: a person is told, then it moves on."""

from __future__ import annotations

import time
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from hub import clock
from hub.events.catalog import AcceptOverdue
from hub.events.outbox import publish
from hub.stores.calendar import Calendar
from hub.stores.models import Store
from hub.stores.services import calendar_of
from orders.models import ClockMark, FulfillmentOrder, FulfillmentStatus
from orders.picking.rejecting import pass_on
from orders.routing.accepting import is_overdue

BATCH = 500
SECONDS = 20.0


def escalate() -> int:
    """Tell once of every part that its store has not accepted for ten open minutes; how many."""
    now = clock.now()
    waiting = _unmarked(ClockMark.Kind.ACCEPT_OVERDUE).filter(accept_by__isnull=False)
    parts = list(waiting.order_by("accept_by")[:BATCH])
    calendars = _calendars(parts)
    overdue = [
        part
        for part in parts
        if part.accept_by and is_overdue(calendars[part.store_id], part.accept_by, now)
    ]
    return sum(_mark(part, ClockMark.Kind.ACCEPT_OVERDUE, now) for part in overdue)


def pass_on_unaccepted() -> int:
    """Give what was not accepted in twenty open minutes to another store; returns how many.

    What cannot move stays where it is, marked for a person; the store may still accept it.
    """
    now, moved = clock.now(), 0
    until = time.monotonic() + SECONDS
    due = _unmarked(ClockMark.Kind.ACCEPT_GIVEN_UP).filter(accept_by__lte=now)
    for part in due.select_related("order", "store").order_by("accept_by")[:BATCH]:
        if time.monotonic() > until:
            break
        if pass_on(fulfillment=part) is not None:
            moved += 1
        else:
            _mark(part, ClockMark.Kind.ACCEPT_GIVEN_UP, now)
    return moved


def _unmarked(kind: str) -> QuerySet[FulfillmentOrder]:
    told = ClockMark.objects.filter(fulfillment=OuterRef("pk"), kind=kind)
    proposed = FulfillmentOrder.objects.filter(status=FulfillmentStatus.PROPOSED)
    return proposed.filter(~Exists(told))


@transaction.atomic
def _mark(part: FulfillmentOrder, kind: str, now: datetime) -> bool:
    """Write the mark, and tell of it, unless the part was accepted or marked meanwhile."""
    rows = FulfillmentOrder.objects.select_for_update(no_key=True, skip_locked=True)
    if not rows.filter(pk=part.pk, status=FulfillmentStatus.PROPOSED).exists():
        return False
    _, first = ClockMark.objects.get_or_create(fulfillment=part, kind=kind, defaults={"at": now})
    if first and kind == ClockMark.Kind.ACCEPT_OVERDUE:
        publish(AcceptOverdue(order_id=part.order_id, fulfillment_id=part.pk))
    return first


def _calendars(parts: list[FulfillmentOrder]) -> dict[int, Calendar]:
    stores = Store.objects.filter(pk__in={part.store_id for part in parts})
    return {
        store.pk: calendar_of(store) for store in stores.prefetch_related("hours", "exceptions")
    }
