"""What every act on a visit needs: its locks, its parts, its details and its facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from hub import clock
from hub.events.catalog import OfVisit, VisitChanged
from hub.events.outbox import publish
from orders.curbside.errors import PickupOver
from orders.curbside.joining import same_customers_parts
from orders.curbside.vehicles import WORDS_CHARACTERS
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit, VisitPickup, VisitStatus
from orders.models.visit import ACTIVE_VISIT
from orders.states import LIVE

SPOT_CHARACTERS = 40
PLACE_CHARACTERS = 35
VEHICLE_CHARACTERS = WORDS_CHARACTERS
EXPECTED = frozenset({VisitStatus.ON_MY_WAY, VisitStatus.NEARBY})


@dataclass(frozen=True)
class Locked:
    """A customer's parts at one store, and the visit that some of them are in, if any.

    Nobody else acts on any of them until the transaction ends.
    """

    part: FulfillmentOrder
    others: list[FulfillmentOrder]
    visit: Visit | None


def lock_customer(fulfillment: FulfillmentOrder) -> Locked:
    """Lock a part with the other parts of its customer at the store, and their visit.

    All parts of their orders are locked, as ``lock_parts`` does for one. ``fulfillment`` shows
    the fresh row then. Raises PickupOver when it is over.
    """
    keys = same_customers_parts(fulfillment)
    orders = FulfillmentOrder.objects.filter(pk__in=[fulfillment.pk, *keys]).values("order")
    locking = FulfillmentOrder.objects.filter(order__in=orders).select_for_update(no_key=True)
    rows = {row.pk: row for row in locking.order_by("pk")}
    _show(rows[fulfillment.pk], on=fulfillment)
    if fulfillment.status not in LIVE:
        raise PickupOver(f"the order is {fulfillment.status}", present_status=fulfillment.status)
    others = [rows[key] for key in keys]
    return Locked(fulfillment, others, _visit_among(fulfillment, others))


def active_visit(fulfillment: FulfillmentOrder) -> Visit | None:
    """The visit that has come, or is coming, for this fulfillment order."""
    pickup = (
        VisitPickup.objects.filter(fulfillment=fulfillment, active=True)
        .select_related("visit__spot")
        .first()
    )
    return pickup.visit if pickup else None


def lock_visit(visit: Visit) -> Visit:
    """The fresh row, which nobody else changes until the transaction ends."""
    return Visit.objects.select_for_update(no_key=True).get(pk=visit.pk)


def parts_of(visit: Visit) -> list[FulfillmentOrder]:
    """What the visit has come for and has not got yet; of an ended one, what it came for."""
    pickups = VisitPickup.objects.filter(visit=visit).order_by("pk")
    rows = list(pickups.select_related("fulfillment__order", "fulfillment__store"))
    waiting = [pickup.fulfillment for pickup in rows if pickup.active]
    return waiting or [pickup.fulfillment for pickup in rows]


def open_visit_for(fulfillment: FulfillmentOrder, **values: Any) -> Visit:
    """A new visit that comes for the part."""
    visit = Visit.objects.create(store_id=fulfillment.store_id, created_at=clock.now(), **values)
    VisitPickup.objects.create(visit=visit, fulfillment=fulfillment)
    return visit


def join(visit: Visit, parts: Iterable[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """Let the visit come for these parts, too; returns those that were in none before."""
    parts = list(parts)
    if not parts:
        return []
    taken = VisitPickup.objects.filter(fulfillment__in=parts, active=True)
    busy = set(taken.values_list("fulfillment_id", flat=True))
    joined = [part for part in parts if part.pk not in busy]
    VisitPickup.objects.bulk_create(VisitPickup(visit=visit, fulfillment=one) for one in joined)
    return joined


def ready(parts: Iterable[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """Those that can be collected now."""
    return [part for part in parts if part.status == FulfillmentStatus.READY]


def change(visit: Visit, **changes: Any) -> bool:
    """Write details of a visit without moving it; returns whether any of them is news."""
    news = {name: value for name, value in changes.items() if _is_news(visit, name, value)}
    if news:
        Visit.objects.filter(pk=visit.pk).update(version=F("version") + 1, **news)
        visit.refresh_from_db()
    return bool(news)


def tell(
    visit: Visit,
    fact: type[OfVisit],
    *,
    part: FulfillmentOrder,
    others: Iterable[FulfillmentOrder] | None = None,
    **more: Any,
) -> None:
    """Publish a fact of the visit once, of ``part``; its other parts hear that it changed."""
    publish(fact(**_ids(part, visit), **more))
    for other in parts_of(visit) if others is None else others:
        if other.pk != part.pk:
            publish(VisitChanged(**_ids(other, visit)))


def _show(fresh: FulfillmentOrder, *, on: FulfillmentOrder) -> None:
    """Let the caller's part be as the row is now; what it knows of order and store stays known."""
    for column in fresh._meta.concrete_fields:
        setattr(on, column.attname, getattr(fresh, column.attname))


def _ids(part: FulfillmentOrder, visit: Visit) -> dict[str, Any]:
    return {"order_id": part.order_id, "fulfillment_id": part.pk, "visit_id": visit.pk}


def _is_news(visit: Visit, name: str, value: Any) -> bool:
    return bool(getattr(visit, name) != value)


def _visit_among(part: FulfillmentOrder, others: list[FulfillmentOrder]) -> Visit | None:
    """The part's own visit, or else the oldest of its customer's, locked."""
    pickups = VisitPickup.objects.filter(fulfillment__in=[part, *others], active=True)
    own_first = {part.pk: 0}
    found = sorted(
        pickups.values_list("fulfillment_id", "visit_id"),
        key=lambda pair: (own_first.get(pair[0], 1), pair[1]),
    )
    for _, key in found:
        visit = Visit.objects.select_for_update(no_key=True).get(pk=key)
        if visit.status in ACTIVE_VISIT:
            return visit
    return None
