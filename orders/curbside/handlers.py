"""What the curb does when there is nothing left to collect."""

from __future__ import annotations

from hub.events.catalog import (
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentRejected,
    OfFulfillment,
)
from hub.events.registry import handles
from orders.curbside.visits import abandon_pickup
from orders.models import FulfillmentOrder


@handles(FulfillmentCanceled, FulfillmentRejected, FulfillmentExpired)
def end_visit(fact: OfFulfillment) -> None:
    """Free the spot of a customer who came for nothing, and let the links only inform."""
    abandon_pickup(fulfillment=FulfillmentOrder.objects.get(pk=fact.fulfillment_id))
