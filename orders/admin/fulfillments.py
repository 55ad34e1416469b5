# ruff: noqa: ARG002  an override takes all that Django passes
"""A store's part of an order: the boards it stands on and the page it is worked on."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import HubError
from hub.staff.refusals import refused
from hub.staff.scope import StoreWorkAdmin, works_in_stores
from hub.staff.tones import Tones
from inventory.models import PullTask
from orders.admin import boards, steps
from orders.admin.arrivals import arrival_urls
from orders.admin.board_views import board_urls
from orders.admin.find import find_urls
from orders.admin.parts import LONGEST_KEY, sentence
from orders.admin.reach import troubles_of
from orders.admin.ready_sheet import sheet_urls
from orders.admin.rescue import rescue_urls
from orders.admin.several import several_link
from orders.admin.words import STATUS_TONES, due, local, said
from orders.curbside.aging import age_terms
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    RecalledPart,
    VisitStatus,
)
from orders.picking.working import most
from orders.reports import TO_PICK
from orders.states import LIVE, allowed_actions


@admin.register(FulfillmentOrder)
class FulfillmentOrderAdmin(StoreWorkAdmin[FulfillmentOrder]):
    """The search list of all parts, and beside it the boards and the work page."""

    empty_note = _("Orders come from the sites. Without a site, make one in the sandbox.")
    list_display = ["order_number", "store", "state", "promised", "public_id"]
    list_filter = ["status"]
    list_select_related = ["order", "store"]
    search_fields = ["order__external_id", "public_id", "pos_reference"]
    search_help_text = _("Order number, fulfillment id or POS reference")
    ordering = ["-id"]
    actions = ["several_selected"]

    def has_several_permission(self, request: HttpRequest) -> bool:
        """Steps are for those who work in stores."""
        return works_in_stores(request)

    @admin.action(description=_("Several at once…"), permissions=["several"])
    def several_selected(
        self, request: HttpRequest, queryset: QuerySet[FulfillmentOrder]
    ) -> HttpResponse:
        """Go to the page on which one step is taken on all of them."""
        return HttpResponseRedirect(several_link(queryset))

    def get_urls(self) -> list[URLPattern]:
        """The boards and the step endpoint come before the pages of single rows."""
        named = "orders_fulfillmentorder_"
        wrap = self.admin_site.admin_view
        work = [
            path("<int:pk>/step/", wrap(self.step_view), name=named + "step"),
            path("<int:pk>/visit/", wrap(self.visit_view), name=named + "visit"),
        ]
        boards_first = [*board_urls(), *arrival_urls(), *find_urls(), *sheet_urls()]
        return [*boards_first, *work, *rescue_urls(), *super().get_urls()]

    @admin.display(description=_("Order"), ordering="order__external_id")
    def order_number(self, row: FulfillmentOrder) -> str:
        """The number the customer knows."""
        return row.order.external_id

    @admin.display(description=_("Status"), ordering="status")
    def state(self, row: FulfillmentOrder) -> str:
        """The status in words."""
        return row.get_status_display()

    state.label = Tones(  # type: ignore[attr-defined]  # unfold colours by it
        {status.label: STATUS_TONES[status] for status in FulfillmentStatus}
    )

    @admin.display(description=_("Promised"), ordering="promised_at")
    def promised(self, row: FulfillmentOrder) -> str:
        """On the store's own clock."""
        return local(row.promised_at, row.store.timezone)

    # --- the work page --------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page on which one part is worked: what is allowed now, as big buttons."""
        self._must_work(request)
        row = self._find(request, object_id)
        actions = allowed_actions(row)
        timezone = row.store.timezone
        may_act = works_in_stores(request)
        context = {
            **self.admin_site.each_context(request),
            **_trip(row, shown_version=row.version, may_act=may_act),
            "title": f"{row.order.external_id} · {row.store.name}",
            "lines": _lines(row),
            "allowed": {action.name for action in actions if action.allowed and may_act},
            "stopped": steps.stopped(row),
            "not_now": steps.not_now(row),
            **_held_back(row),
            "troubles": troubles_of(row.order.contact),
            "tokens": {name: secrets.token_urlsafe(16) for name in steps.STEPS},
            "promised": local(row.promised_at, timezone),
            "due": due(row.promised_at, clock.now()) if row.status in TO_PICK else ("", ""),
            "until": local(row.expires_at, timezone),
            "handed_over": local(row.completed_at, timezone),
            "tone": STATUS_TONES.get(row.status, ""),
            "back_url": _board_of(row),
            "pick_url": boards.pick_link(row) if may_act and row.status in TO_PICK else "",
            "bags": row.bag_rows.select_related("location"),
            "asks_age": age_terms(row).minimum_age > 0,
            "is_lead": request.user.has_perm("orders.override_pin"),
        }
        return TemplateResponse(request, "admin/orders/work.html", context)

    def visit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The customer's trip alone, for the work page to renew; 204 when nothing changed."""
        self._must_work(request)
        row = self._find(request, str(pk))
        shown = request.GET.get("shown", "")
        version = int(shown) if shown.isdecimal() and len(shown) <= LONGEST_KEY else row.version
        context = _trip(row, shown_version=version, may_act=works_in_stores(request))
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return TemplateResponse(request, "admin/orders/visit.html", context)

    @method_decorator(require_POST)
    def step_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one step and go back (303); what was refused is said on the page."""
        if not works_in_stores(request):
            raise Http404
        row = self._find(request, str(pk))
        try:
            done = steps.take(row, steps.tap_of(request))
        except HubError as error:
            messages.error(request, sentence(refused(error)))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(_next(request, row), status=HTTPStatus.SEE_OTHER)

    def _find(self, request: HttpRequest, pk: str) -> FulfillmentOrder:
        rows = self.get_queryset(request).select_related(
            "order__contact", "order__channel", "store"
        )
        known = boards.with_visits(rows).prefetch_related("order__blocks")
        if not pk.isdecimal() or len(pk) > LONGEST_KEY:
            raise Http404
        return get_object_or_404(known, pk=int(pk))

    def _must_work(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404


def _trip(row: FulfillmentOrder, *, shown_version: int, may_act: bool) -> dict[str, Any]:
    """What the work page says of the customer; ``seen`` changes whenever that does."""
    visit = boards.active_visit(row)
    now = clock.now()
    trip: dict[str, Any] = {"fulfillment": row, "visit": visit, "now": now}
    trip |= {"shown_version": shown_version, "page_link": boards.work_link(row)}
    if visit is None:
        return trip | {"seen": f"{row.version}"}
    return trip | {
        "seen": f"{row.version}.{visit.pk}.{visit.version}",
        "visit_words": said(visit.status),
        "visit_tone": STATUS_TONES.get(visit.status, ""),
        "eta": due(visit.eta, now)[0] if visit.eta else "",
        "may_serve": may_act and visit.status == VisitStatus.ARRIVED and row.status in LIVE,
        "serve_token": secrets.token_urlsafe(16),
    }


def _held_back(row: FulfillmentOrder) -> dict[str, Any]:
    """What stands in the way in words, and the pulls of recalled goods that would clear it."""
    blocks = [block for block in row.order.blocks.all() if block.lifted_at is None]
    parts = RecalledPart.objects.filter(fulfillment=row, block__in=blocks)
    recalls = list(parts.values_list("recall_id", flat=True)) if blocks else []
    return {
        "notes": [block.note for block in blocks if block.note],
        "pulls": PullTask.objects.filter(recall__in=recalls, store=row.store_id),
    }


def _lines(row: FulfillmentOrder) -> list[FulfillmentLine]:
    """The lines, each with what is asked for now and the most that may be counted."""
    lines = list(row.lines.select_related("item", "order_line"))
    for line in lines:
        line.asked = line.allocated - line.short  # type: ignore[attr-defined]  # for the template
        line.most = max(most(line), line.picked)  # type: ignore[attr-defined]  # for the template
    return lines


def _board_of(row: FulfillmentOrder) -> str:
    board = "ready" if row.status == FulfillmentStatus.READY else "pick"
    return f"admin:orders_fulfillmentorder_{board}"


def _next(request: HttpRequest, row: FulfillmentOrder) -> str:
    """Back to the page the tap came from, when it is one of ours, else to the work page."""
    wanted = request.POST.get("next", "")
    if wanted.startswith("/admin/") and url_has_allowed_host_and_scheme(wanted, None):
        return wanted
    return boards.work_link(row)
