"""How visits end: with the goods, without them, or because nobody ever came."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from hub import clock
from hub.events.catalog import VisitEnded
from hub.links.services import end_links
from orders.curbside.visits.keeping import active_visit, lock_visit, parts_of, tell
from orders.models import (
    FulfillmentOrder,
    FulfillmentStatus,
    OrderStatus,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.states import move_visit

READABLE_AFTERWARDS = timedelta(days=7)
LATE = timedelta(hours=1)
MISSING = timedelta(minutes=30)
LONGEST_STAY = timedelta(hours=4)
BATCH = 500
SECONDS = 20.0


@transaction.atomic
def end_visit(fulfillment: FulfillmentOrder, *, to: str) -> None:
    """Take the pickup out of its visit; a visit without pickups is over.

    It is DONE when the customer got anything on it, whatever became of the rest.
    """
    found = active_visit(fulfillment)
    if found is None:
        return
    visit = lock_visit(found)
    pickups = VisitPickup.objects.filter(visit=visit)
    if not pickups.filter(fulfillment=fulfillment, active=True).update(active=False):
        return
    if not pickups.filter(active=True).exists():
        given = pickups.filter(fulfillment__status=FulfillmentStatus.COMPLETED).exists()
        move_visit(visit, to=VisitStatus.DONE if given else to, ended_at=clock.now())
        tell(visit, VisitEnded, part=fulfillment, others=())


@transaction.atomic
def abandon_pickup(*, fulfillment: FulfillmentOrder) -> None:
    """Nothing will be handed over: the visit ends, its spot is free, the links only inform.

    Those of a rejected part live on with its order: another store may prepare it, or the customer
    is asked whether one may.
    """
    end_visit(fulfillment, to=VisitStatus.LEFT)
    rejected = fulfillment.status == FulfillmentStatus.REJECTED
    if not (rejected and fulfillment.order.status == OrderStatus.OPEN):
        end_pickup_links(fulfillment)


def end_pickup_links(fulfillment: FulfillmentOrder) -> None:
    """Let the customer's links only inform from now on, for seven days."""
    now = clock.now()
    end_links(
        purpose="pickup",
        subject=f"fulfillment:{fulfillment.pk}",
        read_only_at=now,
        expires_at=now + READABLE_AFTERWARDS,
    )


def end_stale_visits() -> int:
    """End visits whose customer never came or went away without a word; returns how many.

    That is an hour after they were expected, half an hour after they were not found, and four
    hours after they arrived.
    """
    until, count = time.monotonic() + SECONDS, 0
    for visit in _stale().order_by("pk")[:BATCH]:
        if time.monotonic() > until:
            break
        count += _give_up(visit)
    return count


def _stale() -> QuerySet[Visit]:
    now = clock.now()
    expected = [VisitStatus.ON_MY_WAY, VisitStatus.NEARBY]
    here = [VisitStatus.ARRIVED, VisitStatus.BEING_SERVED]
    return Visit.objects.filter(
        Q(status__in=expected, eta__lt=now - LATE)
        | Q(status__in=expected, eta__isnull=True, created_at__lt=now - LATE)
        | Q(status__in=here, missing_at__lt=now - MISSING)
        | Q(status__in=here, arrived_at__lt=now - LONGEST_STAY)
    )


@transaction.atomic
def _give_up(visit: Visit) -> bool:
    visit = lock_visit(visit)
    if not _stale().filter(pk=visit.pk).exists():
        return False
    parts = parts_of(visit)
    VisitPickup.objects.filter(visit=visit, active=True).update(active=False)
    move_visit(visit, to=VisitStatus.LEFT, ended_at=clock.now())
    tell(visit, VisitEnded, part=parts[0], others=parts)
    return True
