"""What needs a person: shortfalls."""

from __future__ import annotations

from django.contrib import admin

from hub.staff.scope import StoreWorkAdmin
from inventory.models import ShortfallCase


@admin.register(ShortfallCase)
class ShortfallCaseAdmin(StoreWorkAdmin[ShortfallCase]):
    """Truthful counts below what is promised."""

    list_display = ["item", "store", "opened_at", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=store__code"]
    ordering = ["-id"]
