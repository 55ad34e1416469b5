# ruff: noqa: ARG002  an override takes all that Django passes
"""Stores with their hours, and the sites that sell. Each store's POS has a page of orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.staff.effects import Effect, EffectAdmin, effects_on_stores
from hub.staff.history import RememberedAdmin
from hub.staff.pages import HubAdmin, TabularInline
from hub.staff.scope import ScopedAdmin, works_in_stores
from hub.staff.tables.pages import TableAdmin
from hub.staff.tables.resource import Outcome, TableResource
from hub.stores.calendar_page import calendar_view
from hub.stores.level_settings import HOLDER
from hub.stores.levels import adopt, inherited, settings_of
from hub.stores.models import (
    Brand,
    HoursException,
    OpeningHours,
    SalesChannel,
    Stage,
    Store,
)
from hub.stores.resources import (
    ExceptionResource,
    HoursResource,
    StoreResource,
    stores_in,
)
from hub.stores.setting_words import lines_of

_LINK = '<span class="hub" style="padding: 0"><a class="hub-button" href="{}">{}</a></span>'
WEEKDAYS = [
    *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday")),
    *(_("Saturday"), _("Sunday")),
]


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
class StoreAdmin(TableAdmin[Store], ScopedAdmin[Store], EffectAdmin[Store]):
    """Stores end by «active»; people see the ones they work in."""

    store_path = "pk"
    told_with = ((OpeningHours, "store_id"), (HoursException, "store_id"))
    history_words = {"weekday": lambda day: str(WEEKDAYS[day])}
    tables = {
        "stores": (_("Stores"), StoreResource),
        "hours": (_("Opening hours"), HoursResource),
        "exceptions": (_("Exceptional days"), ExceptionResource),
    }
    list_display = ["code", "name", "city", "country", "stage_shown", "pickup_enabled", "active"]
    list_filter = ["stage", "active", "pickup_enabled", "country", "brand"]
    search_fields = ["code", "name", "city", "public_id"]
    readonly_fields = ["public_id", "stage_page", "settings_shown"]
    inlines = [HoursInline, ExceptionInline]
    fieldsets = [
        (None, {"fields": ["code", "name", "brand", "public_id", "active"]}),
        (_("Pickup"), {"fields": ["stage_page", "pickup_enabled", "timezone", "locale", "phone"]}),
        (_("Promise and windows"), {"fields": ["settings_shown"]}),
        (
            _("Place"),
            {
                "fields": [
                    *("street", "postal_code", "city", "region", "country"),
                    *("latitude", "longitude"),
                ]
            },
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The calendar of hours stands beside the stores."""
        view = self.admin_site.admin_view(self.calendar_view)
        return [path("calendar/", view, name="stores_store_calendar"), *super().get_urls()]

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """Opening hours day by day, for all who see the stores or work in one."""
        if not (self.has_view_permission(request) or works_in_stores(request)):
            raise Http404
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return calendar_view(request, context)

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str, str]]:
        """With the calendar."""
        page = reverse("admin:stores_store_calendar")
        return [(gettext("Calendar"), page, "calendar_month"), *super().list_tools(request)]

    def effects_of_table(
        self, outcome: Outcome, resource: TableResource, change: Callable[[], object]
    ) -> list[Effect]:
        """What the stores' new hours and days do to orders."""
        return effects_on_stores(stores_in(outcome), change)

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> list[str]:
        """Only a live store can offer pickup."""
        may_offer = obj is not None and obj.stage == Stage.LIVE
        return [*self.readonly_fields, *([] if may_offer else ["pickup_enabled"])]

    def save_model(self, request: HttpRequest, obj: Store, form: Any, change: bool) -> None:
        """A new store begins in setup with what it inherits; of an old one only what was changed
        is written: its stage and settings have services of their own."""
        if not change:
            obj.stage, obj.pickup_enabled = Stage.SETUP, False
            for name, value in inherited().items():
                setattr(obj, name, value)
            super().save_model(request, obj, form, change)
            adopt(obj)
            return
        if "pickup_enabled" in form.changed_data:
            stage = Store.objects.select_for_update(no_key=True).get(pk=obj.pk).stage
            obj.pickup_enabled = obj.pickup_enabled and stage == Stage.LIVE
        own = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in own])

    @admin.display(description=_("Stage"), ordering="stage")
    def stage_shown(self, row: Store) -> str:
        """Where it is on its way to the customers."""
        return str(Stage(row.stage).label)

    @admin.display(description=_("Stage"))
    def stage_page(self, row: Store) -> SafeString | str:
        """The same, with the page that tells how ready it is."""
        if row.pk is None:
            return str(Stage.SETUP.label)
        link = reverse("admin:integration_stagechange_store", args=[row.pk])
        return format_html(_LINK, link, Stage(row.stage).label)

    @admin.display(description=_("What holds here"))
    def settings_shown(self, row: Store) -> SafeString | str:
        """Each setting with the level that it comes from."""
        if row.pk is None:
            return gettext("It begins with the settings of the chain.")
        lines = lines_of(HOLDER, settings_of(row))
        link = reverse("admin:stores_settingslevel_of_store", args=[row.pk])
        told = format_html_join("", "<li>{}: <b>{}</b> ({})</li>", lines)
        return format_html("<ul>{}</ul>{}", told, format_html(_LINK, link, gettext("Change")))


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
