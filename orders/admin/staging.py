"""Bags: their labels, the places where they stand, and finding them again."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.staff.chosen import chosen_code, remember_choice
from hub.staff.scope import ScopedAdmin, StoreWorkAdmin, stores_for
from hub.stores.models import Store
from orders.admin.boards import pick_link, work_link
from orders.admin.finding import contact_hashes
from orders.admin.parts import part_for, person_of, store_for, tapped
from orders.admin.pick_steps import pick_tap_of, put_away
from orders.admin.unsent import work_page
from orders.admin.words import STATUS_TONES
from orders.fonts import legible
from orders.models import Bag, FulfillmentOrder, FulfillmentStatus, Order, StagingLocation
from orders.picking import documents, papers
from orders.picking.barcodes import svg_of

MOST = 100
MOST_STORES = 60
LONGEST_QUERY = 100
KEPT_IN = [FulfillmentStatus.PICKING, FulfillmentStatus.PICKED, FulfillmentStatus.READY]
PDF = "application/pdf"


@admin.register(StagingLocation)
class StagingLocationAdmin(ScopedAdmin[StagingLocation]):
    """Places end by «active»: what stood there stays on record."""

    empty_note = gettext_lazy(
        "Name the shelves, coolers and freezers where bags wait for their customers."
    )
    list_display = ["store", "code", "zone", "active"]
    list_filter = ["active", "zone"]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name", "code"]
    autocomplete_fields = ["store"]


@admin.register(Bag)
class BagAdmin(StoreWorkAdmin[Bag]):
    """The list of all bags, the staging screen, and what is printed for an order."""

    empty_note = gettext_lazy("Bags are made on the pick screen, when an order is picked.")
    store_path = "fulfillment__store"
    list_display = ["barcode", "fulfillment", "number", "zone", "location", "staged_at"]
    list_filter = ["zone"]
    list_select_related = ["fulfillment__order", "location"]
    search_fields = ["=barcode", "=fulfillment__order__external_id"]
    search_help_text = gettext_lazy("Barcode or order number")
    ordering = ["-id"]
    fields = ("barcode", "fulfillment", "number", "zone", "location", "staged_at")

    def get_urls(self) -> list[URLPattern]:
        """The staging screen and the papers come before the pages of single rows."""
        wrap = self.admin_site.admin_view
        own = [
            path("staging/", wrap(self.staging_view), name="orders_bag_staging"),
            path("staging/step/", wrap(self.stage_view), name="orders_bag_stage"),
            path("of/<int:pk>/<str:kind>/", wrap(self.print_view), name="orders_bag_print"),
            path("of/<int:pk>/<str:kind>.pdf", wrap(self.pdf_view), name="orders_bag_pdf"),
        ]
        return [*own, *super().get_urls()]

    # --- the staging screen ---------------------------------------------------------------

    def staging_view(self, request: HttpRequest) -> HttpResponse:
        """Two scans put a bag away; below, what has no place yet, what stands where, or what
        somebody looks for."""
        person_of(request)
        query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
        remember_choice(request)
        store = store_for(request, chosen_code(request))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Staging"),
            "store": store,
            "store_choices": list(stores_for(request).order_by("code")[:MOST_STORES]),
            "query": query,
            "found": _found(stores_for(request), store, query) if query else None,
            "waiting": _unstaged(store) if store else [],
            "places": _places(store) if store else [],
            "place": request.GET.get("place", "")[:LONGEST_QUERY],
            "token": secrets.token_urlsafe(16),
        }
        return work_page(request, "admin/orders/staging.html", context)

    @method_decorator(require_POST)
    def stage_view(self, request: HttpRequest) -> HttpResponse:
        """Put a bag away and go back (303)."""
        user, store = person_of(request), store_for(request, request.POST.get("store", ""))
        if store is None:
            raise Http404

        def act() -> str:
            return put_away(store, pick_tap_of(request, user))

        back = f"{reverse('admin:orders_bag_staging')}?store={store.code}"
        return tapped(request, act, back)

    # --- papers ---------------------------------------------------------------------------

    def print_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """The pick list, the packing slip or the labels as a page that prints well."""
        part = part_for(request, pk)
        context: dict[str, Any] = {
            "part": part,
            "kind": kind,
            "timezone": part.store.timezone,
            "back": pick_link(part),
            "pdf": reverse("admin:orders_bag_pdf", args=[pk, kind]),
        }
        if kind == "labels":
            # the bars are made here of a barcode made here
            bars = [mark_safe(svg_of(one.barcode)) for one in documents.labels(part)]  # noqa: S308
            context["labels"] = list(zip(documents.labels(part), bars, strict=True))
        else:
            context["paper"] = _paper(part, kind)
        return TemplateResponse(request, "admin/orders/print.html", context)

    def pdf_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """The same as a PDF."""
        part = part_for(request, pk)
        timezone = part.store.timezone
        with legible():
            if kind == "labels":
                content = papers.labels_pdf(documents.labels(part), timezone=timezone)
            else:
                content = papers.paper_pdf(_paper(part, kind), timezone=timezone)
        reply = HttpResponse(content, content_type=PDF)
        reply["Content-Disposition"] = f'inline; filename="{kind}-{part.public_id}.pdf"'
        return reply


def _paper(part: FulfillmentOrder, kind: str) -> documents.Paper:
    papers_of = {"list": documents.pick_list, "slip": documents.packing_slip}
    if kind not in papers_of:
        raise Http404
    return papers_of[kind](part)


def _unstaged(store: Store) -> QuerySet[Bag]:
    """Bags that somebody still has to put away, the earliest promise first."""
    rows = Bag.objects.filter(
        fulfillment__store=store, fulfillment__status__in=KEPT_IN, location__isnull=True
    )
    ordered = rows.order_by("fulfillment__promised_at", "fulfillment_id", "number")
    return ordered.select_related("fulfillment__order__contact")[:MOST]


def _places(store: Store) -> QuerySet[StagingLocation]:
    """The places in use with the bags that stand there."""
    kept = Bag.objects.filter(fulfillment__status__in=KEPT_IN).select_related("fulfillment__order")
    rows = StagingLocation.objects.filter(store=store, active=True)
    return rows.prefetch_related(Prefetch("bags", queryset=kept.order_by("pk"), to_attr="kept"))


def _found(stores: QuerySet[Store], store: Store | None, query: str) -> list[dict[str, Any]]:
    """Orders that are packed or kept, by bag, order number, name, phone or its last digits."""
    orders = Order.objects.filter(contact_hashes(query)).values("pk")
    rows = FulfillmentOrder.objects.filter(
        Q(bag_rows__barcode=query.upper()) | Q(order__external_id=query) | Q(order__in=orders),
        store__in=[store] if store else stores,
        status__in=KEPT_IN,
    )
    rows = rows.select_related("order__contact", "store").prefetch_related("bag_rows__location")
    return [
        {"part": row, "tone": STATUS_TONES.get(row.status, ""), "link": work_link(row)}
        for row in rows.distinct().order_by("-id")[:MOST]
    ]
