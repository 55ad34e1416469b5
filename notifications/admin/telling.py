"""How one customer is told, for staff: what he chose, what he refused, what he now says aloud."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.customers.admin import proof_page
from hub.customers.asking import REASON_CHARACTERS, asked_to_stop, may_be_told_again
from hub.customers.models import Channel, ConsentEvent, Preference, Profile
from hub.customers.proof import verify_chain
from hub.customers.purposes import GROUPS, ORDER_UPDATES
from hub.customers.reaching import AddressStanding, Standing
from hub.errors import Forbidden
from hub.staff.scope import StoreWorkAdmin
from hub.stores.models import Store
from notifications.pages.context import standing_for, store_of
from orders.admin.parts import person_of, tapped
from orders.admin.words import local
from orders.models import FulfillmentOrder

MOST_LINES = 20
GROUP_WORDS = {
    "order_updates": gettext_lazy("News of the order"),
    "pickup": gettext_lazy("Ready to collect"),
    "reminders": gettext_lazy("Reminders"),
    "questions": gettext_lazy("Questions"),
    "arrival": gettext_lazy("While he is there"),
    "afterwards": gettext_lazy("Afterwards"),
}
CHANNEL_WORDS = {Channel.SMS: "text", Channel.EMAIL: "e-mail"}


@dataclass(frozen=True)
class Address:
    """One address as its card shows it."""

    channel: str
    title: str
    shown: str
    stopped: bool
    trouble: str
    whole: bool
    lines: list[ConsentEvent]


@admin.register(Preference)
class PreferenceAdmin(StoreWorkAdmin[Preference]):
    """Every choice of every customer; the page of one customer has the buttons."""

    store_path = "profile"
    list_display = ["profile", "purpose", "rank", "channel", "source", "updated_at"]
    list_filter = ["purpose", "channel", "source"]
    search_fields = ["=profile__public_id"]
    search_help_text = gettext_lazy("Customer id")
    ordering = ["-id"]
    fields = ["profile", "purpose", "rank", "channel", "source", "updated_at"]

    def get_urls(self) -> list[URLPattern]:
        """The page of one customer, and where its buttons lead."""
        wrap, named = self.admin_site.admin_view, "customers_preference_"
        one = "of/<str:customer>/"
        own = [
            path(one, wrap(self.of_view), name=named + "of"),
            path(f"{one}<str:channel>/stop/", wrap(self.stop_view), name=named + "stop"),
            path(f"{one}<str:channel>/start/", wrap(self.start_view), name=named + "start"),
            path(f"{one}<str:channel>/proof/", wrap(self.proof_view), name=named + "proof"),
        ]
        return [*own, *super().get_urls()]

    def of_stores(
        self, rows: QuerySet[Preference], stores: QuerySet[Store]
    ) -> QuerySet[Preference]:
        """Choices of customers of whose orders one of the stores prepares, or prepared, a part."""
        parts = FulfillmentOrder.objects.filter(store__in=stores)
        return rows.filter(profile__in=parts.values("order__profile_id"))

    def of_view(self, request: HttpRequest, customer: str) -> HttpResponse:
        """How he is told, and why he may not be."""
        profile = self._profile(request, customer)
        standing, store = standing_for(profile), store_of(profile)
        zone = store.timezone if store else "UTC"
        context = {
            **self.admin_site.each_context(request),
            "title": _("How this customer is told"),
            "profile": profile,
            "addresses": _addresses(profile, standing),
            "rows": _rows(standing),
            "facts": _facts(profile, standing, zone),
            "zone": zone,
            "may_ask": self._may_write(request),
            "reason_characters": REASON_CHARACTERS,
            "token": secrets.token_urlsafe(16),
        }
        reply = TemplateResponse(request, "admin/notifications/telling.html", context)
        reply["Cache-Control"] = "no-store"
        return reply

    @method_decorator(require_POST)
    def stop_view(self, request: HttpRequest, customer: str, channel: str) -> HttpResponse:
        """He asked us to stop."""

        def act(address: str, staff_id: int) -> str:
            asked_to_stop(
                address_hash=address, channel=channel, staff_id=staff_id, token=_token(request)
            )
            return _("Noted: nothing more is sent there.")

        return self._tapped(request, customer, channel, act)

    @method_decorator(require_POST)
    def start_view(self, request: HttpRequest, customer: str, channel: str) -> HttpResponse:
        """He may be told again."""

        def act(address: str, staff_id: int) -> str:
            may_be_told_again(
                address_hash=address,
                channel=channel,
                staff_id=staff_id,
                reason=request.POST.get("reason", ""),
                token=_token(request),
            )
            return _("Noted: he is told there again.")

        return self._tapped(request, customer, channel, act)

    def proof_view(self, request: HttpRequest, customer: str, channel: str) -> HttpResponse:
        """The whole consent log of the address, to be printed."""
        profile = self._profile(request, customer)
        if not request.user.has_perm("customers.view_consentevent"):
            raise Http404
        return proof_page(request, _hash(profile, channel), _shown(profile, channel))

    def _tapped(
        self, request: HttpRequest, customer: str, channel: str, act: Callable[[str, int], str]
    ) -> HttpResponse:
        profile, person = self._profile(request, customer), person_of(request)
        address = _hash(profile, channel)

        def allowed() -> str:
            if not self._may_write(request):
                raise Forbidden("you may not write consent down")
            return act(address, person.pk)

        return tapped(request, allowed, reverse("admin:customers_preference_of", args=[customer]))

    def _may_write(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.add_consentevent")

    def _profile(self, request: HttpRequest, customer: str) -> Profile:
        """The customer, if his profile's page is open to the person; else 404."""
        page: Any = self.admin_site._registry[Profile]
        if not page.has_view_permission(request):
            raise Http404
        rows = page.get_queryset(request).select_related("contact")
        profile: Profile | None = rows.filter(public_id=customer.replace("\0", "")).first()
        if profile is None:
            raise Http404
        return profile


