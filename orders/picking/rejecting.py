"""The store cannot prepare its part of an order."""

from __future__ import annotations

from django.db import transaction

from hub.events.catalog import FulfillmentRejected
from hub.events.outbox import publish
from inventory.services.allocations import release
from orders.actions import is_first, lock_parts
from orders.blocks import open_block
from orders.models import Block, FulfillmentOrder, FulfillmentStatus
from orders.picking.errors import ReasonMissing
from orders.states import LIVE, move
from orders.text import clean

REASON_CHARACTERS = 60


@transaction.atomic
def reject(
    *,
    fulfillment: FulfillmentOrder,
    reason: str,
    token: str = "",
    version: int | None = None,
) -> None:
    """The store cannot do it: REJECTED, its stock is free again.

    When no other store works on the order, a block stands on it so that a person looks.
    """
    why = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    if not why:
        raise ReasonMissing
    if not is_first(fulfillment=fulfillment, action="reject", token=token):
        return
    lock_parts(fulfillment.order_id)
    move(fulfillment, to=FulfillmentStatus.REJECTED, version=version, reason=why)
    release(reference=fulfillment.public_id)
    publish(FulfillmentRejected(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    others = FulfillmentOrder.objects.filter(order_id=fulfillment.order_id, status__in=LIVE)
    if not others.exists():
        note = f"no store works on it: {why}"
        open_block(order=fulfillment.order, reason=Block.Reason.OTHER, note=note)
        fulfillment.refresh_from_db()
