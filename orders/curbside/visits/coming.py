"""What a customer says of a visit: on my way, I am here, I have left; or staff in his place."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from hub import clock
from hub.customers.services.vehicles import remember_vehicle
from hub.events.catalog import CustomerArrived, CustomerOnTheWay, VisitChanged, VisitEnded
from hub.trace import acting
from orders.actions import is_first
from orders.curbside.errors import EtaOutOfRange, NoVisit, PickupOver, SpotTaken, UnknownPlacement
from orders.curbside.spots import free_labels, usable_spot
from orders.curbside.vehicles import Car, tidy
from orders.curbside.visits.keeping import (
    EXPECTED,
    PLACE_CHARACTERS,
    SPOT_CHARACTERS,
    Locked,
    active_visit,
    change,
    join,
    lock_customer,
    lock_visit,
    open_visit_for,
    parts_of,
    ready,
    tell,
)
from orders.models import (
    FulfillmentOrder,
    Placement,
    Spot,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.states import move_visit
from orders.text import clean

MOST_MINUTES = 180


@dataclass(frozen=True)
class _Said:
    """What a customer tells on arriving, made safe; empty is silence and changes nothing."""

    spot: str
    place: str
    car: Car
    placement: str
    accessible: bool
    oversize: bool

    def details(self) -> dict[str, Any]:
        """The columns of a visit that it fills, beside where the car stands."""
        told = {
            "vehicle": self.car.words,
            "plate_hash": self.car.plate_hash,
            "placement": self.placement,
            "needs_accessible": self.accessible,
            "needs_oversize": self.oversize,
        }
        return {name: value for name, value in told.items() if value}


@transaction.atomic
def say_on_my_way(
    *, fulfillment: FulfillmentOrder, minutes: int, source: str = Visit.Source.PAGE
) -> Visit:
    """The customer is expected in ``minutes`` (1 to 180); said again, the time is corrected.

    Somebody who has arrived already stays arrived. Raises EtaOutOfRange or PickupOver.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise EtaOutOfRange(f"say 1 to {MOST_MINUTES} minutes", most=MOST_MINUTES)
    locked = lock_customer(fulfillment)
    eta = clock.now() + timedelta(minutes=minutes)
    visit = locked.visit
    if visit is None:
        visit = open_visit_for(fulfillment, eta=eta, source=source)
        tell(visit, CustomerOnTheWay, part=fulfillment, others=())
        return visit
    joined = join(visit, [fulfillment])
    if (visit.status in EXPECTED and change(visit, eta=eta)) or joined:
        tell(visit, VisitChanged, part=fulfillment)
    return visit


def arrive(
    *,
    fulfillment: FulfillmentOrder,
    spot: str = "",
    place: str = "",
    vehicle: Car | str = "",
    placement: str = "",
    accessible: bool = False,
    oversize: bool = False,
    remember: bool = False,
    source: str = Visit.Source.PAGE,
) -> Visit:
    """The customer is here: at the numbered ``spot``, or at a ``place`` in their own words.

    What else is ready for the same customer at the store joins the visit. Said again, only what
    is new is taken over: a customer may move to another spot. ``remember``: he agreed that the
    car is kept for the next time. Raises UnknownSpot, SpotClosed, SpotTaken (all list the free
    ones), UnknownPlacement, TextTooLong or PickupOver; nothing is changed then.
    """
    if placement and placement not in Placement.values:
        raise UnknownPlacement(known=Placement.values)
    said = _Said(
        spot=clean(spot, limit=SPOT_CHARACTERS, what="the spot"),
        place=clean(place, limit=PLACE_CHARACTERS, what="the place"),
        car=tidy(vehicle),
        placement=placement,
        accessible=accessible,
        oversize=oversize,
    )
    try:
        with transaction.atomic():
            return _arrive(fulfillment, said, remember=remember, source=source)
    except IntegrityError as error:
        if "visit_one_per_spot" not in str(error):
            raise
    raise SpotTaken(free=free_labels(fulfillment.store))


