# ruff: noqa: ARG002  an override takes all that Django passes
"""What customers were told, why, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.providers.models import Provider
from hub.staff.filters import by_values
from hub.staff.scope import StoreWorkAdmin, stores_for, works_in_stores
from hub.staff.tones import Tones
from hub.staff.work import STATE_TONES, WorkAdmin
from hub.stores.models import Store
from notifications.admin.chain import BAD, WAYS, chain_of, ended, tone_of
from notifications.admin.measures import measured
from notifications.admin.template_grid import title_of
from notifications.admin.why import reason_of, ways_of
from notifications.cases import case_of
from notifications.codes import verdict_of
from notifications.inbound.replies import REPLIES
from notifications.models import CallTask, Message, Receipt, ThreadEntry
from notifications.purposes import PURPOSES
from notifications.services.trying import TRIAL
from orders.admin.words import local
from orders.models import FulfillmentOrder, Order
from orders.timeline import Entry, add_source

OUTCOME_TONES = Tones(
    {
        "Created": "info",
        "Deferred": "info",
        "Submitting": "info",
        "Accepted": "info",
        "Sent": "info",
        "Delivered": "success",
        "Ambiguous": "warning",
        "Retry Wait": "warning",
        "Suppressed": "warning",
        "Canceled": "",
        "Expired": "warning",
        "Unknown": "warning",
        "Undelivered": "danger",
        "Failed": "danger",
        "Dead": "danger",
    }
)
MICROS = 1_000_000
MOST_OF_AN_ORDER = 200
# The words carry the PIN and the customer's link: reading them here must not open a hand-off.
_SECRETS = re.compile(r"(?<![\w-])\d{3}[ \u00a0]?\d{3}\b|(?<=/[ns]/)[\w-]+|(?<=/p/)[\w-]+")


SAID = {*PURPOSES, *REPLIES, TRIAL}


@admin.register(Message)
class MessageAdmin(StoreWorkAdmin[Message], WorkAdmin[Message]):
    """Messages about orders of the person's stores; parked ones can be tried again.

    Before a replayed one leaves, every gate is asked again: still true, consent, expiry.
    """

    list_display = [
        *("told", "channel", "result", "order", "why"),
        *("attempts", "created_at"),
    ]
    list_filter = [
        "outcome",
        "state",
        "channel",
        by_values("purpose", lambda: {*PURPOSES, *REPLIES, TRIAL}),
    ]
    search_fields = ["=public_id", "=provider_reference", "=subject"]
    search_help_text = gettext_lazy(
        "Message id, the provider's reference, or subject such as fulfillment:17"
    )
    ordering = ["-id"]
    fields = ["public_id"]

    def of_stores(self, rows: QuerySet[Message], stores: QuerySet[Store]) -> QuerySet[Message]:
        """Messages about orders with a part in one of the stores, and words of their threads."""
        parts = FulfillmentOrder.objects.filter(store__in=stores)
        talks = ThreadEntry.objects.filter(thread__store__in=stores, message_id__isnull=False)
        about = rows.filter(order_id__in=parts.values("order_id"))
        return about | rows.filter(order_id=None, pk__in=talks.values("message_id"))

    def get_urls(self) -> list[URLPattern]:
        """Measures, and all messages of one order, come before the pages of single ones."""
        wrap, named = self.admin_site.admin_view, "notifications_message_"
        own = [
            path("order/<int:pk>/", wrap(self.order_view), name=named + "order"),
            path("measures/", wrap(self.measures_view), name=named + "measures"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("What"), ordering="purpose")
    def told(self, row: Message) -> str:
        """What it tells of."""
        return title_of(row.purpose)

    @admin.display(description=gettext_lazy("Why"))
    def why(self, row: Message) -> str:
        """Why it ended as it did, where that is not plain."""
        return reason_of(row) if row.outcome_reason else "–"

    @admin.display(description=gettext_lazy("Outcome"), ordering="outcome")
    def result(self, row: Message) -> str:
        """What became of it."""
        return row.get_outcome_display()

    result.label = OUTCOME_TONES  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Order"))
    def order(self, row: Message) -> SafeString | str:
        """The order's page; an answer to somebody unknown has none."""
        if row.order_id is None:
            return "–"
        link = reverse("admin:orders_order_change", args=[row.order_id])
        return format_html('<a href="{}">{}</a>', link, _("Show the order"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Why the customer got it, or did not: every question asked, and all that followed."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            self._get_obj_does_not_exist_redirect()
        part = _part_of(row)
        zone = part.store.timezone if part else "UTC"
        context = {
            **self.admin_site.each_context(request),
            **shown(row, zone),
            "part": part,
            "order_link": reverse("admin:orders_order_change", args=[row.order_id])
            if row.order_id
            else "",
            "all_link": reverse("admin:notifications_message_order", args=[row.order_id])
            if row.order_id
            else "",
            "contact": row.contact if works_in_stores(request) else None,
            "zone": zone,
            "title": _("Message · {replace}").format(replace=title_of(row.purpose)),
        }
        return TemplateResponse(request, "admin/notifications/message.html", context)

    def order_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What an order's customer was told, and what not and why."""
        rows = self.get_queryset(request).filter(order_id=pk).select_related("follows")
        if not self.has_view_permission(request) or not _is_of(request, pk):
            raise Http404
        found = list(rows.order_by("pk")[:MOST_OF_AN_ORDER])
        part = case_of(f"order:{pk}").fulfillment
        zone = part.store.timezone if part else "UTC"
        context = {
            **self.admin_site.each_context(request),
            "order": Order.objects.get(pk=pk),
            "lines": [_line(row, zone) for row in found],
            "calls": CallTask.objects.filter(order_id=pk).order_by("pk"),
            "zone": zone,
            "title": _("What the customer was told"),
        }
        return TemplateResponse(request, "admin/notifications/of_order.html", context)

    def measures_view(self, request: HttpRequest) -> HttpResponse:
        """How fast, how surely and at what cost customers are told."""
        if not self.has_view_permission(request):
            raise Http404
        context = {**self.admin_site.each_context(request), **measured(request)}
        return TemplateResponse(request, "admin/notifications/measures.html", context)


def shown(row: Message, zone: str) -> dict[str, Any]:
    """A message as its page shows it; secrets in its words are hidden."""
    kept = row.decision or {}
    chain = chain_of(row)
    verdict = verdict_of(row.provider_code) if row.provider_code else None
    return {
        "row": row,
        "about": row.purpose.replace("_", " "),
        "must_reach": row.purpose in PURPOSES and PURPOSES[row.purpose].must_reach,
        "way": WAYS.get(row.channel, _("No way")),
        "ended": ended(row),
        "tone": tone_of(row),
        "reason": reason_of(row),
        "ways": ways_of(kept),
        "rules": kept.get("rules", ""),
        "deferred": kept.get("defer_until") or "",
        "title_words": masked(row.title),
        "words": masked(row.body),
        "cost": _cost(row),
        "means": verdict.means if verdict else "",
        "times": [(name, local(at, zone, seconds=True)) for name, at in _times(row) if at],
        "work_tone": STATE_TONES.get(row.get_state_display(), ""),
        "receipts": [_receipt(one, zone) for one in row.receipts.order_by("received_at", "pk")],
        "chain": [(local(one.at, zone, seconds=True), one) for one in chain],
        "calls": [
            (local(call.opened_at, zone, seconds=True), call)
            for call in CallTask.objects.filter(message__in=[one.pk for one in chain])
        ],
    }


def masked(text: str) -> str:
    """Words without what opens the hand-off, or the customer's own pages."""
    return _SECRETS.sub("•••", text)


def messages_of(order_id: int) -> Iterator[Entry]:
    """The order's messages as lines of its timeline, each with its outcome and a way to why."""
    for row in Message.objects.filter(order_id=order_id).order_by("id"):
        told = {"what": title_of(row.purpose), "way": str(WAYS.get(row.channel, "")).lower()}
        title = _("Message «{what}», {way}") if row.channel else _("Message «{what}»")
        tone = "danger" if row.outcome in BAD else ""
        link = reverse("admin:notifications_message_change", args=[row.pk])
        yield Entry(row.created_at, title.format(**told), ended(row), "", tone, "sms", link)


def _part_of(row: Message) -> FulfillmentOrder | None:
    """The pickup it is about; of an answer to a text, the newest of the order."""
    if row.order_id is None:
        return None
    return case_of(row.subject).fulfillment or case_of(f"order:{row.order_id}").fulfillment


def _is_of(request: HttpRequest, order_id: int) -> bool:
    """Whether one of the person's stores prepares, or prepared, a part of the order."""
    parts = FulfillmentOrder.objects.filter(order_id=order_id, store__in=stores_for(request))
    return parts.exists()


def _line(row: Message, zone: str) -> dict[str, Any]:
    return {
        "row": row,
        "at": local(row.created_at, zone, seconds=True),
        "about": row.purpose.replace("_", " "),
        "way": WAYS.get(row.channel, "–"),
        "ended": ended(row),
        "tone": tone_of(row),
        "reason": reason_of(row),
        "link": reverse("admin:notifications_message_change", args=[row.pk]),
    }


def _receipt(row: Receipt, zone: str) -> dict[str, str]:
    return {
        "at": local(row.received_at, zone, seconds=True),
        "status": row.status,
        "code": row.code,
        "means": verdict_of(row.code).means if row.code else "",
        "provider": row.provider,
    }


def _cost(row: Message) -> str:
    """What it cost by its provider's price; nothing is said of what cost nothing."""
    if not row.cost_micros:
        return ""
    currency = Provider.objects.filter(name=row.provider).values_list("currency", flat=True)
    return f"{row.cost_micros / MICROS:.4f} {currency.first() or ''}".strip()


def _times(row: Message) -> list[tuple[str, Any]]:
    return [
        (_("Written"), row.created_at),
        (_("Due next"), row.due_at if row.state == "pending" else None),
        (_("Taken over by the provider"), row.accepted_at),
        (_("With the carrier"), row.sent_at),
        (_("Delivered"), row.delivered_at),
        (_("Receipt expected by"), row.reach_by),
        (_("Followed up"), row.followed_at),
        (_("Found out of date"), row.stale_at),
        (_("Of no use after"), row.expires_at),
    ]


add_source(messages_of)
