"""The page with a store's three switches: what each would change, turning it on, undoing it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import HubError
from hub.staff.refusals import refused
from hub.staff.scope import StoreWorkAdmin, stores_for, works_in_stores
from hub.staff.tones import Tones
from hub.stores.models import Store, StoreSwitch
from orders.admin.words import clock_time, local
from orders.switches.services import Preview, preview, switch_on, undo

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind = StoreSwitch.Kind
MOST_STORES_TO_CHOOSE = 60
LASTS = {
    "": gettext_lazy("until it is undone"),
    "30": gettext_lazy("for 30 minutes"),
    "60": gettext_lazy("for 1 hour"),
    "120": gettext_lazy("for 2 hours"),
    "240": gettext_lazy("for 4 hours"),
    "midnight": gettext_lazy("until midnight"),
}


@dataclass(frozen=True)
class Told:
    """A switch as people speak of it."""

    kind: str
    title: StrOrPromise
    icon: str
    what: StrOrPromise
    button: StrOrPromise
    done: StrOrPromise


TOLD = {
    told.kind: told
    for told in (
        Told(
            Kind.PAUSED,
            gettext_lazy("Pause new orders"),
            "pause_circle",
            gettext_lazy(
                "Sites cannot place orders here. What has been placed is prepared and handed out."
            ),
            gettext_lazy("Pause new orders"),
            gettext_lazy("Paused. No new orders come in."),
        ),
        Told(
            Kind.CLOSING_EARLY,
            gettext_lazy("Close early today"),
            "weather_snowy",
            gettext_lazy(
                "Windows, promises and deadlines after the closing move to when the "
                "store is open. Customers on their way are told first."
            ),
            gettext_lazy("Close early"),
            gettext_lazy("The store closes early. Customers are being told."),
        ),
        Told(
            Kind.POS_DOWN,
            gettext_lazy("POS is down"),
            "point_of_sale",
            gettext_lazy(
                "Work goes on here. What the POS should know waits and follows when it is back."
            ),
            gettext_lazy("The POS is down"),
            gettext_lazy("Noted. The POS gets its work later."),
        ),
    )
}


class SwitchForm(forms.Form):
    """Which switch of which store, for how long or from when, and why."""

    store = forms.CharField(max_length=40)
    kind = forms.ChoiceField(choices=Kind.choices)
    closes = forms.TimeField(required=False, input_formats=["%H:%M", "%H:%M:%S"])
    lasts = forms.ChoiceField(choices=list(LASTS.items()), required=False)
    reason = forms.CharField(max_length=200, required=False)
    token = forms.CharField(max_length=64, required=False)


@admin.register(StoreSwitch)
class StoreSwitchAdmin(StoreWorkAdmin[StoreSwitch]):
    """The record of all switches, and beside it the page on which they are turned."""

    empty_note = gettext_lazy(
        "Nothing was switched yet. A lead pauses orders or closes early on the page of switches."
    )
    list_display = ["store", "state", "kind", "reason", "opened", "opened_by", "closed"]
    list_filter = ["kind", ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["store"]
    search_fields = ["=store__code", "store__name", "reason"]
    fields = ["store", "kind", "reason", "opened", "opened_by", "until", "closed", "closed_by"]
    ordering = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        """The page with the buttons, and where they lead."""
        wrap, named = self.admin_site.admin_view, "stores_storeswitch_"
        own = [
            path("board/", wrap(self.board_view), name=named + "board"),
            path("on/", wrap(self.on_view), name=named + "on"),
            path("<int:pk>/undo/", wrap(self.undo_view), name=named + "undo"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("State"), ordering="closed_at")
    def state(self, row: StoreSwitch) -> str:
        """On or off."""
        return _("Off") if row.closed_at else _("On")

    state.label = Tones({"On": "warning"})  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Since"), ordering="opened_at")
    def opened(self, row: StoreSwitch) -> str:
        """On the store's clock."""
        return local(row.opened_at, row.store.timezone)

    @admin.display(description=gettext_lazy("Off since"), ordering="closed_at")
    def closed(self, row: StoreSwitch) -> str:
        """On the store's clock."""
        return local(row.closed_at, row.store.timezone)

    def board_view(self, request: HttpRequest) -> HttpResponse:
        """Three buttons for one store; with ``kind`` in the query, what that one would change."""
        if not works_in_stores(request):
            raise Http404
        choices = list(stores_for(request).order_by("code")[:MOST_STORES_TO_CHOOSE])
        asked = request.GET.get("store", "").replace("\0", "")
        store = _store(request, asked) if asked else choices[0] if len(choices) == 1 else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Store switches"),
            "store_choices": choices,
            "store": store,
            "may_act": _may_act(request),
            "on": _on(request),
            "cards": _cards(store) if store else [],
            "lasts": LASTS,
            "token": secrets.token_urlsafe(16),
            **_looked_at(request, store),
        }
        return TemplateResponse(request, "admin/orders/switches.html", context)

    @method_decorator(require_POST)
    def on_view(self, request: HttpRequest) -> HttpResponse:
        """Turn a switch on and go back (303); what was refused is said on the page."""
        if not _may_act(request):
            raise Http404
        form = SwitchForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Not switched: something in the form makes no sense."))
            return _back("")
        asked = form.cleaned_data
        store = _store(request, asked["store"])
        try:
            switch_on(
                store=store,
                kind=asked["kind"],
                by=request.user.get_username(),
                reason=asked["reason"],
                until=_until(asked["lasts"], store),
                closes=asked["closes"],
                token=asked["token"],
            )
        except HubError as error:
            messages.error(request, _("Not switched: {detail}.").format(detail=refused(error)))
        else:
            messages.success(request, TOLD[asked["kind"]].done)
        return _back(store.code)

    @method_decorator(require_POST)
    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo a switch and go back (303); one that is off already stays so."""
        if not _may_act(request):
            raise Http404
        rows = self.get_queryset(request).filter(store__in=stores_for(request))
        switch = get_object_or_404(rows.select_related("store"), pk=pk)
        if undo(switch=switch, by=request.user.get_username()):
            messages.success(request, _("Undone."))
        else:
            messages.info(request, _("It was off already."))
        return _back(switch.store.code)


def _may_act(request: HttpRequest) -> bool:
    return works_in_stores(request) and request.user.has_perm("stores.change_storeswitch")


def _store(request: HttpRequest, code: str) -> Store:
    return get_object_or_404(stores_for(request), code=code)


def _back(code: str) -> HttpResponseRedirect:
    query = f"?{urlencode({'store': code})}" if code else ""
    link = reverse("admin:stores_storeswitch_board") + query
    return HttpResponseRedirect(link, status=HTTPStatus.SEE_OTHER)


def _on(request: HttpRequest) -> list[dict[str, Any]]:
    """What is switched on in the person's stores."""
    rows = StoreSwitch.objects.filter(closed_at__isnull=True, store__in=stores_for(request))
    found = rows.select_related("store").order_by("store__code", "kind")
    return [_shown(switch) for switch in found[:MOST_STORES_TO_CHOOSE]]


