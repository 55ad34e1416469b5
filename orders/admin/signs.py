"""Signs with QR codes: which place has one, printing them, replacing one that is gone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from hub.staff.chosen import chosen_code, remember_choice
from hub.staff.scope import StoreWorkAdmin, stores_for
from hub.stores.models import Store
from orders.admin.parts import LONGEST_KEY, person_of, store_for, tapped
from orders.curbside.posters import poster_svg, posters_pdf
from orders.curbside.signs import address_of, replace_sign, sign_of
from orders.models import Sign, Spot

MOST_STORES = 60
PDF, SVG = "application/pdf", "image/svg+xml"


@admin.register(Sign)
class SignAdmin(StoreWorkAdmin[Sign]):
    """The record of all signs, and beside it the page on which they are printed."""

    empty_note = gettext_lazy(
        "Signs lead customers from the curb to their page. Print them on the page of signs."
    )
    list_display = ["store", "place", "active", "address", "created_at"]
    list_filter = ["active"]
    list_select_related = ["store", "spot"]
    search_fields = ["=store__code", "store__name", "=spot__label", "=code"]
    ordering = ["-id"]
    fields = ["store", "place", "active", "address", "created_at"]

    def get_urls(self) -> list[URLPattern]:
        """Printing comes before the pages of single rows."""
        wrap = self.admin_site.admin_view
        own = [
            path("board/", wrap(board_view), name="orders_sign_board"),
            path("board/make/", wrap(make_view), name="orders_sign_make"),
            path("all/<int:store>.pdf", wrap(all_view), name="orders_sign_all"),
            path("<int:pk>/sign.svg", wrap(svg_view), name="orders_sign_svg"),
            path("<int:pk>/sign.pdf", wrap(pdf_view), name="orders_sign_pdf"),
            path("<int:pk>/replace/", wrap(replace_view), name="orders_sign_replace"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Place"), ordering="spot__label")
    def place(self, row: Sign) -> str:
        """The spot's label, or the whole area."""
        return gettext("Spot {spot}").format(spot=row.spot) if row.spot else gettext("Pickup area")

    @admin.display(description=gettext_lazy("Leads to"))
    def address(self, row: Sign) -> str:
        """What its QR code says."""
        return address_of(row)


def board_view(request: HttpRequest) -> HttpResponse:
    """A store's places, each with its sign to look at, print or replace."""
    person_of(request)
    remember_choice(request)
    store = store_for(request, chosen_code(request))
    context = {
        **admin.site.each_context(request),
        "title": gettext("Signs to print"),
        "store": store,
        "store_choices": list(stores_for(request).order_by("code")[:MOST_STORES]),
        **(_places(store) if store else {}),
    }
    return TemplateResponse(request, "admin/orders/signs.html", context)


@require_POST
def make_view(request: HttpRequest) -> HttpResponse:
    """Make the signs that a store's places lack, and go back (303)."""
    person_of(request)
    store = store_for(request, request.POST.get("store", ""))
    if store is None:
        raise Http404

    def act() -> str:
        spots = list(Spot.objects.filter(store=store, active=True))
        for spot in [None, *spots]:
            sign_of(store=store, spot=spot)
        return gettext("Every place has a sign. Print them all.")

    return tapped(request, act, _board(store))


@require_POST
def replace_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a place another sign, and go back (303); the old code leads nowhere from now on."""
    sign = _sign(request, pk)

    def act() -> str:
        replace_sign(sign=sign)
        return gettext("The old sign leads nowhere now. Print the new one and hang it up.")

    return tapped(request, act, _board(sign.store))


def svg_view(request: HttpRequest, pk: int) -> HttpResponse:
    """One sign as SVG."""
    sign = _sign(request, pk)
    reply = HttpResponse(poster_svg(sign), content_type=SVG)
    # an SVG opened by itself is a page: it may show, and nothing else
    reply["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return reply


def pdf_view(request: HttpRequest, pk: int) -> HttpResponse:
    """One sign as PDF."""
    sign = _sign(request, pk)
    return _pdf([sign], f"sign-{sign.spot or 'area'}")


def all_view(request: HttpRequest, store: int) -> HttpResponse:
    """All signs of a store as one PDF, a page each."""
    person_of(request)
    found = get_object_or_404(stores_for(request), pk=_bounded(store))
    signs = [sign for _, sign in _rows(found) if sign]
    if not signs:
        raise Http404
    return _pdf(signs, f"signs-{found.code}")


def _places(store: Store) -> dict[str, Any]:
    rows = _rows(store)
    return {
        "rows": rows,
        "lacking": sum(sign is None for _, sign in rows),
        "printable": any(sign for _, sign in rows),
    }


def _rows(store: Store) -> list[tuple[Spot | None, Sign | None]]:
    """The pickup area, then the spots, 2 before 10, each with its sign if it has one."""
    signs = Sign.objects.filter(store=store, active=True).select_related("store", "spot")
    by_spot = {sign.spot_id: sign for sign in signs}
    spots = Spot.objects.filter(store=store, active=True)
    in_order = sorted(spots, key=lambda spot: (len(spot.label), spot.label))
    return [(None, by_spot.get(None)), *((spot, by_spot.get(spot.pk)) for spot in in_order)]


def _sign(request: HttpRequest, pk: int) -> Sign:
    person_of(request)
    rows = Sign.objects.filter(store__in=stores_for(request)).select_related("store", "spot")
    return get_object_or_404(rows, pk=_bounded(pk), active=True)


def _pdf(signs: list[Sign], name: str) -> HttpResponse:
    plain = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_"))
    reply = HttpResponse(posters_pdf(signs), content_type=PDF)
    reply["Content-Disposition"] = f'inline; filename="{plain}.pdf"'
    return reply


def _board(store: Store) -> str:
    return f"{reverse('admin:orders_sign_board')}?{urlencode({'store': store.code})}"


def _bounded(pk: int) -> int:
    if len(str(pk)) > LONGEST_KEY:
        raise Http404
    return pk
