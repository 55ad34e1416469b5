"""Each store's POS: how it is reached, how it does, what it could not be told, where it differs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.db.models import CharField, Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.connectors.registry import pos_connector
from hub.connectors.signing import new_secret
from hub.errors import HubError
from hub.events import leases
from hub.events.breakers import reset
from hub.events.leases import State
from hub.events.models import Breaker, Delivery
from hub.inbox.services import end_pos_rotation, rotate_pos_secret
from hub.integration.pings import ping
from hub.integration.redacting import redacted_text
from hub.staff.history import RememberedAdmin
from hub.staff.pages import SecretOnceAdmin
from hub.staff.refusals import refused
from hub.staff.scope import ScopedAdmin
from hub.stores.models import PosConnection
from orders.admin.exceptions import add_source
from orders.admin.pos_forms import PosConnectionForm, TrialForm
from orders.admin.pos_state import BREAKER_WORDS, pos_problems, state_of
from orders.models import FulfillmentOrder, PosDrift, PosWaiting
from orders.picking.pos import answers, repairing
from orders.picking.pos.checking import ask_check
from orders.picking.pos.pick_lists import lane_of
from orders.picking.pos.reading import part_at_pos
from orders.picking.pos.trying import try_layout

MOST_TRIAL_BYTES = 2 * 2**20
PING = "ful_ping"

add_source(pos_problems)


@admin.register(PosConnection)
class PosConnectionAdmin(
    ScopedAdmin[PosConnection], SecretOnceAdmin[PosConnection], RememberedAdmin[PosConnection]
):
    """Each store's POS; the secret signs both directions and is shown when it is made."""

    form = PosConnectionForm
    shown_heading = gettext_lazy("The secret of this POS connection")
    shown_advice = gettext_lazy(
        "Enter it in the POS. The hub signs its calls with it and expects the same."
    )
    list_display = ["store", "connector", "reach", "drift_count", "parked_count", "active"]
    list_filter = ["active", "connector"]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name", "public_id"]
    autocomplete_fields = ["store"]
    readonly_fields = ["public_id"]
    change_form_before_template = "admin/pos/change_top.html"

    def make(self, form: Any) -> tuple[PosConnection, str]:
        """A connection with a fresh secret."""
        connection = PosConnection.objects.create(secret=new_secret(), **form.cleaned_data)
        return connection, connection.secret

    def get_queryset(self, request: HttpRequest) -> QuerySet[PosConnection]:
        """The person's POS, each with its breaker, its open drift and what was given up."""
        lane = Concat(Value("pos:"), Cast(OuterRef("store_id"), CharField()))
        parked = (
            Delivery.objects.filter(lane=lane, state=State.PARKED)
            .order_by()
            .values("lane")
            .annotate(count=Count("pk"))
            .values("count")
        )
        drifts = (
            PosDrift.objects.filter(connection=OuterRef("pk"), settled_at__isnull=True)
            .order_by()
            .values("connection")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                breaker_state=Subquery(Breaker.objects.filter(key=lane).values("state")[:1]),
                parked_found=Subquery(parked),
                drifts_found=Subquery(drifts),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        """The POS's page, and each thing that can be done there, have addresses."""
        wrap, named = self.admin_site.admin_view, "stores_posconnection_"
        views: dict[str, Callable[..., HttpResponse]] = {
            "state/": self.state_view,
            "check/": self.check_view,
            "ping/": self.ping_view,
            "reset/": self.reset_view,
            "rotate/": self.rotate_view,
            "end/": self.end_view,
            "replay/": self.replay_view,
            "try/": self.try_view,
            "drift/<int:row>/": self.drift_view,
            "waiting/<int:row>/": self.waiting_view,
            "edit/<int:row>/": self.edit_view,
        }
        own = [
            path(f"<int:pk>/{place}", wrap(view), name=named + place.split("/")[0])
            for place, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("State"), ordering="breaker_state")
    def reach(self, row: PosConnection) -> SafeString:
        """Whether it answers, with its page."""
        words, tone = BREAKER_WORDS[Breaker.State(row.breaker_state or "closed")]  # type: ignore[attr-defined]  # annotated
        link = reverse("admin:stores_posconnection_state", args=[row.pk])
        return format_html(
            '<span class="hub" style="padding: 0">'
            '<a class="plain hub-pill {}" href="{}">{}</a></span>',
            tone,
            link,
            words,
        )

    @admin.display(
        description=gettext_lazy("Drift"), ordering=F("drifts_found").desc(nulls_last=True)
    )
    def drift_count(self, row: PosConnection) -> str:
        """In how many things it and the hub disagree."""
        return str(row.drifts_found or "–")  # type: ignore[attr-defined]  # annotated

    @admin.display(
        description=gettext_lazy("Parked"), ordering=F("parked_found").desc(nulls_last=True)
    )
    def parked_count(self, row: PosConnection) -> str:
        """How much it could not be told."""
        return str(row.parked_found or "–")  # type: ignore[attr-defined]  # annotated

    def state_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the POS does, what waits for it, and where it differs from the hub."""
        connection = self._find(request, pk)
        context = self._page(
            request, _("POS of {store}").format(store=connection.store)
        ) | state_of(connection)
        context["may_act"] = self.has_change_permission(request, connection)
        return TemplateResponse(request, "admin/pos/state.html", context)

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let it be compared with the hub soon."""
        connection = self._changeable(request, pk)
        try:
            ask_check(connection=connection, by=request.user.get_username())
        except HubError as error:
            messages.info(request, f"{error.title}.")
        else:
            messages.success(request, _("It is being compared. This page shows how far it is."))
        return _back(connection)

    @method_decorator(require_POST)
    def ping_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask it for a pick list that nobody has: any answer is a good one."""
        connection = self._changeable(request, pk)
        found = ping(
            key=lane_of(connection.store_id),
            call=lambda: pos_connector(connection).status(PING),
            by=request.user.get_username(),
        )
        if found.answered:
            said = _("It answers, after {took} ms.").format(took=found.milliseconds)
            messages.success(request, said)
        else:
            why = redacted_text(found.problem)
            messages.error(request, _("It does not answer: {why}.").format(why=why))
        return _back(connection)

    @method_decorator(require_POST)
    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Call it again at once, whatever happened before."""
        connection = self._changeable(request, pk)
        lane = lane_of(connection.store_id)
        reset(lane, lane=lane)
        messages.success(request, _("It is called again, beginning with what waited longest."))
        return _back(connection)

    @method_decorator(require_POST)
    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new secret beside the old one, shown this once."""
        connection = self._changeable(request, pk)
        if connection.previous_secret:
            messages.info(request, _("It has two secrets: end the old one first."))
            return _back(connection)
        return self.secret_page(request, connection, rotate_pos_secret(connection=connection))

    @method_decorator(require_POST)
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Only the newest secret is good from now on."""
        connection = self._changeable(request, pk)
        end_pos_rotation(connection=connection)
        messages.success(request, _("Only the newest secret is good now."))
        return _back(connection)

    @method_decorator(require_POST)
    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell it again what was given up: one of them, or all."""
        connection = self._changeable(request, pk)
        rows = Delivery.objects.filter(lane=lane_of(connection.store_id))
        if one := request.POST.get("delivery", ""):
            rows = rows.filter(pk=_key(one))
        messages.success(
            request, _("{replay} will be tried again now.").format(replay=leases.replay(rows))
        )
        return _back(connection)

    @method_decorator(require_POST)
    def drift_view(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        """Mend one drift, or let it be."""
        connection = self._changeable(request, pk)
        rows = PosDrift.objects.select_related("connection__store", "fulfillment")
        drift = get_object_or_404(rows, pk=row, connection=connection)
        do = repairing.repair if "repair" in request.POST else repairing.dismiss
        try:
            done = do(drift=drift, by=request.user.get_username())
        except HubError as error:
            messages.error(request, _("Nothing was done: {detail}.").format(detail=refused(error)))
        else:
            if done:
                messages.success(request, _("{key}: done.").format(key=drift.key))
            else:
                messages.info(request, _("Somebody has settled that before."))
        return _back(connection)

    @method_decorator(require_POST)
    def waiting_view(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        """An answer about nothing we know is not waited for any more."""
        connection = self._changeable(request, pk)
        waiting = get_object_or_404(PosWaiting, pk=row, connection=connection)
        if answers.dismiss(waiting=waiting, by=request.user.get_username()):
            messages.success(request, _("{named}: dismissed.").format(named=waiting.named))
        return _back(connection)

    def edit_view(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        """Send a pick list that the POS did not take with other words or fewer goods."""
        connection = self._changeable(request, pk)
        parts = FulfillmentOrder.objects.select_related("order", "store")
        part = get_object_or_404(parts, pk=row, store=connection.store_id)
        lines = part_at_pos(part.pk).lines
        if request.method == "POST":
            try:
                self._send_edited(request, part)
            except HubError as error:
                messages.error(request, _("Not sent: {detail}.").format(detail=refused(error)))
            else:
                messages.success(request, _("It is sent as it reads now."))
                return _back(connection)
        context = self._page(
            request, _("Pick list of {external_id}").format(external_id=part.order.external_id)
        )
        context |= {"connection": connection, "part": part, "lines": lines}
        return TemplateResponse(request, "admin/pos/edit.html", context)

    @method_decorator(require_POST)
    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show how a file of the POS would be understood; nothing is kept."""
        connection = self._find(request, pk)
        form = TrialForm(request.POST, request.FILES)
        if not form.is_valid() or form.cleaned_data["file"].size > MOST_TRIAL_BYTES:
            messages.error(request, _("Choose a file of at most 2 MB."))
            return _back(connection)
        file, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
        trial = try_layout(layout=connection.layout, kind=kind, content=file.read())
        context = self._page(request, f"{connection.store} reads {file.name}")
        context |= {"connection": connection, "trial": trial, "kind": kind}
        return TemplateResponse(request, "admin/pos/trial.html", context)

    def _send_edited(self, request: HttpRequest, part: FulfillmentOrder) -> None:
        named = request.POST.getlist("line_id")
        asked = zip(
            named, request.POST.getlist("name"), request.POST.getlist("quantity"), strict=False
        )
        lines = [
            {"line_id": line, "name": name, "quantity": _units(units)}
            for line, name, units in asked
            if units.strip() not in ("", "0")
        ]
        repairing.send_edited(
            fulfillment=part,
            note=request.POST.get("note", ""),
            lines=list(lines),
            by=request.user.get_username(),
        )

    def _page(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title}

    def _find(self, request: HttpRequest, pk: int) -> PosConnection:
        rows = self.get_queryset(request).select_related("store")
        if not self.has_view_permission(request) or pk >= 2**63:
            raise Http404
        return get_object_or_404(rows, pk=pk)

    def _changeable(self, request: HttpRequest, pk: int) -> PosConnection:
        connection = self._find(request, pk)
        if not self.has_change_permission(request, connection):
            raise Http404
        return connection


def _units(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004


def _key(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004
        raise Http404
    return int(text)


def _back(connection: PosConnection) -> HttpResponseRedirect:
    link = reverse("admin:stores_posconnection_state", args=[connection.pk])
    return HttpResponseRedirect(link, status=HTTPStatus.SEE_OTHER)
