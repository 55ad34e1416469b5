"""Canceling what the site did not cancel itself: then it is told what it owes its customer."""

from __future__ import annotations

from django.db import transaction

from orders.actions import lock_parts
from orders.models import Order
from orders.placing.cancel import cancel_order
from orders.refunds import refund_canceled, units_canceled


@transaction.atomic
def cancel_and_owe(*, order: Order, reason: str) -> Order:
    """Cancel the whole order because somebody of the chain says so; else as ``cancel_order``.

    Afterwards RefundDue has told the site the price of all that was not canceled before.
    """
    lock_parts(order.pk)
    before = units_canceled(order)
    canceled = cancel_order(order=order, reason=reason)
    part = order.fulfillments.order_by("-pk").first()
    if part is not None:
        refund_canceled(fulfillment=part, before=before)
    return canceled
