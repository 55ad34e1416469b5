"""Stock as it stands, how it came to that, and the rules that protect it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from hub.staff.pages import HubAdmin, ReadOnlyInline, is_store_bound
from hub.staff.scope import ScopedAdmin, StoreWorkAdmin, works_in_stores
from hub.stores.models import Store
from inventory.models import (
    ChannelBuffer,
    Hold,
    HoldLine,
    InventoryEvent,
    Item,
    SafetyStock,
    ShortfallCase,
    StockLevel,
)


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


@admin.register(ShortfallCase)
class ShortfallCaseAdmin(StoreWorkAdmin[ShortfallCase]):
    """Truthful counts below what is promised."""

    list_display = ["item", "store", "opened_at", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=store__code"]
    ordering = ["-id"]


@admin.register(SafetyStock)
class SafetyStockAdmin(ScopedAdmin[SafetyStock]):
    """Units never sold online; a person sees the rules of their stores and the general ones."""

    deletable = True
    list_display = ["units", "store", "category", "item"]
    list_select_related = ["store", "item"]
    search_fields = ["=store__code", "=item__sku", "category"]
    autocomplete_fields = ["store", "item"]
    ordering = ["store_id", "category", "item_id"]

    def of_stores(
        self, rows: QuerySet[SafetyStock], stores: QuerySet[Store]
    ) -> QuerySet[SafetyStock]:
        """The rules of the stores, and those of all stores."""
        return rows.filter(Q(store__in=stores) | Q(store__isnull=True))

    def has_change_permission(self, request: HttpRequest, obj: SafetyStock | None = None) -> bool:
        """A rule for all stores is not changed by those who work for some."""
        return self._may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: SafetyStock | None = None) -> bool:
        """As for changing."""
        return self._may_touch(request, obj) and super().has_delete_permission(request, obj)

    @staticmethod
    def _may_touch(request: HttpRequest, obj: SafetyStock | None) -> bool:
        return obj is None or obj.store_id is not None or not is_store_bound(request)


@admin.register(ChannelBuffer)
class ChannelBufferAdmin(HubAdmin[ChannelBuffer]):
    """Units hidden from one site."""

    deletable = True
    list_display = ["channel", "units"]
    list_select_related = ["channel"]
    search_fields = ["channel__name", "channel__code"]
    autocomplete_fields = ["channel"]
