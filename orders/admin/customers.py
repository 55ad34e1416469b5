# ruff: noqa: ARG002  an override takes all that Django passes
"""Customers as their records tell them, to people in whose stores they have ordered."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hub.customers.models import Preference, Profile
from hub.staff.pages import ReadOnlyInline
from hub.staff.scope import StoreWorkAdmin
from hub.stores.models import Store
from orders.admin.finding import contact_hashes
from orders.models import FulfillmentOrder


class PreferenceInline(ReadOnlyInline):
    """How the customer wants to be told."""

    model = Preference
    fields = ["purpose", "rank", "channel", "source", "updated_at"]


@admin.register(Profile)
class ProfileAdmin(StoreWorkAdmin[Profile]):
    """A projection of source records; nothing is edited here."""

    list_display = ["name", "public_id", "locale", "created_at"]
    list_select_related = ["contact"]
    search_fields = ["=public_id"]
    search_help_text = _("Name, phone or its last four digits, e-mail, customer id")
    ordering = ["-id"]
    fields = [
        *("public_id", "name", "phone", "email", "locale", "timezone"),
        *("version", "created_at", "orders", "telling"),
    ]
    inlines = [PreferenceInline]

    def of_stores(self, rows: QuerySet[Profile], stores: QuerySet[Store]) -> QuerySet[Profile]:
        """Customers of whose orders one of the stores prepares, or prepared, a part."""
        parts = FulfillmentOrder.objects.filter(store__in=stores)
        return rows.filter(pk__in=parts.values("order__profile_id"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        """Find by keyed hash: personal data is sealed and cannot be searched."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(public_id=term) | contact_hashes(term)), False

    @admin.display(description=_("Name"))
    def name(self, row: Profile) -> str:
        """From the newest record."""
        return self._contact(row, "name")

    @admin.display(description=_("Phone"))
    def phone(self, row: Profile) -> str:
        """From the newest record."""
        return self._contact(row, "phone")

    @admin.display(description=_("E-mail"))
    def email(self, row: Profile) -> str:
        """From the newest record."""
        return self._contact(row, "email")

    @admin.display(description=_("Orders"))
    def orders(self, row: Profile) -> SafeString:
        """The way to those orders that the person may see."""
        link = f"{reverse('admin:orders_order_changelist')}?q={row.public_id}"
        return format_html('<a href="{}">{}</a>', link, _("Show the orders"))

    @admin.display(description=_("How he is told"))
    def telling(self, row: Profile) -> SafeString:
        """The way to what he chose and refused."""
        link = reverse("admin:customers_preference_of", args=[row.public_id])
        return format_html('<a href="{}">{}</a>', link, _("Show channels, pauses and consent"))

    @staticmethod
    def _contact(row: Profile, field: str) -> str:
        return str(getattr(row.contact, field, "")) or "–"
