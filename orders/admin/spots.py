"""The numbered places of a store's pickup area."""

from __future__ import annotations

from django.contrib import admin

from hub.staff.scope import ScopedAdmin
from orders.models import Spot


@admin.register(Spot)
class SpotAdmin(ScopedAdmin[Spot]):
    """Spots end by ``active``: a visit that stood there stays on record."""

    list_display = ["store", "label", "zone", "accessible", "oversize", "active"]
    list_filter = ["active", "accessible", "oversize"]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name", "label"]
    autocomplete_fields = ["store"]
