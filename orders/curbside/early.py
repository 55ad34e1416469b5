"""What a customer is told who comes before the goods are ready."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Max, Q

from hub import clock
from hub.stores.calendar import add_open_minutes
from orders.curbside.visits.keeping import active_visit
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit, VisitPickup
from orders.models.visit import ACTIVE_VISIT
from orders.promise.terms import Terms, terms_of

ROUNDED_MINUTES = 5
STAGING_MINUTES = 5
UNPICKED = [FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED, FulfillmentStatus.PICKING]


def early_ready_at(fulfillment: FulfillmentOrder) -> datetime:
    """When a customer who has come early may have the goods (UTC, a full five minutes).

    By the terms of the store's promises, counted from when he said that he comes: his order is
    first in the queue from then on, or stands behind those of customers who came before. Never
    later than what was promised, while that can still be kept. Of a ready part: since when.
    """
    now = clock.now()
    if fulfillment.ready_at:
        return fulfillment.ready_at
    if fulfillment.status not in UNPICKED:
        return _rounded(now + timedelta(minutes=STAGING_MINUTES))
    visit = active_visit(fulfillment)
    terms = terms_of([fulfillment.store_id], at=now, now=now)[fulfillment.store_id]
    since = (visit.arrived_at or visit.created_at) if visit else now
    minutes = _work_minutes(fulfillment, terms, visit, since)
    done = add_open_minutes(*terms.calendar, since, minutes) or fulfillment.promised_at
    if fulfillment.promised_at > now:
        done = min(done, fulfillment.promised_at)
    return _rounded(max(done, now + timedelta(minutes=1)))


def _work_minutes(
    part: FulfillmentOrder, terms: Terms, visit: Visit | None, since: datetime
) -> int:
    """How long the store needs, by its pace; where nobody knows that, the rest of its lead time."""
    if terms.orders_per_hour:
        return -(-60 * (1 + _ahead(part, visit)) // terms.orders_per_hour)
    slowest = part.lines.aggregate(lead=Max("item__lead_minutes"))["lead"] or 0
    passed = int(max(timedelta(), since - part.created_at).total_seconds() // 60)
    return max(STAGING_MINUTES, max(terms.lead_minutes, slowest) - passed)


def _ahead(part: FulfillmentOrder, visit: Visit | None) -> int:
    """How many parts of customers who came before still have to be picked."""
    coming = VisitPickup.objects.filter(
        active=True,
        visit__store=part.store_id,
        visit__status__in=ACTIVE_VISIT,
        fulfillment__status__in=UNPICKED,
    ).exclude(fulfillment=part)
    if visit is None or visit.arrived_at is None:
        return coming.filter(visit__arrived_at__isnull=False).count()
    before = Q(visit__arrived_at__lt=visit.arrived_at)
    return coming.filter(before | Q(visit__arrived_at=visit.arrived_at, visit__lt=visit.pk)).count()


def _rounded(moment: datetime) -> datetime:
    """The next full five minutes, in UTC."""
    step = ROUNDED_MINUTES * 60
    seconds = -(-int(moment.timestamp()) // step) * step
    return datetime.fromtimestamp(seconds, UTC)
