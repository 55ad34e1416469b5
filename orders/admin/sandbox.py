# ruff: noqa: ARG002  an override takes all that Django passes
"""The sandbox: an order made here, driven through every path by buttons, put right at the end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.errors import HubError
from hub.links.services import make_link
from hub.staff.chosen import choices, chosen_code, remember_choice
from hub.staff.pages import ReadOnlyAdmin
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from hub.stores.models import SalesChannel, Store
from inventory.models import StockLevel
from orders.admin import sandbox_steps
from orders.admin.parts import LONGEST_KEY, sentence, store_for, tapped
from orders.admin.sandbox_lacks import lack_of
from orders.admin.words import STATUS_TONES, local, money, said
from orders.curbside.pages.answering import PURPOSE
from orders.curbside.visits import active_visit
from orders.models import FulfillmentOrder, PickupCode, SandboxRun
from orders.sandbox import GRAMS, MOST_LINES, MOST_UNITS, begin_sandbox
from orders.timeline import timeline_of

PERMISSION = "orders.drive_sandbox"
MOST_GOODS = 12
MOST_SHOWN = 50


@dataclass(frozen=True)
class Told:
    """A message that a customer would have got: when, by which way, about what, its words."""

    at: datetime
    way: str
    about: str
    words: str
    outcome: str


Teller = Callable[[int], Iterable[Told]]
_tellers: list[Teller] = []


def add_teller(teller: Teller) -> None:
    """Let an app say what it told the customer of an order (by its key), newest first."""
    _tellers.append(teller)


@admin.register(SandboxRun)
class SandboxRunAdmin(ReadOnlyAdmin[SandboxRun]):
    """The sandbox orders of the person's stores, and the page on which each is driven."""

    list_display = ["number", "by", "begun_at", "ended_at"]
    list_select_related = ["order", "by"]
    ordering = ["-id"]

    def is_open_to(self, request: HttpRequest) -> bool:
        """Open to those who may drive it; the queryset says which rows are theirs."""
        return request.user.has_perm(PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: SandboxRun | None = None) -> bool:
        """The permission to drive is the permission to look."""
        return self.is_open_to(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for looking."""
        return self.is_open_to(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SandboxRun]:
        """Those of the person's stores."""
        rows = super().get_queryset(request)
        parts = FulfillmentOrder.objects.filter(store__in=stores_for(request))
        return rows.filter(order__in=parts.values("order"))

    def get_urls(self) -> list[URLPattern]:
        """Making one, its steps, and its customer's page."""
        wrap, named = self.admin_site.admin_view, "orders_sandboxrun_"
        own = [
            path("begin/", wrap(self.begin_view), name=f"{named}begin"),
            path("<int:pk>/step/", wrap(self.step_view), name=f"{named}step"),
            path("<int:pk>/page/", wrap(self.page_view), name=f"{named}page"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Order"), ordering="order__external_id")
    def number(self, row: SandboxRun) -> str:
        """The number that says what it is."""
        return row.order.external_id

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The latest ones, those that go on first, and the way to a new one."""
        self._must_drive(request)
        rows = self.get_queryset(request).select_related("order", "by")
        latest = rows.order_by(F("ended_at").desc(nulls_first=True), "-pk")[:MOST_SHOWN]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Sandbox"),
            "runs": [(row, local(row.begun_at, "UTC")) for row in latest],
        }
        return TemplateResponse(request, "admin/orders/sandbox_list.html", context)

    def begin_view(self, request: HttpRequest) -> HttpResponse:
        """A store and some of its goods; posted, the order is placed and shown (303)."""
        self._must_drive(request)
        store = _store(request)
        if request.method == "POST" and store:
            try:
                run = begin_sandbox(
                    store=store,
                    channel=_channel(request.POST.get("channel", "")),
                    goods=_goods(request),
                    by=cast(User, request.user),
                    token=request.POST.get("token", "")[:64],
                )
                return HttpResponseRedirect(_link(run), status=303)
            except HubError as error:
                messages.error(request, sentence(refused(error)))
        levels = list(_sellable(store)) if store else []
        context = {
            **self.admin_site.each_context(request),
            "title": _("Make a sandbox order"),
            "store": store,
            "store_choices": choices(request),
            "lack": lack_of(request, store, has_goods=bool(levels)),
            "channels": SalesChannel.objects.order_by("pk")[:MOST_SHOWN],
            "levels": levels,
            "most_units": MOST_UNITS,
            "grams": MOST_UNITS * GRAMS,
            "most_lines": MOST_LINES,
            "token": secrets.token_urlsafe(16),
        }
        return TemplateResponse(request, "admin/orders/sandbox_begin.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The order as it stands, its steps, what the customer was told, and its story."""
        run, part = self._find(request, object_id)
        order, zone = run.order, part.store.timezone
        code = PickupCode.objects.filter(fulfillment=part).first()
        visit = active_visit(part)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{order.external_id} · {part.store.name}",
            "run": run,
            "part": part,
            "tone": STATUS_TONES.get(part.status, ""),
            "promised": local(part.promised_at, zone),
            "total": money(order.total_minor, order.currency),
            "pin": code.pin if code else "",
            "visit": said(visit.status) if visit else "",
            "lines": part.lines.select_related("item").order_by("pk"),
            "steps": [] if run.ended_at else sandbox_steps.shown(part),
            "told": [
                (local(one.at, zone, seconds=True), one)
                for teller in _tellers
                for one in teller(order.pk)
            ][:MOST_SHOWN],
            "timeline": [
                (local(entry.at, zone, seconds=True), entry) for entry in timeline_of(order)
            ],
            "ended": local(run.ended_at, zone) if run.ended_at else "",
            "token": secrets.token_urlsafe(16),
        }
        return TemplateResponse(request, "admin/orders/sandbox.html", context)

    @method_decorator(require_POST)
    def step_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one step and go back (303); what was refused is said on the page."""
        run, part = self._find(request, str(pk))
        name, token = request.POST.get("step", ""), request.POST.get("token", "")[:50]
        press = sandbox_steps.Press(run, part, cast(User, request.user), token)
        return tapped(request, lambda: sandbox_steps.take(name, press), _link(run))

    @method_decorator(require_POST)
    def page_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open the page that the customer would see."""
        _run, part = self._find(request, str(pk))
        token = make_link(purpose=PURPOSE, subject=f"fulfillment:{part.pk}")
        return HttpResponseRedirect(f"/p/{token}", status=303)

    def _find(self, request: HttpRequest, pk: str) -> tuple[SandboxRun, FulfillmentOrder]:
        """The run, and the part of it that is worked on now: the live one, else the last."""
        self._must_drive(request)
        if not (pk.isascii() and pk.isdecimal() and len(pk) <= LONGEST_KEY):
            raise Http404
        rows = self.get_queryset(request).select_related("order__channel", "order__contact", "by")
        run = get_object_or_404(rows, pk=int(pk))
        parts = list(run.order.fulfillments.select_related("store", "order").order_by("-pk"))
        live = [part for part in parts if part.status in sandbox_steps.LIVE_STATUSES]
        return run, (live or parts)[0]

    def _must_drive(self, request: HttpRequest) -> None:
        if not self.is_open_to(request):
            raise Http404


def _link(run: SandboxRun) -> str:
    return reverse("admin:orders_sandboxrun_change", args=[run.pk])


def _store(request: HttpRequest) -> Store | None:
    """The store that is looked at, or the only one; 404 for one that is not the person's."""
    remember_choice(request)
    return store_for(request, chosen_code(request))


def _channel(text: str) -> SalesChannel:
    rows = SalesChannel.objects.order_by("pk")
    if text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY:
        rows = rows.filter(pk=int(text))
    channel = rows.first()
    if channel is None:
        raise Http404
    return channel


def _goods(request: HttpRequest) -> dict[int, int]:
    """What was typed beside the items, as ``units_7=2``; empty and 0 mean none of it."""
    goods = {}
    for name, text in request.POST.items():
        key, units = name.removeprefix("units_"), str(text).strip()
        whole = all(part.isascii() and part.isdecimal() for part in (key, units))
        if name.startswith("units_") and whole and len(key + units) <= LONGEST_KEY and int(units):
            goods[int(key)] = int(units)
    return goods


def _sellable(store: Store) -> QuerySet[StockLevel]:
    """Some of what the store could sell now, most of it first."""
    free = F("on_hand") - F("unavailable") - F("allocated") - F("held")
    rows = StockLevel.objects.filter(store=store, stopped=False, item__active=True)
    rows = rows.alias(free=free).filter(free__gte=MOST_UNITS)
    return rows.select_related("item").order_by("-on_hand", "item_id")[:MOST_GOODS]
