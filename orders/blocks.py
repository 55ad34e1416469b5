"""Reasons why an order may not move on: opened and lifted here, honoured by ``orders.states``."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from hub import clock
from orders.actions import lock_parts
from orders.models import Block, FulfillmentOrder, Order


@transaction.atomic
def open_block(*, order: Order, reason: str, note: str = "") -> Block:
    """Stop every step forward of the order's parts, from the commit on, until it is lifted.

    A step that is under way at the same moment either finishes before the block or is refused:
    raising the versions makes the two meet on the same row (see ``orders.states``).
    """
    block = Block.objects.create(order=order, reason=reason, note=note)
    _raise_versions(order.pk)
    return block


@transaction.atomic
def open_block_once(*, order: Order, reason: str, note: str = "") -> None:
    """As ``open_block``, unless a block of that reason is open already: then it stays the only
    one, with its own note."""
    lock_parts(order.pk)
    if not Block.objects.filter(order=order, reason=reason, lifted_at__isnull=True).exists():
        open_block(order=order, reason=reason, note=note)


@transaction.atomic
def lift_block(*, block: Block) -> bool:
    """Let the order move on as far as this block is concerned; False when it was lifted before."""
    open_rows = Block.objects.filter(pk=block.pk, lifted_at__isnull=True)
    lifted = bool(open_rows.update(lifted_at=clock.now()))
    if lifted:
        _raise_versions(block.order_id)
        block.refresh_from_db(fields=["lifted_at"])
    return lifted


def _raise_versions(order_id: int) -> None:
    """Mark the order's parts as changed, locking them in the order that every service uses."""
    lock_parts(order_id)
    FulfillmentOrder.objects.filter(order_id=order_id).update(version=F("version") + 1)
