"""Where stores keep their goods."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from hub.staff.scope import ScopedAdmin
from inventory.models import ShelfPlace


@admin.register(ShelfPlace)
class ShelfPlaceAdmin(ScopedAdmin[ShelfPlace]):
    """The way of a picker: from the lowest sequence to the highest. Places may be deleted."""

    deletable = True
    list_display = ["store", "item", "location", "sequence"]
    list_editable = ["location", "sequence"]
    list_select_related = ["store", "item"]
    search_fields = ["=item__sku", "=store__code", "location"]
    search_help_text = _("SKU, store code or location")
    autocomplete_fields = ["store", "item"]
