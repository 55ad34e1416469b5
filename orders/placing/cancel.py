"""Canceling a whole order while its goods are not ready."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from hub.events.catalog import FulfillmentCanceled, OrderCanceled
from hub.events.outbox import publish
from inventory.services.allocations import release
from orders.actions import lock_parts
from orders.errors import IllegalMove, StaleVersion, TooLate
from orders.models import FulfillmentOrder, FulfillmentStatus, Order, OrderLine, OrderStatus
from orders.revision import revision_of
from orders.states import BEFORE_READY, LIVE, move, move_order

REASON_CHARACTERS = 60


@transaction.atomic
def cancel_order(*, order: Order, reason: str, version: int | None = None) -> Order:
    """End the order and all its live parts as CANCELED, and put their goods back on sale.

    ``reason`` has at most 60 characters; ``version`` is the order's revision as the caller read
    it. An order that is canceled already stays as it is, whatever the version. Raises
    StaleVersion, TooLate once a part is ready or handed over, and IllegalMove for an order that
    is completed; then nothing has changed.
    """
    lock_parts(order.pk)
    order.refresh_from_db()
    if order.status == OrderStatus.CANCELED:
        return order
    parts = list(order.fulfillments.order_by("pk"))
    _check(order, parts, version)
    # stores in one order, so that two cancellations never wait for each other's stock
    for part in sorted(parts, key=lambda part: part.store_id):
        if part.status in LIVE:
            _cancel_part(part, reason[:REASON_CHARACTERS])
    OrderLine.objects.filter(order=order).update(canceled=F("quantity"))
    move_order(order, to=OrderStatus.CANCELED)
    publish(OrderCanceled(order_id=order.pk))
    return order


def _check(order: Order, parts: list[FulfillmentOrder], version: int | None) -> None:
    revision = revision_of(order, parts)
    fresh = {"present_status": str(order.status), "version": revision}
    if version is not None and version != revision:
        raise StaleVersion(f"it is at version {revision}, not {version}", **fresh)
    if order.status != OrderStatus.OPEN:
        raise IllegalMove(f"it is {order.status}, so it cannot become canceled", **fresh)
    if refusal := why_not_cancel(order, parts):
        raise TooLate(refusal, **fresh)


def why_not_cancel(order: Order, parts: list[FulfillmentOrder]) -> str:
    """The reason why the order cannot be canceled now, or nothing."""
    if order.status != OrderStatus.OPEN:
        return f"it is {order.status}"
    late = {FulfillmentStatus.COMPLETED, *(LIVE - BEFORE_READY)}
    found = sorted({str(part.status) for part in parts if part.status in late})
    return f"a part of it is {' and '.join(found)}" if found else ""


def _cancel_part(part: FulfillmentOrder, reason: str) -> None:
    move(part, to=FulfillmentStatus.CANCELED, reason=reason)
    release(reference=part.public_id)
    publish(FulfillmentCanceled(order_id=part.order_id, fulfillment_id=part.pk))
