"""Reasons why an order may not move on: opened and lifted here, honoured by ``orders.states``."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from hub import clock
from hub.errors import Conflict
from hub.trace import actor
from orders.actions import ACTOR_CHARACTERS, lock_parts
from orders.errors import ReasonMissing
from orders.models import Block, FulfillmentOrder, Order, OrderStatus, RecalledPart
from orders.text import clean

WHY_CHARACTERS = 60
BY_HAND = frozenset({Block.Reason.AMOUNT, Block.Reason.OTHER})


class OrderOver(Conflict):
    """Nothing of an order that has ended can be stopped."""

    code = "order_over"
    title = "The order has ended"


class NotByHand(Conflict):
    """Something else has to happen before the order may move on."""

    code = "block_not_by_hand"
    title = "This block is not lifted by hand"


@transaction.atomic
def open_block(*, order: Order, reason: str, note: str = "") -> Block:
    """Stop every step forward of the order's parts, from the commit on, until it is lifted.

    A step that is under way at the same moment either finishes before the block or is refused:
    raising the versions makes the two meet on the same row (see ``orders.states``).
    """
    who = actor()[:ACTOR_CHARACTERS]
    block = Block.objects.create(order=order, reason=reason, note=note, opened_by=who)
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
def lift_block(*, block: Block, why: str = "") -> bool:
    """Let the order move on as far as this block is concerned; False when it was lifted before."""
    open_rows = Block.objects.filter(pk=block.pk, lifted_at__isnull=True)
    who = actor()[:ACTOR_CHARACTERS]
    lifted = bool(open_rows.update(lifted_at=clock.now(), lifted_by=who, lifted_why=why))
    if lifted:
        _raise_versions(block.order_id)
        block.refresh_from_db(fields=["lifted_at", "lifted_by", "lifted_why"])
    return lifted


@transaction.atomic
def stop_by_hand(*, order: Order, why: str) -> Block:
    """Stop an open order because a person says so; the same reason again keeps the one block.

    Raises ReasonMissing, TextTooLong, and OrderOver for an order that has ended.
    """
    note = _reason(why)
    lock_parts(order.pk)
    order.refresh_from_db(fields=["status"])
    if order.status != OrderStatus.OPEN:
        raise OrderOver(f"it is {order.status}")
    same = order.blocks.filter(reason=Block.Reason.OTHER, note=note, lifted_at__isnull=True)
    return same.first() or open_block(order=order, reason=Block.Reason.OTHER, note=note)


@transaction.atomic
def lift_by_hand(*, block: Block, why: str) -> bool:
    """Let the order move on because a person answers for it; False when it was lifted before.

    Raises ReasonMissing, TextTooLong, and NotByHand for a block that something else has to end.
    """
    reason = _reason(why)
    if not may_lift_by_hand(block):
        raise NotByHand(f"{block.get_reason_display()}: {block.note}".rstrip(": "))
    return lift_block(block=block, why=reason)


def may_lift_by_hand(block: Block) -> bool:
    """Whether staff may end it: a changed amount, and what was stopped for some other reason.

    Payment, fraud and age are the site's to settle, substitutes and moves end with their questions,
    and a recall with a look at the goods.
    """
    recalled = RecalledPart.objects.filter(block=block)
    return block.reason in BY_HAND and not recalled.exists()


def _reason(why: str) -> str:
    reason = clean(why, limit=WHY_CHARACTERS, what="the reason")
    if not reason:
        raise ReasonMissing
    return reason


def _raise_versions(order_id: int) -> None:
    """Mark the order's parts as changed, locking them in the order that every service uses."""
    lock_parts(order_id)
    FulfillmentOrder.objects.filter(order_id=order_id).update(version=F("version") + 1)
