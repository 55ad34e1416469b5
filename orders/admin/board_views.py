"""The boards to pick from, of what is ready, and of what needs a person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from hub.staff.chosen import chosen_stores
from orders.admin import boards
from orders.admin.exceptions import problems
from orders.admin.live import frame, live, must_see

NAMED = "orders_fulfillmentorder_"
TABS = ["pick", "ready", "exceptions"]
EMPTY = {
    "pick": _("Nothing to pick. New orders appear here by themselves."),
    "ready": _("Nothing waits for its buyer."),
    "exceptions": _("Nothing needs a person. Well done."),
}
# how long a change may be missed of which no pulse tells, such as a template without words
RENEW_SECONDS = {"exceptions": 60}


def board_urls() -> list[URLPattern]:
    """Each board, and its cards alone."""
    wrap, found = admin.site.admin_view, []
    for tab in TABS:
        given = {"tab": tab}
        found += [
            path(f"{tab}/", wrap(board_view), given, name=f"{NAMED}{tab}"),
            path(f"{tab}/cards/", wrap(cards_view), given, name=f"{NAMED}{tab}_cards"),
        ]
    return found


@require_safe
def board_view(request: HttpRequest, tab: str) -> HttpResponse:
    """One board with its tabs; its cards renew themselves."""
    must_see(request)
    board = _board(request, tab)
    context = {**admin.site.each_context(request), **board, **frame(request, tab, board["counts"])}
    return TemplateResponse(request, "admin/orders/board.html", context)


@require_safe
def cards_view(request: HttpRequest, tab: str) -> HttpResponse:
    """The board's cards alone, and the pulse that they have."""
    must_see(request)
    return TemplateResponse(request, "admin/orders/board_cards.html", _board(request, tab))


def _board(request: HttpRequest, tab: str) -> dict[str, Any]:
    size = boards.SIZES.get(tab, 0)
    context = live(request, tab)
    stores = chosen_stores(request)
    cards = boards.BOARDS[tab](stores, context["page"]) if tab in boards.BOARDS else []
    found = problems(stores) if tab == "exceptions" else []
    return context | {
        "cards": cards,
        "problems": found,
        "own_count": max(context["own_count"], len(found)),
        "bands": boards.band_counts(stores) if tab == "pick" else [],
        "has_more": bool(size) and len(cards) >= size,
        "renew_seconds": RENEW_SECONDS.get(tab, 300),
        "cards_name": f"admin:{NAMED}{tab}_cards",
        "empty": EMPTY[tab],
    }
