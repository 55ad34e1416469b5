"""Putting a message into words: a fresh link, the PIN, the store, in the customer's language."""

from __future__ import annotations

from hub import clock
from hub.links.services import READABLE_AFTER_END, link_url, make_link
from notifications.models import Message
from notifications.wording import Rendered, Wording, render, wording_for
from orders.models import FulfillmentOrder, PickupCode
from orders.states import LIVE

LINK_PURPOSE = "pickup"


def put_into_words(message: Message, fulfillment: FulfillmentOrder) -> tuple[str, str]:
    """Return title and body, the same on every try of the message, and keep them with it.

    Raises WordingError when a value is missing. Must run in a transaction: the link and the
    words that carry it are kept together or not at all.
    """
    if message.body:
        return message.title, message.body
    wording = wording_for(purpose=message.purpose, channel=message.channel, locale=message.locale)
    words = _write(wording, fulfillment)
    Message.objects.filter(pk=message.pk).update(
        template=wording.name, title=words.title, body=words.body
    )
    return words.title, words.body


def _write(wording: Wording, fulfillment: FulfillmentOrder) -> Rendered:
    store = fulfillment.store
    values = {
        "brand": store.brand.name,
        "store": store.name,
        "address": ", ".join(part for part in (store.street, store.city) if part),
        "order": fulfillment.order.external_id,
        "pin": _pin(fulfillment),
    }
    if "link" in wording.wants:
        values["link"] = link_url(_link(fulfillment))
    return render(wording, values)


def _pin(fulfillment: FulfillmentOrder) -> str:
    code: PickupCode | None = getattr(fulfillment, "pickup_code", None)
    return code.pin if code else ""


def _link(fulfillment: FulfillmentOrder) -> str:
    """A link to the pickup; when that is over, one that can only be read, for seven days.

    The pickup is locked: one that ends at this moment either sees the link or is seen here.
    """
    subject = f"fulfillment:{fulfillment.pk}"
    rows = FulfillmentOrder.objects.select_for_update(no_key=True)
    fulfillment.refresh_from_db(fields=["status", "completed_at"], from_queryset=rows)
    if fulfillment.status in LIVE:
        return make_link(purpose=LINK_PURPOSE, subject=subject)
    ended = fulfillment.completed_at or clock.now()
    return make_link(
        purpose=LINK_PURPOSE,
        subject=subject,
        read_only_at=ended,
        expires_at=ended + READABLE_AFTER_END,
    )
