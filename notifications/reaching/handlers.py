"""Reactions that see to it that a customer gets what he must know, or is called."""

from __future__ import annotations

import json
import logging

from django.db.models import Q

from hub.events.catalog import (
    CustomerArrived,
    CustomerNearby,
    CustomerOnTheWay,
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentHandedOff,
    FulfillmentRerouted,
    InboundReceived,
    MessageNotSent,
    MoveAnswered,
    OfFulfillment,
    OrderCanceled,
    SubstitutesAnswered,
)
from hub.events.registry import handles
from hub.inbox.models import InboundCall
from notifications.cases import cases_of
from notifications.choosing import STALE
from notifications.models import Message
from notifications.reaching.calls import close_for_visit, close_needless
from notifications.reaching.following import follow
from notifications.services.canceling import held, take_back
from notifications.services.deciding import still_holds
from notifications.services.folding import LONGEST_REFERENCE, STATUSES, Heard, take_heard

logger = logging.getLogger("hub.notifications")

SOURCES = ("sms:", "email:")
KIND = "message."
RECEIVED = "message.received"
CODE_CHARACTERS = 20
TAKING_BACK = "sms-recall"


def _is_receipt(fact: InboundReceived) -> bool:
    """Of a carrier of messages, and no text of a customer."""
    return fact.source.startswith(SOURCES) and fact.kind != RECEIVED


@handles(InboundReceived, only=_is_receipt)
def take_receipt_call(fact: InboundReceived) -> None:
    """Fold what a provider says of a message; what it says beside that is left alone."""
    body = InboundCall.objects.get(pk=fact.call_id).body
    heard = heard_in(body, source=fact.source, call_id=fact.call_id)
    if heard:
        take_heard(heard)
    else:
        logger.info("a call that says nothing of a message", extra={"row": fact.call_id})


@handles(MessageNotSent)
def follow_at_once(fact: MessageNotSent) -> None:
    """What must reach its customer goes another way, without waiting for a receipt."""
    follow(message_id=fact.message_id)


@handles(
    FulfillmentHandedOff,
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentRerouted,
    SubstitutesAnswered,
    MoveAnswered,
    OrderCanceled,
)
def end_calls(fact: OfFulfillment | OrderCanceled) -> None:
    """Nobody calls about what is over or answered."""
    close_needless(which=Q(order_id=fact.order_id))


@handles(
    FulfillmentHandedOff, FulfillmentCanceled, FulfillmentExpired, OrderCanceled, lane=TAKING_BACK
)
def take_back_texts(fact: OfFulfillment | OrderCanceled) -> None:
    """What a provider still holds and is not true any more does not arrive, where it can be
    stopped; else its receipt will show that it came too late."""
    messages = held(Message.objects.filter(order_id=fact.order_id))
    cases = cases_of(messages)
    for message in messages:
        if not still_holds(message, cases[message.pk].fulfillment):
            take_back(message, reason=STALE)


@handles(CustomerOnTheWay, CustomerNearby, CustomerArrived)
def end_calls_of_visit(fact: CustomerOnTheWay | CustomerNearby | CustomerArrived) -> None:
    """Who comes knows."""
    close_for_visit(fulfillment_id=fact.fulfillment_id)


def heard_in(body: str, *, source: str, call_id: int | None = None) -> Heard | None:
    """What a call in the hub's own form (type, data) says of a message; None when it does not."""
    try:
        call = json.loads(body)
        status = call["type"].removeprefix(KIND)
        data = call["data"]
        reference = data.get("reference") or data.get("provider_reference")
        code = data.get("code") or ""
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if status not in STATUSES or not _is_readable(reference):
        return None
    return Heard(
        source=source,
        reference=reference[:LONGEST_REFERENCE],
        status=status,
        raw=body,
        code=str(code)[:CODE_CHARACTERS] if _is_readable(str(code)) else "",
        call_id=call_id,
    )


def _is_readable(text: object) -> bool:
    return isinstance(text, str) and bool(text) and text.isascii() and text.isprintable()
