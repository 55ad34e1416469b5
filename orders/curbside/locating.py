"""A shared location: how far away the customer is, and nothing more of it is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from hub import clock
from hub.events.catalog import CustomerNearby, CustomerOnTheWay, VisitChanged
from hub.stores.models import Store
from orders.curbside.driving import drive_minutes, metres_between
from orders.curbside.errors import EtaOutOfRange, LocationInaccurate, LocationInvalid
from orders.curbside.settings import curb_of
from orders.curbside.strays import come_to_wrong_store, known_stray
from orders.curbside.visits.coming import MOST_MINUTES
from orders.curbside.visits.keeping import (
    EXPECTED,
    Locked,
    change,
    join,
    lock_customer,
    open_visit_for,
    tell,
)
from orders.models import FulfillmentOrder, Visit, VisitStatus
from orders.routing.geography import METRES_PER_DEGREE, Point
from orders.states import move_visit

MOST_INACCURATE = 2000
STANDS_WITHIN = 150
WORTH_TELLING = timedelta(minutes=3)
STILL = timedelta(minutes=2)


@dataclass(frozen=True)
class Located:
    """Where a customer is: ``metres`` from his store, ``near`` it, or before a ``wrong_store``.

    ``visit`` is the one that came of it; at a wrong store it is over, or None if there was none.
    """

    visit: Visit | None
    metres: int
    near: bool
    wrong_store: Store | None = None


@transaction.atomic
def locate(
    *,
    fulfillment: FulfillmentOrder,
    latitude: float,
    longitude: float,
    accuracy_metres: float = 0,
) -> Located:
    """Take over where the customer is: the metres to his store, and when he may be there.

    Without a visit he is on his way by that; close to the store he is NEARBY. Who stands before
    another store of the chain, far from his own, is at the wrong one (``come_to_wrong_store``).
    Raises LocationInvalid, LocationInaccurate, EtaOutOfRange (three hours away) or PickupOver.
    """
    place = _place(latitude, longitude, accuracy_metres)
    locked = lock_customer(fulfillment)
    metres = metres_between(place, _point(fulfillment.store))
    near = metres <= curb_of(fulfillment.store).near_metres
    visit = locked.visit
    vague = near or accuracy_metres > STANDS_WITHIN
    wrong = None if vague else _wrong_store(locked, place, metres)
    if wrong is not None:
        come_to_wrong_store(fulfillment=fulfillment, store=wrong)
        if visit is not None:
            visit.refresh_from_db()
        return Located(visit, metres, near=False, wrong_store=wrong)
    if visit is None:
        visit = open_visit_for(
            fulfillment, eta=_eta(metres), source=Visit.Source.LOCATION, **_seen(metres)
        )
        tell(visit, CustomerOnTheWay, part=fulfillment, others=())
    else:
        join(visit, [fulfillment])
        _follow(fulfillment, visit, metres)
    if near and visit.status == VisitStatus.ON_MY_WAY:
        move_visit(visit, to=VisitStatus.NEARBY, nearby_at=clock.now())
        tell(visit, CustomerNearby, part=fulfillment)
    return Located(visit, metres, near)


def _place(latitude: float, longitude: float, accuracy: float) -> Point:
    told = (latitude, longitude, accuracy)
    if not all(map(math.isfinite, told)) or accuracy < 0:
        raise LocationInvalid
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004  degrees
        raise LocationInvalid("latitude is -90 to 90, longitude -180 to 180")
    if latitude == 0 == longitude:
        raise LocationInvalid("0, 0 is what a device says that does not know where it is")
    if accuracy > MOST_INACCURATE:
        raise LocationInaccurate(most=MOST_INACCURATE)
    return Point(latitude, longitude)


def _point(store: Store) -> Point:
    return Point(store.latitude, store.longitude)


def _eta(metres: int) -> datetime:
    minutes = drive_minutes(metres)
    if minutes > MOST_MINUTES:
        raise EtaOutOfRange(f"{metres} metres are too far away", most=MOST_MINUTES)
    return clock.now() + timedelta(minutes=minutes)


def _seen(metres: int) -> dict[str, object]:
    return {"metres": metres, "located_at": clock.now()}


def _follow(fulfillment: FulfillmentOrder, visit: Visit, metres: int) -> None:
    """Keep the distance, and the time of arrival while he drives; tell when that is news."""
    if visit.status not in EXPECTED:
        change(visit, **_seen(metres))
        return
    eta = _eta(metres)
    news = visit.eta is None or abs(eta - visit.eta) >= WORTH_TELLING
    change(visit, eta=eta if news else visit.eta, **_seen(metres))
    if news:
        tell(visit, VisitChanged, part=fulfillment)


def _drives(visit: Visit | None, metres: int) -> bool:
    """Whether he was elsewhere a moment ago: who only passes a store has not come to it."""
    if visit is None or visit.metres is None or visit.located_at is None:
        return False
    recent = clock.now() - visit.located_at < STILL
    return recent and abs(visit.metres - metres) > STANDS_WITHIN


def _wrong_store(locked: Locked, place: Point, metres: int) -> Store | None:
    """Before which other store he stands; none for who was told so and is on his way since."""
    visit = locked.visit
    if _drives(visit, metres) or (visit and visit.status == VisitStatus.BEING_SERVED):
        return None
    wrong = _store_at(place, locked.part.store)
    told = wrong and visit and known_stray(locked.part, wrong)
    return None if told else wrong


def _store_at(place: Point, own: Store) -> Store | None:
    """The other store of the chain that he stands before, the nearest if there are several."""
    span = STANDS_WITHIN / METRES_PER_DEGREE
    wide = span / max(0.01, math.cos(math.radians(place.latitude)))
    stores = Store.objects.filter(
        active=True,
        brand=own.brand_id,
        latitude__range=(place.latitude - span, place.latitude + span),
        longitude__range=(place.longitude - wide, place.longitude + wide),
    ).exclude(pk=own.pk)
    near = [(metres_between(place, _point(store)), store.pk, store) for store in stores]
    return next((store for metres, _, store in sorted(near) if metres <= STANDS_WITHIN), None)
