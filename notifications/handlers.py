"""Reactions to facts: each worth telling leaves a message; receipts find theirs."""

from __future__ import annotations

import json
import logging

from hub.events import retention
from hub.events.catalog import (
    FulfillmentCanceled,
    FulfillmentHandedOff,
    InboundReceived,
    OrderCanceled,
    OrderPlaced,
    ReadyForPickup,
)
from hub.events.queues import Queue, register
from hub.events.registry import handles
from hub.inbox.models import InboundCall
from notifications.models import Message
from notifications.purging import purge_receipts
from notifications.purposes import CANCELED, HANDED_OFF, ORDER_RECEIVED, READY
from notifications.services.folding import LONGEST_REFERENCE, OUTCOME_OF_STATUS, take_receipt
from notifications.services.sending import send
from notifications.services.writing import write_message
from orders.models import Order, OrderStatus

logger = logging.getLogger("hub.notifications")

register(Queue(model=Message, run=send, in_doubt="outcome IN ('submitting', 'ambiguous')"))
retention.register("receipts", purge_receipts)


@handles(OrderPlaced)
def tell_order_received(fact: OrderPlaced) -> None:
    write_message(purpose=ORDER_RECEIVED, subject=f"order:{fact.order_id}")


@handles(ReadyForPickup)
def tell_ready(fact: ReadyForPickup) -> None:
    write_message(purpose=READY, subject=f"fulfillment:{fact.fulfillment_id}")


@handles(FulfillmentHandedOff)
def tell_handed_off(fact: FulfillmentHandedOff) -> None:
    write_message(purpose=HANDED_OFF, subject=f"fulfillment:{fact.fulfillment_id}")


@handles(OrderCanceled, FulfillmentCanceled)
def tell_canceled(fact: OrderCanceled | FulfillmentCanceled) -> None:
    """Tell once that the whole order is canceled; a part that was routed anew is no news."""
    if Order.objects.filter(pk=fact.order_id, status=OrderStatus.CANCELED).exists():
        write_message(purpose=CANCELED, subject=f"order:{fact.order_id}")


@handles(InboundReceived)
def take_sms_receipt(fact: InboundReceived) -> None:
    """Fold the receipt that an SMS provider sent; other calls, and odd ones, are not ours."""
    kind, _, provider = fact.source.partition(":")
    if kind != "sms":
        return
    body = InboundCall.objects.get(pk=fact.call_id).body
    said = _receipt_in(body)
    if said is None:
        logger.warning("not a receipt", extra={"row": fact.call_id})
        return
    reference, status = said
    take_receipt(provider=provider, reference=reference, status=status, raw=body)


def _receipt_in(body: str) -> tuple[str, str] | None:
    """The (reference, status) of a receipt, or None when the body is none."""
    try:
        call = json.loads(body)
        status = call["type"].removeprefix("message.")
        data = call["data"]
        reference = data.get("reference") or data.get("provider_reference")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if status not in OUTCOME_OF_STATUS or not isinstance(reference, str):
        return None
    readable = reference.isascii() and reference.isprintable()
    return (reference[:LONGEST_REFERENCE], status) if reference and readable else None
