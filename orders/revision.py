"""One number for the state of an order with all its parts."""

from __future__ import annotations

from collections.abc import Iterable

from orders.models import FulfillmentOrder, Order


def revision_of(order: Order, fulfillments: Iterable[FulfillmentOrder]) -> int:
    """What the API calls the order's ``version``: it grows with every change of the order or of
    any part of it, because each change raises one of the versions that it sums."""
    return order.version + sum(fulfillment.version for fulfillment in fulfillments)
