"""What the curb does when goods become ready, and when there is nothing left to collect."""

from __future__ import annotations

from collections.abc import Sequence

from hub.events.catalog import (
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentRejected,
    OfFulfillment,
    ReadyForPickup,
)
from hub.events.models import Fact
from hub.events.registry import handles
from orders.curbside.visits import abandon_pickup, join_who_waits
from orders.curbside.visits.serving import HERE
from orders.models import FulfillmentOrder, Visit


@handles(FulfillmentCanceled, FulfillmentRejected, FulfillmentExpired)
def end_visit(fact: OfFulfillment) -> None:
    """Free the spot of a customer who came for nothing, and let the links only inform."""
    abandon_pickup(fulfillment=FulfillmentOrder.objects.get(pk=fact.fulfillment_id))


@handles(ReadyForPickup, together=True)
def join_visit(facts: Sequence[ReadyForPickup], _rows: Sequence[Fact]) -> None:
    """Who is here for another order already gets this one, too.

    Where nobody waits there is nothing to lock: who arrives from now on finds it ready.
    """
    parts = FulfillmentOrder.objects.filter(pk__in=[fact.fulfillment_id for fact in facts])
    crowded = Visit.objects.filter(store__in=parts.values("store"), status__in=HERE)
    for part in parts.filter(store__in=crowded.values("store")).order_by("pk"):
        join_who_waits(fulfillment=part)
