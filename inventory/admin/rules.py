# ruff: noqa: ARG002  an override takes all that Django passes
"""The rules that keep units from being promised; each shows what it changes before it does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.staff.effects import EffectAdmin
from hub.staff.pages import is_store_bound
from hub.staff.scope import ScopedAdmin, works_in_stores
from hub.stores.models import Store
from inventory.admin.previewed import PreviewedAdmin
from inventory.models import ChannelBuffer, SafetyStock, SalesStop, SignalRule, StoreFeed
from inventory.services.previewing import Scope
from inventory.services.signals import set_signal_rule

_LONGEST_NAME = 150


class _OfSomeStores(ScopedAdmin[Any], PreviewedAdmin[Any]):
    """Rules for a store or for all: a person sees those of their stores and the general ones, and
    makes, changes and deletes those of their stores only."""

    def of_stores(self, rows: QuerySet[Any], stores: QuerySet[Store]) -> QuerySet[Any]:
        """The rules of the stores, and those of all stores."""
        return rows.filter(Q(store__in=stores) | Q(store__isnull=True))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Who works for some stores names one of them: empty would mean all."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.remote_field.model is Store and is_store_bound(request):
            field.required = True
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A rule for all stores is not changed by those who work for some."""
        return self._may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return self._may_touch(request, obj) and super().has_delete_permission(request, obj)

    @staticmethod
    def _may_touch(request: HttpRequest, obj: Any) -> bool:
        return obj is None or obj.store_id is not None or not is_store_bound(request)


class SafetyStockForm(forms.ModelForm):  # type: ignore[type-arg]
    """Units kept back, with what an empty field means."""

    class Meta:
        model = SafetyStock
        fields = ["units", "store", "category", "item"]
        help_texts = {
            "units": gettext_lazy(
                "units kept back (grams of goods by weight); the most specific rule wins, even "
                "when it says 0; without a rule none are kept back"
            ),
            "store": gettext_lazy("empty: every store"),
            "category": gettext_lazy("empty: every category"),
            "item": gettext_lazy("empty: every item"),
        }


@admin.register(SafetyStock)
class SafetyStockAdmin(_OfSomeStores):
    """Units never sold online; a person sees the rules of their stores and the general ones."""

    deletable = True
    form = SafetyStockForm
    list_display = ["units", "store", "category", "item"]
    list_select_related = ["store", "item"]
    search_fields = ["=store__code", "=item__sku", "category"]
    autocomplete_fields = ["store", "item"]
    ordering = ["store_id", "category", "item_id"]


class ChannelBufferForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is hidden, with where it is taken off."""

    class Meta:
        model = ChannelBuffer
        fields = ["channel", "units", "percent", "network_units"]
        help_texts = {
            "units": gettext_lazy("units hidden in every store; usually 0"),
            "percent": gettext_lazy(
                "% of what could be sold in a store, rounded up; hidden besides the units; "
                "usually 0"
            ),
            "network_units": gettext_lazy(
                "units hidden once, from the sum over all stores; usually 0"
            ),
        }


@admin.register(ChannelBuffer)
class ChannelBufferAdmin(PreviewedAdmin[ChannelBuffer]):
    """Units hidden from one site."""

    deletable = True
    form = ChannelBufferForm
    list_display = ["channel", "units", "percent", "network_units"]
    list_select_related = ["channel"]
    search_fields = ["channel__name", "channel__code"]
    autocomplete_fields = ["channel"]

    def note_on(self, row: ChannelBuffer) -> str:
        """The units hidden once from the sum over all stores change no single store's number."""
        if not row.network_units:
            return ""
        return _("Besides, {network_units} are hidden once from the sum over all stores.").format(
            network_units=row.network_units
        )