def _shown(switch: StoreSwitch) -> dict[str, Any]:
    zone, now = switch.store.timezone, clock.now()
    closes = switch.before.get("closes_at")
    return {
        "switch": switch,
        "told": TOLD[switch.kind],
        "since": clock_time(switch.opened_at, zone, now),
        "until": clock_time(switch.until, zone, now) if switch.until and not closes else "",
        "closes": clock_time(datetime.fromisoformat(closes), zone, now) if closes else "",
    }


def _cards(store: Store) -> list[dict[str, Any]]:
    known = {
        switch.kind: _shown(switch)
        for switch in StoreSwitch.objects.filter(store=store, closed_at__isnull=True)
    }
    return [{"told": told, "on": known.get(kind)} for kind, told in TOLD.items()]


def _looked_at(request: HttpRequest, store: Store | None) -> dict[str, Any]:
    """What the switch that is asked for would change; nothing when none is."""
    empty: dict[str, Any] = {"suggested": _suggested(store) if store else ""}
    if store is None or "kind" not in request.GET:
        return empty
    form = SwitchForm(request.GET)
    if not form.is_valid():
        messages.error(request, _("Something in the form makes no sense."))
        return empty
    asked = form.cleaned_data
    try:
        seen = preview(store=store, kind=asked["kind"], closes=asked["closes"])
    except HubError as error:
        messages.error(request, f"{refused(error)}.")
        return empty
    return empty | {
        "looked_at": TOLD[asked["kind"]],
        "asked": asked,
        "lasting": LASTS[asked["lasts"]],
        "figures": _figures(seen, asked["kind"]),
        "closing": _closing(seen, store),
    }


def _closing(seen: Preview, store: Store) -> dict[str, str]:
    if seen.closes_at is None or seen.usually_at is None:
        return {}
    now = clock.now()
    return {
        "at": clock_time(seen.closes_at, store.timezone, now),
        "usual": clock_time(seen.usually_at, store.timezone, now),
    }


def _figures(seen: Preview, kind: str) -> list[tuple[str, int, str]]:
    carts = (_("Carts with goods held"), seen.carts, _("cannot become orders meanwhile"))
    if kind == Kind.PAUSED:
        return [(_("Orders in the store"), seen.open_orders, _("go on as they are")), carts]
    if kind == Kind.POS_DOWN:
        return [
            (_("Orders in the store"), seen.open_orders, _("go on as they are")),
            (_("Not yet known to the POS"), seen.unknown_to_pos, _("follow later")),
        ]
    return [
        (_("Customers on the way"), seen.on_the_way, _("are told first")),
        (_("Customers told"), seen.told, _("in all")),
        (_("Windows"), seen.windows, _("move to the next with room")),
        (_("Promises"), seen.promises, _("move to when it is open")),
        (_("Deadlines"), seen.deadlines, _("of today move")),
        (_("Carts with goods held"), seen.carts, _("windows after the closing are lost")),
    ]


def _suggested(store: Store) -> str:
    """The next full half hour on the store's clock, for the closing's field."""
    now = clock.now().astimezone(ZoneInfo(store.timezone))
    late = now + timedelta(minutes=30)
    return f"{late:%H}:{'30' if late.minute >= 30 else '00'}"  # noqa: PLR2004  half an hour


def _until(lasts: str, store: Store) -> datetime | None:
    if not lasts:
        return None
    now = clock.now()
    if lasts == "midnight":
        zone = ZoneInfo(store.timezone)
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), zone)
    return now + timedelta(minutes=int(lasts))
