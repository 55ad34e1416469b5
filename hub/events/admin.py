"""What happened, and what is being done about it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hub.events.leases import State
from hub.events.models import Delivery, Fact, Heartbeat
from hub.staff.filters import by_values
from hub.staff.pages import ReadOnlyAdmin, ReadOnlyInline, pretty
from hub.staff.work import WorkAdmin


class DeliveryInline(ReadOnlyInline):
    """Who reacts to the fact, and how far they are."""

    model = Delivery
    fields = ["handler", "lane", "state", "attempts", "due_at", "finished_at"]
    show_change_link = True


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin[Fact]):
    """Every fact, newest first."""

    list_display = ["name", "subject", "actor", "occurred_at", "public_id"]
    search_fields = ["public_id", "=subject", "=trace_id", "=name"]
    search_help_text = _("Fact id, subject such as order:17, trace id or name")
    ordering = ["-id"]
    fields = ["name", "v", "subject", "actor", "occurred_at", "recorded_at", "trace_id", "ids"]
    inlines = [DeliveryInline]

    @admin.display(description=_("Data"))
    def ids(self, row: Fact) -> SafeString:
        """What the fact carries."""
        return pretty(row.data)


def _lanes() -> QuerySet[Delivery, str]:
    """Where anything waits or was given up: the lanes of what is done are no longer asked for."""
    open_rows = Delivery.objects.filter(state__in=[State.PENDING, State.PARKED])
    return open_rows.values_list("lane", flat=True).distinct()


@admin.register(Delivery)
class DeliveryAdmin(WorkAdmin[Delivery]):
    """One handler's copy of a fact; parked ones wait for a person."""

    list_display = [
        *("handler", "fact_name", "work_state", "lane"),
        *("attempts", "due_at", "trouble_short"),
    ]
    list_filter = ["state", by_values("lane", _lanes)]
    list_select_related = ["fact"]
    search_fields = ["=handler", "=fact__public_id", "=fact__subject"]
    ordering = ["-id"]
    fields = [
        *("handler", "fact", "work_state", "lane", "ordering_key", "attempts"),
        *("created_at", "due_at", "finished_at", "payload", "trouble"),
    ]

    @admin.display(description=_("Fact"))
    def fact_name(self, row: Delivery) -> str:
        """What happened."""
        return row.fact.name

    @admin.display(description=_("Data"))
    def payload(self, row: Delivery) -> SafeString:
        """What the fact carries."""
        return pretty(row.fact.data)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin[Heartbeat]):
    """When each process last showed that it works."""

    list_display = ["kind", "instance", "seen_at"]
    ordering = ["-seen_at"]
