"""The customer's trip to the curb.

A visit never changes what state the goods are in, nor waits for it: a customer may arrive before
the order is ready, and an order may be handed over at the counter without any visit. Every
service locks the fulfillment order first, so the acts on one pickup follow one another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from hub import clock
from hub.events.catalog import (
    CustomerArrived,
    CustomerBeingServed,
    CustomerOnTheWay,
    VisitEnded,
)
from hub.events.outbox import publish
from hub.links.services import end_links
from orders.actions import is_first
from orders.curbside.errors import (
    EtaOutOfRange,
    NoVisit,
    PickupOver,
    SpotTaken,
    UnknownSpot,
)
from orders.curbside.spots import find_spot, free_labels
from orders.models import (
    FulfillmentOrder,
    FulfillmentStatus,
    OrderStatus,
    Spot,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.states import LIVE, move_visit
from orders.text import clean

MOST_MINUTES = 180
SPOT_CHARACTERS = 40
PLACE_CHARACTERS = 35
VEHICLE_CHARACTERS = 80
REASON_CHARACTERS = 200
READABLE_AFTERWARDS = timedelta(days=7)
EXPECTED = frozenset({VisitStatus.ON_MY_WAY, VisitStatus.NEARBY})


@transaction.atomic
def say_on_my_way(*, fulfillment: FulfillmentOrder, minutes: int) -> Visit:
    """The customer is expected in ``minutes`` (1 to 180); said again, the time is corrected.

    Somebody who has arrived already stays arrived. Raises EtaOutOfRange or PickupOver.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise EtaOutOfRange(f"say 1 to {MOST_MINUTES} minutes", most=MOST_MINUTES)
    _lock(fulfillment)
    eta = clock.now() + timedelta(minutes=minutes)
    visit = active_visit(fulfillment)
    if visit is None:
        visit = _open_visit(fulfillment, status=VisitStatus.ON_MY_WAY, eta=eta)
        publish(CustomerOnTheWay(**_ids(fulfillment, visit)))
    elif visit.status in EXPECTED:
        _change(visit, eta=eta)
    return visit


@transaction.atomic
def arrive(
    *, fulfillment: FulfillmentOrder, spot: str = "", place: str = "", vehicle: str = ""
) -> Visit:
    """The customer is here: at the numbered ``spot``, or at a ``place`` in their own words.

    Said again, only what is new is taken over: a customer may move to another spot. Raises
    UnknownSpot, SpotTaken (both list the free ones), TextTooLong or PickupOver; nothing is
    changed then.
    """
    spot = clean(spot, limit=SPOT_CHARACTERS, what="the spot")
    place = clean(place, limit=PLACE_CHARACTERS, what="the place")
    vehicle = clean(vehicle, limit=VEHICLE_CHARACTERS, what="the vehicle")
    _lock(fulfillment)
    visit = active_visit(fulfillment)
    wanted = find_spot(fulfillment.store, spot, beside=visit.spot_id if visit else None)
    if spot and wanted is None:
        raise UnknownSpot(free=free_labels(fulfillment.store))
    changes = _where(wanted, place) | ({"vehicle": vehicle} if vehicle else {})
    try:
        with transaction.atomic():
            return _arrive(fulfillment, visit, changes)
    except IntegrityError as error:
        if "visit_one_per_spot" not in str(error):
            raise
        raise SpotTaken(free=free_labels(fulfillment.store)) from None


@transaction.atomic
def begin_service(*, fulfillment: FulfillmentOrder, token: str = "") -> Visit:
    """Somebody of the store walks out with the goods. Raises NoVisit or IllegalMove."""
    first = is_first(fulfillment=fulfillment, action="serve", token=token)
    if first:
        _lock(fulfillment)
    visit = active_visit(fulfillment)
    if visit is None:
        raise NoVisit
    if first:
        move_visit(visit, to=VisitStatus.BEING_SERVED, served_at=clock.now())
        publish(CustomerBeingServed(**_ids(fulfillment, visit)))
    return visit


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


def active_visit(fulfillment: FulfillmentOrder) -> Visit | None:
    """The visit that has come, or is coming, for this fulfillment order."""
    pickup = (
        VisitPickup.objects.filter(fulfillment=fulfillment, active=True)
        .select_related("visit__spot")
        .first()
    )
    return pickup.visit if pickup else None


def _arrive(fulfillment: FulfillmentOrder, visit: Visit | None, changes: dict[str, Any]) -> Visit:
    if visit is not None and visit.status not in EXPECTED:
        _change(visit, **changes)
        return visit
    changes["arrived_at"] = clock.now()
    if visit is None:
        visit = _open_visit(fulfillment, status=VisitStatus.ARRIVED, **changes)
    else:
        move_visit(visit, to=VisitStatus.ARRIVED, **changes)
    publish(CustomerArrived(**_ids(fulfillment, visit)))
    return visit


def _where(spot: Spot | None, place: str) -> dict[str, Any]:
    """What is newly known of the place; a place in words replaces a spot, silence nothing."""
    return {"spot": spot, "place": place} if spot or place else {}


def _lock(fulfillment: FulfillmentOrder) -> None:
    """Let nobody else act on this pickup until the transaction ends; refuse when it is over."""
    rows = FulfillmentOrder.objects.select_for_update(no_key=True)
    fulfillment.refresh_from_db(from_queryset=rows)
    if fulfillment.status not in LIVE:
        raise PickupOver(f"the order is {fulfillment.status}", present_status=fulfillment.status)


def _open_visit(fulfillment: FulfillmentOrder, **values: Any) -> Visit:
    visit = Visit.objects.create(store_id=fulfillment.store_id, **values)
    VisitPickup.objects.create(visit=visit, fulfillment=fulfillment)
    return visit


def _change(visit: Visit, **changes: Any) -> None:
    """Write details of a visit without moving it."""
    if changes:
        Visit.objects.filter(pk=visit.pk).update(version=F("version") + 1, **changes)
        visit.refresh_from_db()


def end_visit(fulfillment: FulfillmentOrder, *, to: str) -> None:
    """Take the pickup out of its visit; a visit without pickups is over."""
    visit = active_visit(fulfillment)
    if visit is None:
        return
    VisitPickup.objects.filter(visit=visit, fulfillment=fulfillment).update(active=False)
    if not visit.pickups.filter(active=True).exists():
        move_visit(visit, to=to, ended_at=clock.now())
        publish(VisitEnded(**_ids(fulfillment, visit)))


def end_pickup_links(fulfillment: FulfillmentOrder) -> None:
    """Let the customer's links only inform from now on, for seven days."""
    now = clock.now()
    end_links(
        purpose="pickup",
        subject=f"fulfillment:{fulfillment.pk}",
        read_only_at=now,
        expires_at=now + READABLE_AFTERWARDS,
    )


def _ids(fulfillment: FulfillmentOrder, visit: Visit) -> dict[str, Any]:
    return {
        "order_id": fulfillment.order_id,
        "fulfillment_id": fulfillment.pk,
        "visit_id": visit.pk,
    }
