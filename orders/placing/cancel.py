"""Canceling a whole order while its goods are not ready."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from hub.events.catalog import FulfillmentCanceled, OrderCanceled, OrderCompleted
from hub.events.outbox import publish
from orders.actions import lock_parts
from orders.errors import IllegalMove, StaleVersion, TooLate
from orders.models import FulfillmentOrder, FulfillmentStatus, Order, OrderLine, OrderStatus
from orders.putting_back import give_up_goods
from orders.revision import revision_of
from orders.states import BEFORE_READY, LIVE, move, move_order

REASON_CHARACTERS = 60


@transaction.atomic
def cancel_order(*, order: Order, reason: str, version: int | None = None) -> Order:
    """End the order and all its live parts as CANCELED, and put their goods back on sale.

    Goods that were picked already are on sale again when somebody has put them back. ``reason``
    has at most 60 characters; ``version`` is the order's revision as the caller read it. An order
    that is canceled already stays as it is, whatever the version. Raises StaleVersion, TooLate
    once a part is ready or handed over, and IllegalMove for an order that is completed; then
    nothing has changed.
    """
    lock_parts(order.pk)
    order.refresh_from_db()
    if order.status == OrderStatus.CANCELED:
        return order
    parts = list(order.fulfillments.order_by("pk"))
    check_open(order, parts, version)
    return cancel_locked(order, parts, reason)


def cancel_locked(
    order: Order, parts: Iterable[FulfillmentOrder], reason: str, *, whole: bool = True
) -> Order:
    """End these parts, and with ``whole`` their order. The caller has locked the parts and read
    the order since. Raises TooLate as ``cancel_order`` does."""
    parts = list(parts)
    if refusal := _too_late(parts):
        raise TooLate(refusal, present_status=order.status)
    # stores in one order, so that two cancellations never wait for each other's stock
    for part in sorted(parts, key=lambda part: part.store_id):
        if part.status in LIVE:
            move(part, to=FulfillmentStatus.CANCELED, reason=reason[:REASON_CHARACTERS])
            give_up_goods(fulfillment=part, reason=reason)
            publish(FulfillmentCanceled(order_id=part.order_id, fulfillment_id=part.pk))
    if whole:
        _cancel_rest(order)
    return order


def close_if_over(order: Order) -> None:
    """End an open order on which no store works any more: COMPLETED if something was handed over,
    else CANCELED. The caller has locked its parts."""
    statuses = set(order.fulfillments.values_list("status", flat=True))
    if statuses & LIVE:
        return
    if FulfillmentStatus.COMPLETED in statuses:
        move_order(order, to=OrderStatus.COMPLETED)
        publish(OrderCompleted(order_id=order.pk))
    else:
        _cancel_rest(order)


def _cancel_rest(order: Order) -> None:
    OrderLine.objects.filter(order=order).update(canceled=F("quantity"))
    move_order(order, to=OrderStatus.CANCELED)
    publish(OrderCanceled(order_id=order.pk))


def check_open(order: Order, parts: list[FulfillmentOrder], version: int | None) -> None:
    """Raise StaleVersion unless ``version`` (if any) is the revision, IllegalMove unless open."""
    revision = revision_of(order, parts)
    fresh = {"present_status": str(order.status), "version": revision}
    if version is not None and version != revision:
        raise StaleVersion(f"it is at version {revision}, not {version}", **fresh)
    if order.status != OrderStatus.OPEN:
        raise IllegalMove(f"it is {order.status}, so it cannot become canceled", **fresh)


def why_not_cancel(order: Order, parts: list[FulfillmentOrder]) -> str:
    """The reason why the order cannot be canceled now, or nothing."""
    return f"it is {order.status}" if order.status != OrderStatus.OPEN else _too_late(parts)


def why_not_amend(order: Order, parts: list[FulfillmentOrder]) -> str:
    """The reason why nothing of the order can be taken off it now, or nothing."""
    if order.status != OrderStatus.OPEN:
        return f"it is {order.status}"
    waiting = any(part.status in BEFORE_READY for part in parts)
    return "" if waiting else _too_late(parts) or "no store works on it"


def _too_late(parts: Iterable[FulfillmentOrder]) -> str:
    late = {FulfillmentStatus.COMPLETED, *(LIVE - BEFORE_READY)}
    found = sorted({str(part.status) for part in parts if part.status in late})
    return f"a part of it is {' and '.join(found)}" if found else ""
