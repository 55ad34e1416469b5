"""What the store's people do with a visit: see to it, serve it, look for the customer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction

from hub import clock
from hub.events.catalog import CustomerBeingServed, CustomerMissing, SpotAsked, VisitChanged
from hub.trace import acting
from orders.actions import is_first
from orders.curbside.errors import AlreadyClaimed, NoVisit, SpotTaken, UnknownSpot
from orders.curbside.spots import free_labels, usable_spot
from orders.curbside.visits.keeping import (
    SPOT_CHARACTERS,
    active_visit,
    change,
    lock_customer,
    lock_visit,
    parts_of,
    tell,
)
from orders.errors import IllegalMove
from orders.models import FulfillmentOrder, Spot, Visit, VisitPickup, VisitStatus
from orders.models.visit import ACTIVE_VISIT
from orders.states import move_visit
from orders.text import clean

HERE = frozenset({VisitStatus.ARRIVED, VisitStatus.BEING_SERVED})
NAME_CHARACTERS = 150


@transaction.atomic
def begin_service(*, fulfillment: FulfillmentOrder, token: str = "") -> Visit:
    """Somebody of the store walks out with the goods. Raises NoVisit or IllegalMove.

    A customer who had not said that he is here has arrived by that.
    """
    first = is_first(fulfillment=fulfillment, action="serve", token=token)
    if not first:
        return _visit_of(fulfillment)
    lock_customer(fulfillment)
    visit = lock_visit(_visit_of(fulfillment))
    now = clock.now()
    move_visit(
        visit,
        to=VisitStatus.BEING_SERVED,
        served_at=now,
        arrived_at=visit.arrived_at or now,
        missing_at=None,
    )
    tell(visit, CustomerBeingServed, part=fulfillment)
    return visit


def claim(*, visit: Visit, by: AbstractUser, token: str = "", take_over: bool = False) -> Visit:
    """``by`` sees to this customer, as everybody can see. Raises NoVisit, and AlreadyClaimed
    unless he means to ``take_over`` from whom it names."""

    def act(fresh: Visit, _part: FulfillmentOrder) -> None:
        name = (by.get_full_name() or by.get_username())[:NAME_CHARACTERS]
        if fresh.claimed_by not in ("", name) and not take_over:
            raise AlreadyClaimed(f"{fresh.claimed_by} does", claimed_by=fresh.claimed_by)
        if fresh.claimed_by != name:
            change(fresh, claimed_by=name, claimed_at=clock.now())

    return _act(visit, by=by, action="claim", token=token, act=act)


def customer_missing(*, visit: Visit, by: AbstractUser | None, token: str = "") -> Visit:
    """Nobody is where the customer said; he is missing until he says anything.

    Raises NoVisit, or IllegalMove when he has not said that he is here.
    """

    def act(fresh: Visit, part: FulfillmentOrder) -> None:
        _require_here(fresh)
        if fresh.missing_at is None:
            change(fresh, missing_at=clock.now())
            tell(fresh, CustomerMissing, part=part)

    return _act(visit, by=by, action="missing", token=token, act=act)


def ask_spot(*, visit: Visit, by: AbstractUser | None, token: str = "") -> Visit:
    """The customer stands somewhere else: what he said is forgotten, and he is asked where.

    His spot is free for others. Raises NoVisit, or IllegalMove as above.
    """

    def act(fresh: Visit, part: FulfillmentOrder) -> None:
        _require_here(fresh)
        if fresh.spot_asked_at is None or fresh.spot_id or fresh.place:
            change(fresh, spot=None, place="", spot_asked_at=clock.now())
            tell(fresh, SpotAsked, part=part)

    return _act(visit, by=by, action="ask_spot", token=token, act=act)


def move_spot(*, visit: Visit, spot: Spot | str, by: AbstractUser | None, token: str = "") -> Visit:
    """Write down that the car stands on ``spot`` (or the one of that label).

    Raises NoVisit, UnknownSpot, SpotClosed or SpotTaken; nothing is changed then.
    """
    label = clean(str(spot), limit=SPOT_CHARACTERS, what="the spot")
    if not label:
        raise UnknownSpot(free=free_labels(visit.store))

    def act(fresh: Visit, part: FulfillmentOrder) -> None:
        found = usable_spot(fresh.store, label, beside=fresh.spot_id)
        if change(fresh, spot=found, place="", spot_asked_at=None):
            tell(fresh, VisitChanged, part=part)

    try:
        with transaction.atomic():
            return _act(visit, by=by, action="move_spot", token=token, act=act)
    except IntegrityError as error:
        if "visit_one_per_spot" not in str(error):
            raise
    raise SpotTaken(free=free_labels(visit.store))


@transaction.atomic
def _act(
    visit: Visit,
    *,
    by: AbstractUser | None,
    action: str,
    token: str,
    act: Callable[[Visit, FulfillmentOrder], None],
) -> Visit:
    """Do it once for the token, on the fresh row of a visit that is not over."""
    pickups = VisitPickup.objects.filter(visit=visit).select_related("fulfillment")
    oldest = pickups.order_by("pk").first()
    if oldest is None:
        raise NoVisit
    with acting(f"staff:{by.pk}") if by else nullcontext():
        if not is_first(fulfillment=oldest.fulfillment, action=action, token=token):
            return Visit.objects.get(pk=visit.pk)
        fresh = lock_visit(visit)
        if fresh.status not in ACTIVE_VISIT:
            raise NoVisit
        act(fresh, parts_of(fresh)[0])
        return fresh


def _visit_of(fulfillment: FulfillmentOrder) -> Visit:
    visit = active_visit(fulfillment)
    if visit is None:
        raise NoVisit
    return visit


def _require_here(visit: Visit) -> None:
    if visit.status not in HERE:
        raise IllegalMove(
            f"the customer is {visit.status}, so nobody looks for him",
            present_status=str(visit.status),
            version=visit.version,
        )