@transaction.atomic
def open_visit(
    *,
    fulfillment: FulfillmentOrder,
    by: AbstractBaseUser | None,
    spot: str = "",
    place: str = "",
    vehicle: Car | str = "",
    token: str = "",
) -> Visit:
    """Somebody of the store says for a customer who walks up or calls that he is here.

    Raises what ``arrive`` raises.
    """
    with acting(f"staff:{by.pk}") if by else nullcontext():
        if not is_first(fulfillment=fulfillment, action="open_visit", token=token):
            return _newest_visit(fulfillment)
        return arrive(
            fulfillment=fulfillment,
            spot=spot,
            place=place,
            vehicle=vehicle,
            source=Visit.Source.STAFF,
        )


@transaction.atomic
def leave(*, fulfillment: FulfillmentOrder) -> Visit:
    """The customer goes away, or does not come after all: the visit is LEFT, its spot free.

    The goods stay as they are, and a new visit may follow. Somebody who has left already stays
    so. Raises NoVisit when nobody ever came.
    """
    visit = active_visit(fulfillment)
    if visit is None:
        return _newest_visit(fulfillment)
    visit, parts = lock_visit(visit), parts_of(visit)
    if not VisitPickup.objects.filter(visit=visit, active=True).update(active=False):
        return visit
    move_visit(visit, to=VisitStatus.LEFT, ended_at=clock.now())
    tell(visit, VisitEnded, part=fulfillment, others=parts)
    return visit


@transaction.atomic
def join_who_waits(*, fulfillment: FulfillmentOrder) -> None:
    """Let goods that became ready join the visit of their customer, if he is here already."""
    try:
        locked = lock_customer(fulfillment)
    except PickupOver:
        return
    visit = locked.visit
    if visit and visit.status not in EXPECTED and join(visit, ready([fulfillment])):
        tell(visit, VisitChanged, part=fulfillment)


def _arrive(fulfillment: FulfillmentOrder, said: _Said, *, remember: bool, source: str) -> Visit:
    locked = lock_customer(fulfillment)
    visit = locked.visit
    spot = usable_spot(fulfillment.store, said.spot, beside=visit.spot_id if visit else None)
    changes = said.details() | _where(spot, said.place)
    if remember and said.car.details:
        remember_vehicle(
            profile=fulfillment.order.profile,
            details=said.car.details,
            plate_hash=said.car.plate_hash,
        )
    if visit is not None and visit.status not in EXPECTED:
        return _say_more(locked, visit, changes)
    changes |= {"arrived_at": clock.now(), "source": source}
    if visit is None:
        visit = open_visit_for(fulfillment, status=VisitStatus.ARRIVED, **changes)
        tell(visit, CustomerArrived, part=fulfillment, others=join(visit, ready(locked.others)))
    else:
        move_visit(visit, to=VisitStatus.ARRIVED, **changes)
        join(visit, [fulfillment, *ready(locked.others)])
        tell(visit, CustomerArrived, part=fulfillment)
    return visit


def _say_more(locked: Locked, visit: Visit, changes: dict[str, Any]) -> Visit:
    """What somebody who is here already adds; saying anything, he is not missing any more."""
    joined = join(visit, [locked.part, *ready(locked.others)])
    if change(visit, missing_at=None, **changes) or joined:
        tell(visit, VisitChanged, part=locked.part)
    return visit


def _where(spot: Spot | None, place: str) -> dict[str, Any]:
    """What is newly known of the place; a place in words replaces a spot, silence nothing."""
    return {"spot": spot, "place": place, "spot_asked_at": None} if spot or place else {}


def _newest_visit(fulfillment: FulfillmentOrder) -> Visit:
    pickups = VisitPickup.objects.filter(fulfillment=fulfillment).select_related("visit")
    pickup = pickups.order_by("pk").last()
    if pickup is None:
        raise NoVisit
    return pickup.visit
