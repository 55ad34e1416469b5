"""Goods, what lies of them in the stores, and how it came to that."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from hub import clock
from hub.staff.pages import ReadOnlyInline, TabularInline
from hub.staff.scope import StoreWorkAdmin, works_in_stores
from hub.staff.tables.pages import TableAdmin
from hub.staff.tones import Tones
from inventory.admin import picture
from inventory.models import (
    BundlePart,
    Hold,
    HoldLine,
    IncomingUnits,
    InventoryEvent,
    Item,
    StockLevel,
    UnavailableState,
    UnavailableUnits,
)
from inventory.resources import ItemResource
from inventory.services.explaining import Consumer, Story, tell

LARGEST_KEY = 2**63 - 1
LINK = "font-semibold text-primary-600 underline dark:text-primary-500"


class BundlePartInline(TabularInline[BundlePart, Item]):
    """What a bundle is made of; an item without parts is none."""

    model = BundlePart
    fk_name = "bundle"
    extra = 0
    hide_title = True
    autocomplete_fields = ["part"]
    verbose_name = gettext_lazy("part of this bundle")
    verbose_name_plural = gettext_lazy("parts, if it is a bundle")


@admin.register(Item)
class ItemAdmin(TableAdmin[Item]):
    """Sellable things end by «active». Everyone who works in a store may look."""

    list_display = ["sku", "name", "category", "unit", "zone", "minimum_age", "active"]
    list_filter = ["active", "zone", "category"]
    search_fields = ["sku", "gtin", "name"]
    readonly_fields = ["public_id"]
    inlines = [BundlePartInline]
    tables = {"products": (gettext_lazy("Products"), ItemResource)}

    def has_view_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        """Goods are no store's secret."""
        return works_in_stores(request) or super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Goods are no store's secret."""
        return works_in_stores(request) or super().has_module_permission(request)


@admin.register(StockLevel)
class StockLevelAdmin(StoreWorkAdmin[StockLevel]):
    """Quantities change by counts, sales and orders only."""

    list_display = [
        *("item", "store", "on_hand", "unavailable", "allocated", "held", "free"),
        *("counted_at", "why"),
    ]
    fields = [
        *("item", "store", "on_hand", "unavailable", "allocated", "held", "free"),
        *("deficit", "sale", "counted_at", "why"),
    ]
    list_filter = ["store__country", "item__zone"]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=item__gtin", "item__name", "=store__code"]
    search_help_text = gettext_lazy("SKU, barcode, name or store code")
    ordering = ["store_id", "item_id"]

    @admin.display(description=gettext_lazy("Free before buffers"))
    def free(self, row: StockLevel) -> int:
        """On hand − unavailable − allocated − held."""
        return row.on_hand - row.unavailable - row.allocated - row.held

    @admin.display(description=gettext_lazy("Sale"))
    def sale(self, row: StockLevel) -> str:
        """Whether any site may sell it, before the numbers are looked at."""
        return gettext("Stopped") if row.stopped else gettext("Open")

    @admin.display(description=gettext_lazy("What sites see"))
    def why(self, row: StockLevel) -> SafeString:
        """The way to the page that explains what can be promised."""
        address = reverse("admin:inventory_stocklevel_why", args=[row.pk])
        return format_html('<a class="{}" href="{}">Why?</a>', LINK, address)

    def get_urls(self) -> list[URLPattern]:
        """The explanation has an address of its own."""
        view = self.admin_site.admin_view(self.why_view)
        own = path("<int:pk>/why/", view, name="inventory_stocklevel_why")
        return [own, *super().get_urls()]

    def why_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Why so many, or none, can be promised of an item in a store: to each site, with who
        has the units."""
        if not self.has_view_permission(request) or pk > LARGEST_KEY:
            raise Http404
        rows = self.get_queryset(request).select_related("item", "store")
        level = get_object_or_404(rows, pk=pk)
        story = tell(store=level.store, item=level.item)
        context = {
            **self.admin_site.each_context(request),
            **_shown(story, orders=_link("orders_fulfillmentorder")),
            "title": f"{level.item.name} in {level.store.name}",
            "level": level,
            "lacking": level.allocated + level.held - max(0, level.on_hand - level.unavailable),
            "now": clock.now(),
        }
        return TemplateResponse(request, "admin/inventory/stocklevel/why.html", context)


def _shown(story: Story, *, orders: str) -> dict[str, Any]:
    """The story as the page shows it; ``orders`` is the address of the list that finds them."""
    names = {channel.pk: channel.name for channel, _ in story.positions}
    return {
        "story": story,
        "sites": [
            (channel, position, picture.parts_of(position), picture.reasons_of(position))
            for channel, position in story.positions
        ],
        "legend": [*picture.TERMS.items(), ("available", gettext("Can be promised"))],
        "unavailable": [
            (UnavailableState(state).label, units) for state, units in story.unavailable.items()
        ],
        "orders": _named(story.orders, names),
        "holds": _named(story.holds, names),
        "orders_link": orders,
        "holds_link": _link("inventory_hold"),
        "ledger_link": _link("inventory_inventoryevent"),
    }


def _named(consumers: list[Consumer], names: dict[int, str]) -> list[tuple[Consumer, str]]:
    return [(consumer, names.get(consumer.channel_id or 0, "")) for consumer in consumers]


def _link(model: str) -> str:
    """The address of a model's list, empty where nobody installed it."""
    try:
        return reverse(f"admin:{model}_changelist")
    except NoReverseMatch:
        return ""


