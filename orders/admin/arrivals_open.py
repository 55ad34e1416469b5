"""Opening a visit for a customer who walks up or calls instead of using the page."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hub.errors import Invalid
from hub.staff.scope import stores_for
from orders.admin.boards import active_visit, with_visits
from orders.admin.finding import contact_hashes
from orders.admin.parts import part_for, person_of, tapped
from orders.admin.words import STATUS_TONES, said
from orders.curbside.spots import all_spots
from orders.curbside.visits import PLACE_CHARACTERS, VEHICLE_CHARACTERS, open_visit
from orders.models import FulfillmentOrder, Order
from orders.states import LIVE

NAME = "orders_fulfillmentorder_arrivals"
MOST_FOUND = 20
LONGEST_QUERY = 100


class OpenForm(forms.Form):
    """Where the customer is, as far as it is known."""

    spot = forms.CharField(max_length=40, required=False)
    place = forms.CharField(max_length=PLACE_CHARACTERS, required=False)
    vehicle = forms.CharField(max_length=VEHICLE_CHARACTERS, required=False)
    token = forms.CharField(max_length=64, required=False)


def open_view(request: HttpRequest) -> HttpResponse:
    """Find the order by its number, the customer's name, phone or its last digits."""
    person_of(request)
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    context = {
        **admin.site.each_context(request),
        "title": _("Somebody walks up or calls"),
        "query": query,
        "found": _found(request, query) if query else None,
        "back": board_link(request),
        "store_code": request.GET.get("store", ""),
        "place_characters": PLACE_CHARACTERS,
        "vehicle_characters": VEHICLE_CHARACTERS,
    }
    return TemplateResponse(request, "admin/orders/arrivals_open.html", context)


@require_POST
def do_open_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the visit and go to the board (303); what was refused is said where it was asked."""
    user, part = person_of(request), part_for(request, pk)
    query = urlencode({"q": request.POST.get("q", ""), "store": request.POST.get("store", "")})
    again = f"{reverse(f'admin:{NAME}_open')}?{query}"
    opened: list[bool] = []

    def act() -> str:
        form = OpenForm(request.POST)
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            raise Invalid(f"{field}: {errors[0]}")
        open_visit(fulfillment=part, by=user, **form.cleaned_data)
        opened.append(True)
        return _("{external_id}: the customer is on the board.").format(
            external_id=part.order.external_id
        )

    reply = tapped(request, act, again)
    if opened:
        reply["Location"] = board_link(request)
    return reply


def board_link(request: HttpRequest) -> str:
    """The board with the store that the person had chosen."""
    store = request.POST.get("store", "") or request.GET.get("store", "")
    known = stores_for(request).filter(code=store.replace("\0", "")).first() if store else None
    query = f"?{urlencode({'store': known.code})}" if known else ""
    return reverse(f"admin:{NAME}") + query


def _found(request: HttpRequest, query: str) -> list[dict[str, Any]]:
    """Orders that are not over in the person's stores, each with what can be said of its visit."""
    orders = Order.objects.filter(contact_hashes(query)).values("pk")
    rows = FulfillmentOrder.objects.filter(
        Q(order__external_id=query) | Q(order__in=orders),
        store__in=stores_for(request),
        status__in=LIVE,
    )
    rows = with_visits(rows.select_related("order__contact", "store")).order_by("-pk")
    return [_one(row) for row in rows[:MOST_FOUND]]


def _one(row: FulfillmentOrder) -> dict[str, Any]:
    visit = active_visit(row)
    return {
        "part": row,
        "status": said(row.status),
        "tone": STATUS_TONES.get(row.status, ""),
        "visit": said(visit.status) if visit else "",
        "free": [spot for spot, taken in all_spots(row.store) if not (taken or spot.closed_for)],
        "token": secrets.token_urlsafe(16),
    }
