"""Pickup windows and their places, and how long preparation took beside what was promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.staff.effects import EffectAdmin
from hub.staff.scope import ScopedAdmin, StoreWorkAdmin, stores_for, works_in_stores
from hub.staff.tones import Tones
from orders.admin.words import local
from orders.models import SlotCapacity, WindowBooking
from orders.promise.kept import Kept, preparation

MOST_STORES_TO_CHOOSE = 60
DAYS = {7: gettext_lazy("7 days"), 28: gettext_lazy("4 weeks"), 91: gettext_lazy("13 weeks")}
GOOD_PERCENT, FAIR_PERCENT = 95, 80


class SlotForm(forms.ModelForm):  # type: ignore[type-arg]
    """A special day, with what its numbers mean."""

    class Meta:
        help_texts = {
            "orders": gettext_lazy(
                "orders in each pickup window that begins in that time; 0: none. Other days have "
                "the store's own number"
            ),
        }


@admin.register(SlotCapacity)
class SlotCapacityAdmin(ScopedAdmin[SlotCapacity], EffectAdmin[SlotCapacity]):
    """Days on which windows take more or fewer orders; only where they have a number at all."""

    empty_note = gettext_lazy(
        "Name a day here on which a store can take more or fewer orders than usual."
    )
    deletable = True
    form = SlotForm
    list_display = ["store", "date", "begins", "ends", "orders", "reason"]
    list_filter = ["date"]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name", "reason"]
    autocomplete_fields = ["store"]
    date_hierarchy = "date"


@admin.register(WindowBooking)
class WindowBookingAdmin(StoreWorkAdmin[WindowBooking]):
    """Who has a place in which window; beside it the page of preparation times."""

    empty_note = gettext_lazy("Places are booked when sites let customers choose a pickup window.")
    list_display = ["store", "window", "reference", "kind"]
    list_select_related = ["store"]
    search_fields = ["=reference", "=store__code"]
    search_help_text = gettext_lazy("Fulfillment id, hold id or store code")
    fields = ["store", "window", "reference", "kind"]
    ordering = ["-start", "id"]

    def get_urls(self) -> list[URLPattern]:
        """The page of preparation times."""
        times = self.admin_site.admin_view(self.times_view)
        return [path("times/", times, name="orders_windowbooking_times"), *super().get_urls()]

    @admin.display(description=gettext_lazy("Window"), ordering="start")
    def window(self, row: WindowBooking) -> str:
        """Its beginning, on the store's clock."""
        return local(row.start, row.store.timezone)

    @admin.display(description=gettext_lazy("Whose"))
    def kind(self, row: WindowBooking) -> str:
        """An order's place, or a cart's for as long as its hold lives."""
        return _("Cart") if row.hold_id else _("Order")

    kind.label = Tones({"Order": "info"})  # type: ignore[attr-defined]  # unfold colours by it

    def times_view(self, request: HttpRequest) -> HttpResponse:
        """One store's preparation times by the hour of placing, as bars with their numbers."""
        choices = list(stores_for(request).order_by("code")[:MOST_STORES_TO_CHOOSE])
        if not works_in_stores(request) or not choices:
            raise Http404
        asked = request.GET.get("store", "").replace("\0", "")
        store = get_object_or_404(stores_for(request), code=asked) if asked else choices[0]
        days = next((days for days in DAYS if str(days) == request.GET.get("days")), 28)
        now = clock.now()
        found = preparation(store=store, since=now - timedelta(days=days), until=now)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preparation times"),
            "store_choices": choices,
            "store": store,
            "days": days,
            "spans": DAYS.items(),
            "whole": found[0] if found else None,
            "tone": _tone(found[0].kept) if found else "",
            "hours": _bars(found[1:]),
        }
        return TemplateResponse(request, "admin/orders/times.html", context)


def _bars(rows: list[Kept]) -> list[dict[str, Any]]:
    """Each hour with the lengths of its bars, in percent of the longest."""
    longest = max((max(row.p95, row.promised) for row in rows), default=0) or 1
    return [
        {
            "row": row,
            "p50": round(100 * row.p50 / longest, 1),
            "p80": round(100 * row.p80 / longest, 1),
            "p95": round(100 * row.p95 / longest, 1),
            "promised": round(100 * row.promised / longest, 1),
            "tone": _tone(row.kept),
        }
        for row in rows
    ]


def _tone(kept: float) -> str:
    if kept >= GOOD_PERCENT:
        return "good"
    return "warning" if kept >= FAIR_PERCENT else "danger"
