"""Stores with their hours, the sites that sell, and each store's POS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from hub.connectors.signing import new_secret
from hub.staff.pages import HubAdmin, SecretOnceAdmin, TabularInline
from hub.staff.scope import ScopedAdmin
from hub.stores.models import (
    Brand,
    HoursException,
    OpeningHours,
    PosConnection,
    SalesChannel,
    Store,
    StoreGroup,
)

if TYPE_CHECKING:
    from django.forms import Select
    from django.forms import URLInput as UrlInput
else:
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminURLInputWidget as UrlInput

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class HoursForm(forms.ModelForm):  # type: ignore[type-arg]
    """Weekdays by name."""

    weekday = forms.TypedChoiceField(choices=list(enumerate(WEEKDAYS)), coerce=int)

    class Meta:
        model = OpeningHours
        fields = ["weekday", "opens", "closes"]


class HoursInline(TabularInline[OpeningHours, Store]):
    """The week."""

    model = OpeningHours
    form = HoursForm
    extra = 0


class ExceptionInline(TabularInline[HoursException, Store]):
    """Days on which other hours hold, those to come first."""

    model = HoursException
    fields = ["date", "opens", "closes", "reason"]
    ordering = ["-date"]
    extra = 0


@admin.register(Store)
class StoreAdmin(ScopedAdmin[Store]):
    """Stores end by «active»; people see the ones they work in."""

    store_path = "pk"
    list_display = ["code", "name", "city", "country", "timezone", "pickup_enabled", "active"]
    list_filter = ["active", "pickup_enabled", "country", "brand"]
    search_fields = ["code", "name", "city", "public_id"]
    readonly_fields = ["public_id"]
    inlines = [HoursInline, ExceptionInline]
    fieldsets = [
        (None, {"fields": ["code", "name", "brand", "public_id", "active"]}),
        ("Pickup", {"fields": ["pickup_enabled", "timezone", "locale", "phone"]}),
        (
            "Promise and windows",
            {
                "fields": [
                    *("lead_minutes", "cut_off", "orders_per_hour"),
                    *("slot_minutes", "slot_capacity"),
                ]
            },
        ),
        (
            "Place",
            {
                "fields": [
                    *("street", "postal_code", "city", "region", "country"),
                    *("latitude", "longitude"),
                ]
            },
        ),
    ]


@admin.register(StoreGroup)
class StoreGroupAdmin(HubAdmin[StoreGroup]):
    """Stores that rules speak of by one name."""

    deletable = True
    list_display = ["name", "store_count"]
    search_fields = ["name"]
    autocomplete_fields = ["stores"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoreGroup]:
        """Groups with the number of their stores."""
        return super().get_queryset(request).annotate(store_count=Count("stores"))

    @admin.display(description="Stores", ordering="store_count")
    def store_count(self, row: StoreGroup) -> int:
        """How many stores are in it."""
        return row.store_count  # type: ignore[attr-defined,no-any-return]  # annotated


@admin.register(Brand)
class BrandAdmin(HubAdmin[Brand]):
    """Names over the doors."""

    list_display = ["name", "public_id"]
    search_fields = ["name"]


@admin.register(SalesChannel)
class SalesChannelAdmin(HubAdmin[SalesChannel]):
    """Sites and apps that send orders."""

    list_display = ["name", "code", "brand", "currency", "active"]
    list_filter = ["active", "brand"]
    list_select_related = ["brand"]
    search_fields = ["name", "code"]
    readonly_fields = ["public_id"]


class PosConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Only connectors that exist can be chosen."""

    connector = forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(settings.CONNECTORS["pos"])],
        widget=Select,
    )
    base_url = forms.URLField(max_length=300, assume_scheme="https", widget=UrlInput)

    class Meta:
        model = PosConnection
        fields = [
            *("store", "connector", "base_url", "counts_include_orders"),
            *("sales_include_orders", "active"),
        ]


@admin.register(PosConnection)
class PosConnectionAdmin(ScopedAdmin[PosConnection], SecretOnceAdmin[PosConnection]):
    """Each store's POS; the secret signs both directions and is shown when it is made."""

    form = PosConnectionForm
    shown_heading = "The secret of this POS connection"
    shown_advice = "Enter it in the POS. The hub signs its calls with it and expects the same."
    list_display = ["store", "connector", "base_url", "active"]
    list_filter = ["active", "connector"]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name", "public_id"]
    autocomplete_fields = ["store"]
    readonly_fields = ["public_id"]

    def make(self, form: Any) -> tuple[PosConnection, str]:
        """A connection with a fresh secret."""
        connection = PosConnection.objects.create(secret=new_secret(), **form.cleaned_data)
        return connection, connection.secret
