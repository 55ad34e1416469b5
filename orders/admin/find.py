"""The one search: straight to the only thing that can be meant, else a list to choose from."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from hub.staff.navigation import set_search
from hub.staff.scope import stores_for
from inventory.models import Item, StockLevel
from orders.admin.boards import work_link
from orders.admin.hits import LONGEST_TERM, MOST_SHOWN, Hits, hits_of
from orders.admin.live import must_see
from orders.admin.words import STATUS_TONES, local, said
from orders.models import FulfillmentOrder

NAME = "orders_fulfillmentorder_find"
LAST_DIGITS = 4


def find_urls() -> list[URLPattern]:
    """The search, and what it found."""
    return [path("find/", admin.site.admin_view(find_view), name=NAME)]


@require_safe
def find_view(request: HttpRequest) -> HttpResponse:
    """The only hit in the person's stores (302), or a list of what may be meant."""
    must_see(request)
    query = request.GET.get("term", "").replace("\0", "").strip()[:LONGEST_TERM]
    over = request.GET.get("over") == "1"
    hits = hits_of(stores_for(request), query, over=over) if query else None
    if hits and (link := _only(request, hits)):
        return HttpResponseRedirect(link)
    context = {**admin.site.each_context(request), "title": _("Find"), "query": query}
    return TemplateResponse(request, "admin/orders/find.html", context | _found(request, hits))


def _only(request: HttpRequest, hits: Hits) -> str:
    """Where to go when only one thing can be meant; empty when there is a choice, or nothing."""
    if hits.only:
        return work_link(hits.only)
    return _stock_link(request, hits.item) if hits.item and not hits.parts else ""


def _found(request: HttpRequest, hits: Hits | None) -> dict[str, Any]:
    if hits is None:
        return {"hits": None}
    return {
        "hits": hits,
        "rows": [_row(part) for part in hits.parts],
        "is_full": len(hits.parts) >= MOST_SHOWN,
        "stock_url": _stock_link(request, hits.item) if hits.item else "",
    }


def _row(part: FulfillmentOrder) -> dict[str, Any]:
    bags = [f"{bag.location} ({bag.barcode})" for bag in part.bag_rows.all() if bag.location]
    return {
        "part": part,
        "link": work_link(part),
        "status": said(part.status),
        "tone": STATUS_TONES.get(part.status, ""),
        "phone": part.order.contact.phone[-LAST_DIGITS:],
        "place": ", ".join(bags) or part.staging_location,
        "promised": local(part.promised_at, part.store.timezone),
    }


def _stock_link(request: HttpRequest, item: Item) -> str:
    """The item's stock, for those who may look at it."""
    page = admin.site._registry[StockLevel]
    if not page.has_view_permission(request):
        return ""
    return f"{reverse('admin:inventory_stocklevel_changelist')}?{urlencode({'q': item.sku})}"


set_search(f"admin:{NAME}")
