"""The hub's addresses, and beside them the barest view that reads one stock level."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path

from hub.urls import handler400, handler403, handler404, handler500  # noqa: F401
from hub.urls import urlpatterns as hub_urlpatterns
from inventory.models import StockLevel


def plain_level(request: HttpRequest, store: int, item: int) -> JsonResponse:
    """One probe of one index, and what Django alone makes of it."""
    rows = StockLevel.objects.filter(store=store, item=item)
    return JsonResponse(rows.values("on_hand", "allocated", "held").first())


urlpatterns = [path("floor/level/<int:store>/<int:item>", plain_level), *hub_urlpatterns]