def _token(request: HttpRequest) -> str:
    return request.POST.get("token", "").replace("\0", "") or secrets.token_urlsafe(16)


def _hash(profile: Profile, channel: str) -> str:
    """The keyed hash of his address; 404 without one."""
    known: dict[str, str] = {}
    if profile.contact:
        known = {
            Channel.SMS: profile.contact.phone_hash,
            Channel.EMAIL: profile.contact.email_hash,
        }
    if not known.get(channel):
        raise Http404
    return known[channel]


def _shown(profile: Profile, channel: str) -> str:
    if profile.contact is None:
        return ""
    return str(profile.contact.phone if channel == Channel.SMS else profile.contact.email)


def _addresses(profile: Profile, standing: Standing) -> list[Address]:
    found = []
    for channel, title in ((Channel.SMS, _("Texts")), (Channel.EMAIL, "E-mail")):
        if shown := _shown(profile, channel):
            address = standing.addresses[channel]
            lines = ConsentEvent.objects.filter(address_hash=address.address_hash)
            found.append(
                Address(
                    channel=channel,
                    title=title,
                    shown=shown,
                    stopped=address.refuses(ORDER_UPDATES),
                    trouble=_trouble(address),
                    whole=not verify_chain(address.address_hash),
                    lines=list(lines.order_by("-sequence")[:MOST_LINES]),
                )
            )
    return found


def _trouble(address: AddressStanding) -> str:
    if not address.state:
        return ""
    said = _("does not work") if not address.works else _("has failed lately")
    return f"{said}: {address.reason}"


def _rows(standing: Standing) -> list[tuple[str, str]]:
    """The grid in words."""
    return [(str(GROUP_WORDS[group]), _row(group, standing)) for group in GROUPS]


def _row(group: str, standing: Standing) -> str:
    if not standing.choices.get(group):
        return (
            _("nothing chosen: text, else e-mail") if group == ORDER_UPDATES else _("as the news")
        )
    wanted = [CHANNEL_WORDS[Channel(one)] for one in standing.preferred(group)]
    never = [CHANNEL_WORDS[Channel(one)] for one in sorted(standing.unwanted(group))]
    said = ", else ".join(wanted) or _("not at all")
    return (
        _("{said}; never by {never}").format(said=said, never=" or ".join(never))
        if never and wanted
        else said
    )


def _facts(profile: Profile, standing: Standing, zone: str) -> list[tuple[str, str]]:
    chosen = standing.chosen_locale
    language = (
        _("{chosen} (his choice, {locale_source})").format(
            chosen=chosen, locale_source=standing.locale_source
        )
        if chosen
        else profile.locale
    )
    night, source = standing.zone(zone)
    until = standing.paused_until
    return [
        (_("Language"), language or _("as the store's")),
        (_("Time zone of his nights"), f"{night} ({source})"),
        (_("Pause"), _("until {until}").format(until=local(until, zone)) if until else _("none")),
    ]
