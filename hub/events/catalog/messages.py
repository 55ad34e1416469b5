"""What became of what customers are told, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.catalog.orders import OfFulfillment
from hub.events.happening import Happening


@dataclass(frozen=True, kw_only=True)
class OfMessage(Happening):
    """Something that happened to a message; ``order_id`` is None when it is about no order."""

    order_id: int | None
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageAccepted(OfMessage):
    """A provider took the message over."""

    name = "message.accepted"


@dataclass(frozen=True, kw_only=True)
class MessageDelivered(OfMessage):
    name = "message.delivered"


@dataclass(frozen=True, kw_only=True)
class MessageNotSent(OfMessage):
    """Suppressed, canceled, expired or failed: the row says which and why."""

    name = "message.not_sent"


@dataclass(frozen=True, kw_only=True)
class CustomerNotReached(OfFulfillment):
    """No channel brought the customer what he must know: a call task is open at the store."""

    name = "fulfillment.customer_not_reached"
    task_id: int


@dataclass(frozen=True, kw_only=True)
class ConversationReceived(Happening):
    """A customer texted words that only people can answer."""

    name = "conversation.received"
    thread_id: int
    store_id: int
    order_id: int | None = None
