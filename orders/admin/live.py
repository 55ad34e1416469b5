"""What every live board has: its stores, its tabs with their counts, and its pulse."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from hub import clock
from hub.staff import navigation
from hub.staff.chosen import choices, chosen_code, chosen_stores, remember_choice
from hub.staff.scope import works_in_stores
from hub.stores.models import Store
from orders.admin.boards import TITLES
from orders.pulse import fresh_pulse, numbers, ticket_for

PARTS = "orders.FulfillmentOrder"
MOST_DIGITS = 4  # of a page's number


def must_see(request: HttpRequest) -> None:
    """404 unless the person works in a store or may look at all orders."""
    if not (works_in_stores(request) or request.user.has_perm("orders.view_fulfillmentorder")):
        raise Http404


def keys_of(request: HttpRequest) -> list[int] | None:
    """The keys of the stores that are shown; None for all that there are. Asked once."""
    if not hasattr(request, "_shown_stores"):
        keys: list[int] | None = list(chosen_stores(request).values_list("pk", flat=True))
        if request.user.is_superuser and keys and len(keys) == _all_stores():
            keys = None
        request._shown_stores = keys  # type: ignore[attr-defined]
    return request._shown_stores  # type: ignore[attr-defined,no-any-return]


def page_number(request: HttpRequest) -> int:
    """Which page of a board is asked for; anything that is no number means the first."""
    text = request.GET.get("page", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return max(1, int(text)) if is_number else 1


def live(request: HttpRequest, tab: str) -> dict[str, Any]:
    """The context of a board's cards, read before its rows: what changes in between is asked for
    again."""
    pulse = fresh_pulse(keys_of(request), tab)
    code, number = chosen_code(request), page_number(request)
    return {
        "tab": tab,
        "pulse": pulse.sign,
        "counts": pulse.counts,
        "own_count": pulse.counts.get(tab, 0),
        "page": number,
        "store_code": code,
        "store_query": urlencode({"store": code}) if code else "",
        "cards_query": urlencode({"page": str(number), "store": code}),
        "many_stores": keys_of(request) is None or len(keys_of(request) or []) > 1,
        "may_act": works_in_stores(request),
        "now": clock.now(),
    }


def frame(request: HttpRequest, tab: str, counts: dict[str, int]) -> dict[str, Any]:
    """What the whole page of a board has besides its cards, its tabs among them."""
    tabs = [(name, title, counts.get(name, 0)) for name, title in TITLES.items()]
    return follow(request, tab) | {"title": TITLES[tab], "tabs": tabs}


def follow(request: HttpRequest, board: str) -> dict[str, Any]:
    """What a page needs to follow a board of the chosen store, which is remembered."""
    remember_choice(request)
    return {
        "tab": board,
        "store_choices": choices(request),
        "store_code": chosen_code(request),
        "pulse_url": pulse_url(request, board),
    }


def pulse_url(request: HttpRequest, board: str) -> str:
    """Where a board of the shown stores asks for its pulse."""
    return reverse("board-pulse", args=[ticket_for(keys_of(request), board)])


def waiting_on(board: str) -> navigation.Badge:
    """How many wait on a board of the shown stores, for the menu."""

    def badge(request: HttpRequest) -> int:
        known: dict[str, int] | None = getattr(request, "_waiting", None)
        if known is None:
            known = numbers(keys_of(request))
            request._waiting = known  # type: ignore[attr-defined]
        return known.get(board, 0)

    return badge


def _all_stores() -> int:
    return Store.objects.filter(active=True).count()


for name in TITLES:
    navigation.add_badge(f"{PARTS}/{name}", waiting_on(name))
navigation.set_pulse(pulse_url)
