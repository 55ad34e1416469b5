"""Texting the hub without a provider, and reading what it answers."""

from __future__ import annotations

import json
from itertools import count

from hub.inbox.models import InboundCall
from notifications.inbound.hearing import hear
from notifications.models import Message
from tests.factories import CUSTOMER, make_item, make_ready, stock

PHONE = CUSTOMER["phone"]
STRANGER = "+48500999888"
_numbers = count(1)


def keep(words, phone=PHONE, **data) -> int:
    """A text that has come in and that nobody has heard yet; the key of its call."""
    body = {"type": "message.received", "data": {"from": phone, "text": words} | data}
    call = InboundCall.objects.create(
        source="sms:memory", event_id=f"text-{next(_numbers)}", body=json.dumps(body)
    )
    return call.pk


def text(words, phone=PHONE, **data) -> int:
    """Let the hub hear a text; the key of its call."""
    call = keep(words, phone, **data)
    hear(call_id=call)
    return call


def told() -> list[str]:
    """The purposes of all messages, the oldest first."""
    return list(Message.objects.order_by("pk").values_list("purpose", flat=True))


def last_words() -> str:
    """The words of the newest message."""
    return Message.objects.order_by("-pk").first().body


def ready_at(store, **customer):
    """One thing that waits at the store, for the usual customer or one who differs in something."""
    item = make_item()
    stock(store, {item: 5})
    return make_ready(store=store, lines={item: 1}, customer=CUSTOMER | customer)
