"""Customers who come to another store than the one that has their goods."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db import transaction

from hub import clock
from hub.events.catalog import WrongStoreReached
from hub.stores.models import Store
from orders.curbside.driving import drive_minutes, metres_between
from orders.curbside.visits.coming import arrive
from orders.curbside.visits.keeping import lock_customer, open_visit_for, parts_of, tell
from orders.models import (
    FulfillmentOrder,
    FulfillmentStatus,
    Sign,
    Spot,
    StrayArrival,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.routing.geography import Point
from orders.states import move_visit
from orders.waiting import WaitTooLong, extend_wait

SPARE = timedelta(minutes=30)
SAME_TRIP = timedelta(hours=1)


def arrive_by_sign(*, fulfillment: FulfillmentOrder, sign: Sign) -> Visit | StrayArrival:
    """The customer scanned a sign: he is at its spot, or at the store of the sign.

    A spot that is out of service is taken for a place in words: he stands there. At another store
    the answer is a StrayArrival, see ``come_to_wrong_store``. Raises what ``arrive`` raises.
    """
    if sign.store_id != fulfillment.store_id:
        return come_to_wrong_store(fulfillment=fulfillment, store=sign.store, spot=sign.spot)
    label = sign.spot.label if sign.spot else ""
    closed = bool(sign.spot and sign.spot.closed_for)
    return arrive(
        fulfillment=fulfillment,
        spot="" if closed else label,
        place=label if closed else "",
        source=Visit.Source.SIGN,
    )


@transaction.atomic
def come_to_wrong_store(
    *, fulfillment: FulfillmentOrder, store: Store, spot: Spot | None = None
) -> StrayArrival:
    """The customer stands before ``store``, and his goods are in another.

    His visit ends as WRONG_STORE (another one may follow), his deadline is moved so that the
    drive fits, and the staff there see that somebody is wrong, and nothing else. Said again
    within the hour, nothing is done again. Raises PickupOver.
    """
    with_visit = lock_customer(fulfillment)
    stray = known_stray(fulfillment, store)
    if stray is None or with_visit.visit:
        _end_at(fulfillment, with_visit.visit, store)
    for part in [fulfillment, *with_visit.others]:
        _let_drive_fit(part, store)
    return stray or StrayArrival.objects.create(
        store=store, spot=spot, fulfillment=fulfillment, created_at=clock.now()
    )


@transaction.atomic
def put_aside(*, stray: StrayArrival) -> None:
    """The wrong store's staff have seen it."""
    StrayArrival.objects.filter(pk=stray.pk, seen_at__isnull=True).update(seen_at=clock.now())


def strays_at(store: Store) -> list[StrayArrival]:
    """Who came to this store by mistake within the hour and was not put aside, newest first."""
    since = clock.now() - SAME_TRIP
    rows = StrayArrival.objects.filter(store=store, seen_at__isnull=True, created_at__gt=since)
    return list(rows.select_related("spot").order_by("-pk")[:50])


def known_stray(fulfillment: FulfillmentOrder, store: Store) -> StrayArrival | None:
    """The note of the last hour that he came to this store by mistake."""
    recent = StrayArrival.objects.filter(created_at__gt=clock.now() - SAME_TRIP)
    return recent.filter(fulfillment=fulfillment, store=store).order_by("pk").last()


def _end_at(fulfillment: FulfillmentOrder, visit: Visit | None, store: Store) -> None:
    now = clock.now()
    if visit is None:
        visit = open_visit_for(fulfillment, source=Visit.Source.SIGN)
    parts = parts_of(visit)
    VisitPickup.objects.filter(visit=visit, active=True).update(active=False)
    move_visit(visit, to=VisitStatus.WRONG_STORE, ended_at=now)
    tell(visit, WrongStoreReached, part=fulfillment, others=parts, store_id=store.pk)


def _let_drive_fit(part: FulfillmentOrder, store: Store) -> None:
    """Keep ready goods another day when they would be given up during the drive, if they may be."""
    if part.status != FulfillmentStatus.READY or part.expires_at is None:
        return
    here, there = store, part.store
    way = metres_between(
        Point(here.latitude, here.longitude), Point(there.latitude, there.longitude)
    )
    if part.expires_at < clock.now() + timedelta(minutes=drive_minutes(way)) + SPARE:
        with suppress(WaitTooLong):
            extend_wait(fulfillment=part, days=1)
