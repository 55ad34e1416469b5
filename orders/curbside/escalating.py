"""Customers who wait too long, or whom no board has shown: told at each step, once.

Every arrival is looked at again after a minute, and then at each step of waiting, by deliveries
that fall due just then. The clock that runs each minute looks at all of them as well: should a
delivery be late or lost, it is a minute at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from hub import clock
from hub.events.catalog import ArrivalUnseen, CustomerArrived, OfVisit, WaitEscalated
from hub.events.models import Fact
from hub.events.outbox import publish
from hub.events.registry import handles
from orders.curbside.alerts import UNSEEN_SECONDS, later
from orders.curbside.settings import ESCALATE_AFTER, curb_of
from orders.models import CurbSettings, Visit, VisitStatus

BATCH = 500
SHORTEST_STEP = timedelta(minutes=1)
UNSEEN = timedelta(seconds=UNSEEN_SECONDS)
TELL_WITHIN = timedelta(minutes=15)  # of an arrival: what is older, the steps of waiting tell
SLACK_SECONDS = 0.5  # so that what falls due is due by the business clock too


@handles(envelope=True)
def look_unseen(fact: CustomerArrived, envelope: Fact) -> None:
    """A minute after an arrival: tell that no board has shown it; then wait for the first step."""
    tell_unseen(visit=Visit.objects.get(pk=fact.visit_id))
    _look_again(fact, envelope)


@handles()
def look_at_wait(fact: OfVisit) -> None:
    """At a step of waiting: tell it, if the customer still waits."""
    escalate_wait(visit=Visit.objects.select_related("store").get(pk=fact.visit_id))


@handles(WaitEscalated, envelope=True)
def wait_for_next_step(fact: WaitEscalated, envelope: Fact) -> None:
    """Look again when the next step of waiting is due."""
    _look_again(fact, envelope)


def tell_unseen_arrivals() -> int:
    """Tell of all who arrived more than a minute ago and stood on no board; returns how many."""
    now = clock.now()
    unseen = _waiting().filter(
        shown_at__isnull=True, arrived_at__lte=now - UNSEEN, arrived_at__gt=now - TELL_WITHIN
    )
    return sum(tell_unseen(visit=visit) for visit in unseen.order_by("arrived_at")[:BATCH])


def escalate_waits() -> int:
    """Tell every step of waiting that is reached and not yet told; returns how many were."""
    waiting = _waiting().filter(
        arrived_at__lte=clock.now() - SHORTEST_STEP, escalated__lt=len(ESCALATE_AFTER)
    )
    rows = waiting.select_related("store").order_by("arrived_at")[:BATCH]
    return sum(escalate_wait(visit=visit) for visit in rows)


@transaction.atomic
def tell_unseen(*, visit: Visit) -> bool:
    """Publish once that no live board showed the arrival within a minute; whether it was now."""
    rows = _waiting().select_for_update(no_key=True).filter(pk=visit.pk, shown_at__isnull=True)
    held = rows.filter(arrived_at__lte=clock.now() - UNSEEN).first()
    ids = _ids(held) if held else None
    if ids is None:
        return False
    fact = ArrivalUnseen(**ids)
    told = Fact.objects.filter(subject=fact.subject, name=fact.name, data__visit_id=visit.pk)
    if told.exists():
        return False
    publish(fact)
    return True


@transaction.atomic
def escalate_wait(*, visit: Visit) -> int:
    """Publish each step that the visit's wait has reached since it was last told; how many."""
    ids = _ids(visit)
    level = _level(curb_of(visit.store), visit.arrived_at, clock.now())
    rows = _waiting().filter(pk=visit.pk, escalated=visit.escalated, escalated__lt=level)
    if ids is None or not rows.update(escalated=level, version=F("version") + 1):
        return 0
    for step in range(visit.escalated + 1, level + 1):
        publish(WaitEscalated(**ids, level=step))
    return level - visit.escalated


def steps_of(curb: CurbSettings) -> list[int]:
    """After how many minutes of waiting each of the three steps is told."""
    return list(curb.escalate_after)[: len(ESCALATE_AFTER)]


def _look_again(fact: OfVisit, envelope: Fact) -> None:
    visit = _waiting().select_related("store").filter(pk=fact.visit_id).first()
    if visit is None or visit.arrived_at is None:
        return
    coming = [
        visit.arrived_at + timedelta(minutes=minutes)
        for minutes in steps_of(curb_of(visit.store))[visit.escalated :]
    ]
    if coming:
        seconds = (coming[0] - clock.now()).total_seconds()
        later(envelope, "look_at_wait", seconds=max(0.0, seconds) + SLACK_SECONDS)


def _level(curb: CurbSettings, arrived_at: datetime | None, now: datetime) -> int:
    """The highest step of waiting that is reached: 0 to 3."""
    if arrived_at is None:
        return 0
    return sum(now - arrived_at >= timedelta(minutes=minutes) for minutes in steps_of(curb))


def _waiting() -> QuerySet[Visit]:
    """Who has arrived, is not being served, and has not been searched for in vain."""
    return Visit.objects.filter(status=VisitStatus.ARRIVED, missing_at__isnull=True)


def _ids(visit: Visit) -> dict[str, int] | None:
    """What a fact of the visit carries: of several parts that came with it, the first."""
    pickup = visit.pickups.filter(active=True).select_related("fulfillment").order_by("pk").first()
    if pickup is None:
        return None
    part = pickup.fulfillment
    return {"order_id": part.order_id, "fulfillment_id": part.pk, "visit_id": visit.pk}
