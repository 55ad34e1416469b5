"""Goods, what lies of them in the stores, and how it came to that."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from hub.staff.pages import HubAdmin, ReadOnlyInline
from hub.staff.scope import StoreWorkAdmin, works_in_stores
from inventory.models import Hold, HoldLine, InventoryEvent, Item, StockLevel


@admin.register(Item)
class ItemAdmin(HubAdmin[Item]):
    """Sellable things end by «active». Everyone who works in a store may look."""

    list_display = ["sku", "name", "category", "unit", "zone", "minimum_age", "active"]
    list_filter = ["active", "zone", "category"]
    search_fields = ["sku", "gtin", "name"]
    readonly_fields = ["public_id"]

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
        "counted_at",
    ]
    list_filter = ["store__country", "item__zone"]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=item__gtin", "item__name", "=store__code"]
    search_help_text = "SKU, barcode, name or store code"
    ordering = ["store_id", "item_id"]

    @admin.display(description="Free before buffers")
    def free(self, row: StockLevel) -> int:
        """On hand − unavailable − allocated − held."""
        return row.on_hand - row.unavailable - row.allocated - row.held


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
    search_help_text = "SKU, reference (ful_…) or store code"
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
