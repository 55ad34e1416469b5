"""Stores with their hours, and the sites that sell. Each store's POS has a page of orders."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from hub.staff.effects import EffectAdmin
from hub.staff.history import RememberedAdmin
from hub.staff.pages import HubAdmin, TabularInline
from hub.staff.scope import ScopedAdmin
from hub.stores.models import (
    Brand,
    HoursException,
    OpeningHours,
    SalesChannel,
    Store,
    StoreGroup,
)

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
class StoreAdmin(ScopedAdmin[Store], EffectAdmin[Store]):
    """Stores end by «active»; people see the ones they work in."""

    store_path = "pk"
    told_with = ((OpeningHours, "store_id"), (HoursException, "store_id"))
    history_words = {"weekday": lambda day: str(WEEKDAYS[day])}
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
class StoreGroupAdmin(RememberedAdmin[StoreGroup]):
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
class SalesChannelAdmin(RememberedAdmin[SalesChannel]):
    """Sites and apps that send orders."""

    list_display = ["name", "code", "brand", "currency", "active"]
    list_filter = ["active", "brand"]
    list_select_related = ["brand"]
    search_fields = ["name", "code"]
    readonly_fields = ["public_id"]
