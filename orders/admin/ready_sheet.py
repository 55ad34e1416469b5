"""What is ready in a store on paper, for the hour in which no screen works."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from hub import clock
from hub.staff.chosen import choices, chosen_code, remember_choice
from hub.stores.models import Store
from orders.admin.live import must_see
from orders.admin.parts import store_for
from orders.admin.ready_pdf import ready_pdf
from orders.admin.words import local
from orders.fonts import legible
from orders.models import FulfillmentOrder, FulfillmentStatus

NAME = "orders_fulfillmentorder_ready_sheet"
MOST = 1000  # rows on one sheet
LAST_DIGITS = 4


@dataclass(frozen=True)
class Row:
    """One order: what a person needs to find it, to know its buyer, and to hand it over."""

    number: str
    customer: str
    phone: str
    place: str
    bags: int
    until: str
    late: bool
    age: int


def sheet_urls() -> list[URLPattern]:
    """The sheet as a page that prints well, and as a PDF."""
    wrap = admin.site.admin_view
    return [
        path("ready/sheet/", wrap(sheet_view), name=NAME),
        path("ready/sheet/pdf/", wrap(pdf_view), name=f"{NAME}_pdf"),
    ]


@require_safe
def sheet_view(request: HttpRequest) -> HttpResponse:
    """All that is ready in one store, by name; asks which store where that is not clear."""
    must_see(request)
    remember_choice(request)
    store = store_for(request, chosen_code(request))
    rows = ready_rows(store) if store else []
    context = {
        "store": store,
        "rows": rows,
        "is_full": len(rows) >= MOST,
        "printed": local(clock.now(), store.timezone) if store else "",
        "store_choices": choices(request),
        "back": _board(store),
        "pdf": f"{reverse(f'admin:{NAME}_pdf')}?{urlencode({'store': store.code})}"
        if store
        else "",
    }
    return TemplateResponse(request, "admin/orders/ready_sheet.html", context)


@require_safe
def pdf_view(request: HttpRequest) -> HttpResponse:
    """The same as a PDF, to be kept or sent to a printer; 404 where it is not clear which store."""
    must_see(request)
    store = store_for(request, chosen_code(request))
    if store is None:
        raise Http404
    rows = ready_rows(store)
    with legible():
        printed = local(clock.now(), store.timezone)
        content = ready_pdf(store, rows, printed=printed, is_full=len(rows) >= MOST)
    reply = HttpResponse(content, content_type="application/pdf")
    reply["Content-Disposition"] = f'inline; filename="ready-{store.public_id}.pdf"'
    return reply


def ready_rows(store: Store) -> list[Row]:
    """What waits for its buyer in a store, by the buyer's name; at most a thousand. In four
    queries, however many wait."""
    ready = FulfillmentOrder.objects.filter(store=store, status=FulfillmentStatus.READY)
    parts = ready.select_related("order__contact").prefetch_related(
        "bag_rows__location", "lines__item"
    )
    shown = parts.order_by(F("expires_at").asc(nulls_last=True), "pk")[:MOST]
    rows = [_row(part, store.timezone) for part in shown]
    return sorted(rows, key=lambda row: (row.customer.casefold(), row.number))


def _row(part: FulfillmentOrder, timezone: str) -> Row:
    bags = list(part.bag_rows.all())
    places = sorted({str(bag.location) for bag in bags if bag.location})
    contact = part.order.contact
    return Row(
        number=part.order.external_id,
        customer=contact.name,
        phone=contact.phone[-LAST_DIGITS:],
        place=", ".join(places) or part.staging_location,
        bags=len(bags) or part.bags,
        until=local(part.expires_at, timezone),
        late=part.expires_at is not None and part.expires_at < clock.now(),
        age=max((line.item.minimum_age for line in part.lines.all()), default=0),
    )


def _board(store: Store | None) -> str:
    query = f"?{urlencode({'store': store.code})}" if store else ""
    return reverse("admin:orders_fulfillmentorder_ready") + query
