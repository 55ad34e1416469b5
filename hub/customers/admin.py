"""The consent log. Customers themselves are shown beside their orders (orders.admin)."""

from __future__ import annotations

from django.contrib import admin

from hub.customers.models import ConsentEvent
from hub.staff.pages import ReadOnlyAdmin


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin[ConsentEvent]):
    """Every line of the log; addresses appear as keyed hashes only."""

    list_display = [
        *("occurred_at", "channel", "purpose", "status"),
        *("method", "actor", "reference", "sequence"),
    ]
    list_filter = ["status", "channel", "purpose", "method"]
    search_fields = ["=address_hash", "=reference"]
    ordering = ["-id"]
