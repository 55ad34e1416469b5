"""What customers were told, why, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.customers.models import Channel
from hub.staff.pages import block_of, pretty
from hub.staff.scope import StoreWorkAdmin
from hub.staff.work import WorkAdmin
from hub.stores.models import Store
from notifications.models import Message, Outcome
from orders.admin import exceptions
from orders.admin.exceptions import Problem
from orders.models import FulfillmentOrder
from orders.timeline import Entry, add_source

OUTCOME_TONES = {
    "Created": "info",
    "Submitting": "info",
    "Accepted": "info",
    "Delivered": "success",
    "Ambiguous": "warning",
    "Suppressed": "warning",
    "Canceled": "",
    "Expired": "warning",
    "Undelivered": "danger",
    "Failed": "danger",
}
BAD = [Outcome.UNDELIVERED, Outcome.FAILED]
MOST_PROBLEMS = 50
WAYS: dict[str, str] = {Channel.SMS: "text", Channel.EMAIL: "e-mail"}
# The words carry the PIN and the customer's link: reading them here must not open a hand-off.
_SECRETS = re.compile(r"(?<![\w-])\d{3}[ \u00a0]?\d{3}\b|(?<=/p/)[\w-]+")


@admin.register(Message)
class MessageAdmin(StoreWorkAdmin[Message], WorkAdmin[Message]):
    """Messages about orders of the person's stores; parked ones can be tried again.

    Before a replayed one leaves, every gate is asked again: still true, consent, expiry.
    """

    list_display = [
        *("purpose", "channel", "result", "order", "outcome_reason"),
        *("attempts", "created_at"),
    ]
    list_filter = ["outcome", "state", "channel", "purpose"]
    search_fields = ["=public_id", "=provider_reference", "=subject"]
    search_help_text = "Message id, the provider's reference, or subject such as fulfillment:17"
    ordering = ["-id"]
    fields = [
        *("public_id", "purpose", "channel", "order", "result", "outcome_reason", "words"),
        *("locale", "template", "provider", "provider_reference", "accepted_at"),
        *("delivered_at", "expires_at", "work_state", "attempts", "due_at", "why", "trouble"),
    ]

    def of_stores(self, rows: QuerySet[Message], stores: QuerySet[Store]) -> QuerySet[Message]:
        """Messages about orders with a part in one of the stores."""
        parts = FulfillmentOrder.objects.filter(store__in=stores)
        return rows.filter(order_id__in=parts.values("order_id"))

    @admin.display(description="Outcome", ordering="outcome")
    def result(self, row: Message) -> str:
        """What became of it."""
        return row.get_outcome_display()

    result.label = OUTCOME_TONES  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description="Order")
    def order(self, row: Message) -> SafeString:
        """The order's page."""
        link = reverse("admin:orders_order_change", args=[row.order_id])
        return format_html('<a href="{}">Show the order</a>', link)

    @admin.display(description="Words (PIN and link hidden)")
    def words(self, row: Message) -> SafeString:
        """What was written, without what opens the hand-off."""
        return block_of(_SECRETS.sub("•••", row.body))

    @admin.display(description="Why by this channel")
    def why(self, row: Message) -> SafeString:
        """Every gate of the choice."""
        return pretty(row.decision)


def messages_of(order_id: int) -> Iterator[Entry]:
    """The order's messages as lines of its timeline, each with its outcome."""
    for row in Message.objects.filter(order_id=order_id).order_by("id"):
        by = f" by {WAYS[row.channel]}" if row.channel else ""
        reason = f" ({row.outcome_reason.replace('_', ' ')})" if row.outcome_reason else ""
        detail = f"outcome: {row.get_outcome_display().lower()}{reason}"
        tone = "danger" if row.outcome in BAD else ""
        title = f"Message «{row.purpose.replace('_', ' ')}»{by}"
        yield Entry(row.created_at, title, detail, "", tone, "sms")


def not_reached(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Customers of open work whom no message reached: somebody should call them."""
    parts = FulfillmentOrder.objects.filter(store__in=stores, status="ready")
    rows = Message.objects.filter(order_id__in=parts.values("order_id"))
    for row in rows.filter(outcome__in=BAD).order_by("-id")[:MOST_PROBLEMS]:
        detail = f"{row.purpose} by {row.channel}: {row.outcome_reason or row.outcome}"
        link = reverse("admin:notifications_message_change", args=[row.pk])
        yield Problem("Customer not reached", detail, row.created_at, link, "danger")


add_source(messages_of)
exceptions.add_source(not_reached)
