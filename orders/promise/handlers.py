"""A part that is over needs no place in a pickup window."""

from __future__ import annotations

from hub.events.catalog import (
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentRejected,
    OfFulfillment,
)
from hub.events.registry import handles
from orders.models import FulfillmentOrder
from orders.promise.windows import unbook


@handles(FulfillmentCanceled, FulfillmentRejected, FulfillmentExpired)
def free_window(fact: OfFulfillment) -> None:
    """Give the place of a part that will not be collected to others."""
    rows = FulfillmentOrder.objects.filter(pk=fact.fulfillment_id)
    unbook(reference=rows.values_list("public_id", flat=True).get())
