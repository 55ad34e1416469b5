"""What the curb does when goods become ready, and when there is nothing left to collect."""

from __future__ import annotations

from hub.events.catalog import (
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentRejected,
    OfFulfillment,
    ReadyForPickup,
)
from hub.events.registry import handles
from orders.curbside.visits import abandon_pickup, join_who_waits
from orders.models import FulfillmentOrder


@handles(FulfillmentCanceled, FulfillmentRejected, FulfillmentExpired)
def end_visit(fact: OfFulfillment) -> None:
    """Free the spot of a customer who came for nothing, and let the links only inform."""
    abandon_pickup(fulfillment=FulfillmentOrder.objects.get(pk=fact.fulfillment_id))


@handles(ReadyForPickup)
def join_visit(fact: ReadyForPickup) -> None:
    """Who is here for another order already gets this one, too."""
    join_who_waits(fulfillment=FulfillmentOrder.objects.get(pk=fact.fulfillment_id))
