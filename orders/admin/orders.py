# ruff: noqa: ARG002  an override takes all that Django passes
"""The order: what was bought, where it is prepared, and its whole story."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.errors import HubError
from hub.staff.pages import is_store_bound
from hub.staff.refusals import refused
from hub.staff.scope import StoreWorkAdmin, stores_for, works_in_stores
from hub.staff.tones import Tones
from hub.stores.models import Store
from orders.admin.boards import with_visits, work_link
from orders.admin.finding import contact_hashes
from orders.admin.parts import tapped
from orders.admin.picture import asked_words, result_words
from orders.admin.reach import troubles_of
from orders.admin.words import METHODS, STATUS_TONES, local, money
from orders.blocks import lift_by_hand, may_lift_by_hand, stop_by_hand
from orders.models import FulfillmentOrder, Order, OrderStatus, RoutingDecision
from orders.placing.owing import cancel_and_owe
from orders.states import LIVE
from orders.timeline import timeline_of

LONGEST_KEY = 18
MOST_CANDIDATES = 20
CANCEL, STOP, LIFT = "orders.change_order", "orders.add_block", "orders.change_block"


@admin.register(Order)
class OrderAdmin(StoreWorkAdmin[Order]):
    """Orders with a part in one of the person's stores."""

    empty_note = gettext_lazy(
        "Orders come from the sites by the API. Without a site, make one in the sandbox."
    )
    list_display = ["external_id", "state", "channel", "total", "placed", "remark"]
    list_filter = ["status", "channel", "is_test"]
    list_select_related = ["channel"]
    search_fields = ["external_id", "public_id"]
    search_help_text = gettext_lazy("Order number, name, phone or its last four digits, e-mail")
    ordering = ["-id"]

    def of_stores(self, rows: QuerySet[Order], stores: QuerySet[Store]) -> QuerySet[Order]:
        """Orders of which one of the stores prepares, or prepared, a part."""
        parts = FulfillmentOrder.objects.filter(store__in=stores)
        return rows.filter(pk__in=parts.values("order_id"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find by order number, or by the keyed hash of a name, phone, its end, or e-mail."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        numbers = Q(external_id__iexact=term) | Q(public_id=term) | Q(profile__public_id=term)
        return queryset.filter(numbers | contact_hashes(term)), False

    def get_urls(self) -> list[URLPattern]:
        """Canceling, stopping and letting go have addresses of their own."""
        wrap, name = self.admin_site.admin_view, "orders_order_"
        own = [
            path("<int:pk>/cancel/", wrap(self.cancel_view), name=f"{name}cancel"),
            path("<int:pk>/stop/", wrap(self.stop_view), name=f"{name}stop"),
            path("<int:pk>/lift/<int:block>/", wrap(self.lift_view), name=f"{name}lift"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def state(self, row: Order) -> str:
        """The status in words."""
        return row.get_status_display()

    state.label = Tones({"Open": "info", "Completed": "success", "Canceled": "danger"})  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Total"))
    def total(self, row: Order) -> str:
        """The amount in the site's currency."""
        return money(row.total_minor, row.currency)

    @admin.display(description=gettext_lazy("Placed (UTC)"), ordering="placed_at")
    def placed(self, row: Order) -> str:
        """When the site placed it."""
        return local(row.placed_at, "UTC")

    @admin.display(description=gettext_lazy("Remark"))
    def remark(self, row: Order) -> str:
        """Test orders must not be taken for real ones."""
        return _("Test order") if row.is_test else ""

    remark.label = Tones({"Test order": "warning"})  # type: ignore[attr-defined]  # unfold colours by it

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The order's page: parts, lines, customer, routing, timeline."""
        order = self._find(request, object_id)
        parts = list(_parts(order))
        timezone = parts[0].store.timezone if parts else "UTC"
        is_open = order.status == OrderStatus.OPEN
        timeline = timeline_of(order)
        stores = stores_for(request).filter(pk__in=[row.store_id for row in parts])
        mine = set(stores.values_list("pk", flat=True))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Order {external_id}").format(external_id=order.external_id),
            "order": order,
            "contact": order.contact if works_in_stores(request) else None,
            "troubles": troubles_of(order.contact),
            "total": money(order.total_minor, order.currency),
            "tax": money(order.tax_minor, order.currency),
            "placed": local(order.placed_at, timezone),
            "tone": STATUS_TONES.get(order.status, ""),
            "parts": [_part(row, mine) for row in parts],
            "lines": [_line(row, order) for row in order.lines.select_related("item")],
            "blocks": [
                (block, self._may(request, order, LIFT) and may_lift_by_hand(block))
                for block in order.blocks.all()
                if block.lifted_at is None
            ],
            "decisions": [_decision(row) for row in _decisions(order)],
            "timeline": [(local(entry.at, timezone, seconds=True), entry) for entry in timeline],
            "timezone": timezone,
            "may_cancel": is_open and self._may(request, order, CANCEL),
            "may_stop": is_open and self._may(request, order, STOP),
        }
        return TemplateResponse(request, "admin/orders/order.html", context)

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cancel the whole order with a reason and go back to it (303)."""
        order = self._find_to(request, pk, CANCEL)
        reason = " ".join(request.POST.get("reason", "").replace("\0", "").split())
        try:
            cancel_and_owe(order=order, reason=reason)
        except HubError as error:
            messages.error(request, _("Not canceled: {detail}.").format(detail=refused(error)))
        else:
            done = _("Canceled. Its stock is free again, and the site is told what it owes.")
            messages.success(request, done)
        return HttpResponseRedirect(_page(order), status=HTTPStatus.SEE_OTHER)

    @method_decorator(require_POST)
    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the order for a reason that is kept, and go back to it (303)."""
        order = self._find_to(request, pk, STOP)

        def act() -> str:
            stop_by_hand(order=order, why=request.POST.get("reason", ""))
            return _("Stopped. Nothing of it moves on until somebody lets it go.")

        return tapped(request, act, _page(order))

    @method_decorator(require_POST)
    def lift_view(self, request: HttpRequest, pk: int, block: int) -> HttpResponse:
        """Let the order move on for a reason that is kept, and go back to it (303)."""
        order = self._find_to(request, pk, LIFT)
        found = get_object_or_404(order.blocks, pk=block)

        def act() -> str:
            lift_by_hand(block=found, why=request.POST.get("reason", ""))
            return _("It may move on.")

        return tapped(request, act, _page(order))

    def _find_to(self, request: HttpRequest, pk: int, permission: str) -> Order:
        order = self._find(request, str(pk))
        if not self._may(request, order, permission):
            raise Http404
        return order

    def _may(self, request: HttpRequest, order: Order, permission: str) -> bool:
        """Whether the person may decide about the work of every store that has some left."""
        elsewhere = order.fulfillments.filter(status__in=LIVE).exclude(
            store__in=stores_for(request)
        )
        return request.user.has_perm(permission) and not (
            is_store_bound(request) and elsewhere.exists()
        )

    def _find(self, request: HttpRequest, pk: str) -> Order:
        if not self.has_view_permission(request) or not pk.isdecimal() or len(pk) > LONGEST_KEY:
            raise Http404
        rows = self.get_queryset(request).select_related("channel", "contact", "profile")
        return get_object_or_404(rows.prefetch_related("blocks"), pk=int(pk))


def _page(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def _parts(order: Order) -> QuerySet[FulfillmentOrder]:
    return with_visits(order.fulfillments.select_related("store", "hand_off__by").order_by("id"))


def _part(row: FulfillmentOrder, mine: set[int]) -> dict[str, Any]:
    timezone, proof = row.store.timezone, getattr(row, "hand_off", None)
    return {
        "row": row,
        "link": work_link(row),
        "mine": row.store_id in mine,
        "tone": STATUS_TONES.get(row.status, ""),
        "promised": local(row.promised_at, timezone),
        "acknowledged": local(row.pos_acknowledged_at, timezone),
        "hand_off": proof,
        "how": METHODS.get(proof.method, proof.method) if proof else "",
    }


def _line(row: Any, order: Order) -> dict[str, Any]:
    left = row.quantity - row.canceled
    return {
        "row": row,
        "price": money(row.unit_price_minor, order.currency),
        "sum": money(row.unit_price_minor * left, order.currency),
    }


def _decisions(order: Order) -> QuerySet[RoutingDecision]:
    return order.routing_decisions.select_related("store").order_by("id")


def _decision(row: RoutingDecision) -> dict[str, Any]:
    told = row.explanation if isinstance(row.explanation, dict) else {}
    candidates = [
        {**one, "result": result_words(str(one.get("result", "")))}
        for one in (told.get("candidates") or [])[:MOST_CANDIDATES]
    ]
    return {"row": row, "asked": asked_words(told), "candidates": candidates}