class SalesStopForm(forms.ModelForm):  # type: ignore[type-arg]
    """Stops that a person makes; recalls and short picks make their own."""

    class Meta:
        model = SalesStop
        fields = ["item", "store", "channel", "reason"]
        help_texts = {
            "store": gettext_lazy("empty: every store"),
            "channel": gettext_lazy("empty: every site"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            offered = (SalesStop.Reason.NOT_FOR_PICKUP, SalesStop.Reason.SUPPRESSED_FOR_CHANNEL)
            choices = [(reason.value, reason.label.capitalize()) for reason in offered]
            self.fields["reason"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What is hidden from a site names the site."""
        cleaned: dict[str, Any] = super().clean() or {}
        hidden = cleaned.get("reason") == SalesStop.Reason.SUPPRESSED_FOR_CHANNEL
        if hidden and not cleaned.get("channel"):
            raise ValidationError(_("Name the sales channel that it is hidden from."), "no_channel")
        return cleaned


@admin.register(SalesStop)
class SalesStopAdmin(_OfSomeStores):
    """Stops are made and lifted, never edited; those of a recall end with the recall."""

    deletable = True
    form = SalesStopForm
    list_display = ["item", "where", "to_whom", "why", "created_at", "created_by"]
    list_filter = ["reason", "channel"]
    list_select_related = ["item", "store", "channel"]
    search_fields = ["=item__sku", "item__name", "=store__code"]
    search_help_text = gettext_lazy("SKU, name or store code")
    autocomplete_fields = ["item", "store", "channel"]
    ordering = ["-id"]

    def get_fields(self, request: HttpRequest, obj: SalesStop | None = None) -> Any:
        """What is asked for, and what is known afterwards."""
        if obj is None:
            return ["item", "store", "channel", "reason"]
        return ["item", "where", "to_whom", "why", "created_at", "created_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: SalesStop | None = None) -> Any:
        """All of a stop that exists."""
        return [] if obj is None else self.get_fields(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Shown to all who work in a store."""
        return works_in_stores(request) or super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: SalesStop | None = None) -> bool:
        """Readable by all who work in a store; the queryset says which rows."""
        return works_in_stores(request) or super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: SalesStop | None = None) -> bool:
        """A stop is lifted and another one made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SalesStop | None = None) -> bool:
        """A recall's stop is lifted by closing the recall."""
        recalled = obj is not None and obj.reason == SalesStop.Reason.RECALLED
        return not recalled and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: SalesStop, form: Any, change: bool) -> None:
        """A new stop bears the name of who made it."""
        obj.created_by = request.user.get_username()[:_LONGEST_NAME]
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("Where"), ordering="store")
    def where(self, row: SalesStop) -> str:
        """The store, or all."""
        return str(row.store) if row.store else _("All stores")

    @admin.display(description=gettext_lazy("To whom"), ordering="channel")
    def to_whom(self, row: SalesStop) -> str:
        """The site, or all."""
        return str(row.channel) if row.channel else _("All sites")

    @admin.display(description=gettext_lazy("Why"), ordering="reason")
    def why(self, row: SalesStop) -> str:
        """The reason in words."""
        return SalesStop.Reason(row.reason).label.capitalize()


@admin.register(StoreFeed)
class StoreFeedAdmin(ScopedAdmin[StoreFeed], PreviewedAdmin[StoreFeed]):
    """How often each store's complete snapshot should come, and how it stands."""

    list_display = ["store", "counted_as_of", "expected_minutes", "missed"]
    list_select_related = ["store"]
    search_fields = ["=store__code", "store__name"]
    fields = ["store", "counted_as_of", "expected_minutes", "missed"]
    readonly_fields = ["store", "counted_as_of", "missed"]
    ordering = ["store_id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A store's first complete snapshot makes its row."""
        return False

    def scope_of(self, row: StoreFeed) -> Scope:
        """All of the store."""
        return Scope(store_id=row.store_id)

    @admin.display(description=gettext_lazy("Snapshots missed"))
    def missed(self, row: StoreFeed) -> str:
        """How many should have come since the last one."""
        if not row.expected_minutes:
            return "–"
        minutes = (clock.now() - row.counted_as_of).total_seconds() / 60
        return str(max(0, int(minutes // row.expected_minutes)))


class SignalRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """From where on a site calls an item low."""

    class Meta:
        model = SignalRule
        fields = ["channel", "low_units"]
        help_texts = {
            "low_units": gettext_lazy(
                "so many units or fewer are low (usually 3); the site's event feed and webhooks "
                "tell availability.low, .out, .back and .in_stock"
            )
        }


@admin.register(SignalRule)
class SignalRuleAdmin(EffectAdmin[SignalRule]):
    """Which sites are told when an item runs low, sells out or comes back."""

    deletable = True
    form = SignalRuleForm
    list_display = ["channel", "low_units"]
    list_select_related = ["channel"]
    search_fields = ["channel__name", "channel__code"]
    autocomplete_fields = ["channel"]

    def get_readonly_fields(self, request: HttpRequest, obj: SignalRule | None = None) -> list[str]:
        """A rule stays with its site."""
        return ["channel"] if obj else []

    def save_model(self, request: HttpRequest, obj: SignalRule, form: Any, change: bool) -> None:
        """What is so already is learned without telling the site."""
        kept = set_signal_rule(channel=obj.channel, low_units=obj.low_units)
        for name in ("pk", "told_position", "quiet_position"):
            setattr(obj, name, getattr(kept, name))
        obj._state.adding = False
