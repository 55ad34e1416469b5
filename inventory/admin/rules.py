"""The rules that keep units from being promised."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from hub.staff.pages import HubAdmin, is_store_bound
from hub.staff.scope import ScopedAdmin
from hub.stores.models import Store
from inventory.models import ChannelBuffer, SafetyStock


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
