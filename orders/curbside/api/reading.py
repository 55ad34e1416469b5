"""Finding parts and visits for a caller: his channel's, of his kind of key, in his stores."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from hub.api.auth import Caller
from hub.errors import NotFound
from orders.curbside.errors import VisitOver
from orders.models import FulfillmentOrder, Visit, VisitPickup
from orders.models.visit import ACTIVE_VISIT


@dataclass(frozen=True)
class Seen:
    """A visit as one caller sees it: with his own orders' parts, the oldest first."""

    visit: Visit
    parts: list[FulfillmentOrder]

    @property
    def part(self) -> FulfillmentOrder:
        """The part in whose name the caller acts. Raises VisitOver when the visit has ended."""
        if self.visit.status not in ACTIVE_VISIT:
            raise VisitOver(f"the visit is {self.visit.status}", present_status=self.visit.status)
        return self.parts[0]


def find_part(caller: Caller, public_id: str) -> FulfillmentOrder:
    """The part with its order and store; raises NotFound, for those of others too."""
    rows = FulfillmentOrder.objects.select_related("order", "store").filter(
        public_id=public_id,
        order__channel=caller.channel,
        order__is_test=caller.is_test,
    )
    part = rows.first()
    if part is None or not caller.may_use(part.store_id):
        raise NotFound("no such fulfillment order")
    return part


def find_visit(caller: Caller, public_id: str) -> Seen:
    """The visit with the caller's parts in it; raises NotFound when none of them is his."""
    pickups = _pickups(caller).filter(visit__public_id=public_id)
    return _seen(list(pickups))


def seen_by(caller: Caller, visit: Visit) -> Seen:
    """The visit, read afresh, as the caller sees it."""
    return _seen(list(_pickups(caller).filter(visit=visit)))


def _pickups(caller: Caller) -> QuerySet[VisitPickup]:
    rows = VisitPickup.objects.select_related(
        "visit__spot", "visit__store", "fulfillment__order", "fulfillment__store"
    )
    return rows.filter(
        fulfillment__order__channel=caller.channel, fulfillment__order__is_test=caller.is_test
    ).filter(**({} if caller.store_ids is None else {"visit__store__in": caller.store_ids}))


def _seen(pickups: list[VisitPickup]) -> Seen:
    """Those of an ended visit are what it came for; of another, what it still comes for."""
    if not pickups:
        raise NotFound("no such visit")
    pickups.sort(key=lambda pickup: (not pickup.active, pickup.pk))
    visit = pickups[0].visit
    ended = visit.status not in ACTIVE_VISIT
    mine = [pickup.fulfillment for pickup in pickups if pickup.active or ended]
    return Seen(visit, mine or [pickups[0].fulfillment])
