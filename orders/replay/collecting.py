"""Collecting an order in its stores, as their people and the customer would: for returns."""

from __future__ import annotations

from hub.trace import acting
from orders.curbside.handing import hand_off
from orders.models import FulfillmentOrder, PickupCode
from orders.picking.services import accept, finish_picking, mark_ready, start_picking

SHELF = "R-1"


def collect(order_id: str) -> None:
    """All parts of the order (public id) are picked whole and handed over by their PIN.

    Raises what the steps raise.
    """
    parts = FulfillmentOrder.objects.filter(order__public_id=order_id)
    with acting("system"):
        for part in parts.select_related("order", "store").order_by("pk"):
            accept(fulfillment=part)
            start_picking(fulfillment=part)
            counts = dict(part.lines.values_list("pk", "allocated"))
            finish_picking(fulfillment=part, picked=counts)
            mark_ready(fulfillment=part, staging_location=SHELF, bags=1)
            pin = PickupCode.objects.get(fulfillment=part).pin
            hand_off(fulfillment=part, pin=str(pin), by=None)
