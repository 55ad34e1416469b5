"""What becomes of open questions when their order ends."""

from __future__ import annotations

from django.db import transaction

from hub.events.catalog import OrderCanceled, OrderCompleted
from hub.events.registry import handles
from orders.actions import lock_parts
from orders.models import Order
from orders.placing.moving import withdraw_offers


@handles(OrderCanceled, OrderCompleted)
@transaction.atomic
def end_offers(fact: OrderCanceled | OrderCompleted) -> None:
    """Give the goods back that were held for a customer who need not answer any more."""
    lock_parts(fact.order_id)
    withdraw_offers(Order.objects.get(pk=fact.order_id))