@admin.register(InventoryEvent)
class InventoryEventAdmin(StoreWorkAdmin[InventoryEvent]):
    """The ledger: append-only."""

    list_display = [
        *("occurred_at", "kind", "item", "store", "quantity", "on_hand_change"),
        *("allocated_change", "reference", "source", "superseded"),
    ]
    list_filter = ["kind", "superseded"]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=reference", "=store__code"]
    search_help_text = gettext_lazy("SKU, reference (ful_…) or store code")
    ordering = ["-id"]


class HoldLineInline(ReadOnlyInline):
    """What the hold sets aside."""

    model = HoldLine
    fields = ["item", "quantity"]


@admin.register(Hold)
class HoldAdmin(StoreWorkAdmin[Hold]):
    """Carts that set units aside for some minutes."""

    list_display = ["public_id", "store", "channel", "status", "expires_at", "created_at"]
    list_filter = ["status", "channel"]
    list_select_related = ["store", "channel"]
    search_fields = ["=public_id", "=store__code"]
    ordering = ["-id"]
    inlines = [HoldLineInline]


@admin.register(UnavailableUnits)
class UnavailableUnitsAdmin(StoreWorkAdmin[UnavailableUnits]):
    """Units on hand that cannot be sold; moves and adjustments change them."""

    list_display = ["item", "store", "state", "units"]
    list_filter = ["state"]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "item__name", "=store__code"]
    search_help_text = gettext_lazy("SKU, name or store code")
    ordering = ["store_id", "item_id", "state"]


@admin.register(IncomingUnits)
class IncomingUnitsAdmin(StoreWorkAdmin[IncomingUnits]):
    """Units on their way: shown to sites, sold once they are there."""

    list_display = ["item", "store", "units", "expected_at", "overdue", "reference", "source"]
    list_filter = ["source"]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=reference", "=store__code"]
    search_help_text = gettext_lazy("SKU, reference or store code")
    ordering = ["expected_at", "pk"]

    @admin.display(description=gettext_lazy("Overdue"))
    def overdue(self, row: IncomingUnits) -> str:
        """Whether they should be there already."""
        return gettext("Overdue") if row.expected_at < clock.now() else ""

    overdue.label = Tones({"Overdue": "danger"})  # type: ignore[attr-defined]  # unfold colours by it
