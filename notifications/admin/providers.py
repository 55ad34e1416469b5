# ruff: noqa: ARG002  an override takes all that Django passes
"""Who carries texts and e-mails: accounts, how they do, what to enter there, and a text to try."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
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

from hub.events.breakers import reset
from hub.providers.models import Provider
from hub.providers.services.accounts import account_of
from hub.providers.services.secrets import end_rotation, rotate_callback_secret
from hub.staff.history import RememberedAdmin
from hub.staff.refusals import refused
from notifications.admin.provider_form import ProviderForm, TestTextForm
from notifications.admin.provider_state import Standing, entries_of, money, standings_of
from notifications.services.carriers import lane_of
from notifications.services.trying_out import NotTried, try_out

BIGGEST_KEY = 2**63


@admin.register(Provider)
class ProviderAdmin(RememberedAdmin[Provider]):
    """The accounts in the order in which they are tried; secrets are shown once."""

    form = ProviderForm
    list_display = ["name", "channel", "connector", "rank", "reach", "bucket", "spent", "active"]
    list_filter = ["channel", "active"]
    search_fields = ["name", "public_id"]
    ordering = ["channel", "rank", "pk"]
    list_before_template = "admin/providers/list_top.html"
    change_form_before_template = "admin/providers/change_top.html"
    fieldsets = [
        (None, {"fields": ["name", "channel", "connector", "rank", "active"]}),
        (
            gettext_lazy("How it is reached"),
            {"fields": ["base_url", "account", "token", "sender", "options"]},
        ),
        (
            gettext_lazy("How much"),
            {"fields": ["per_second", "burst", "price", "currency", "daily_cap"]},
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The provider's page, and each thing that can be done there, have addresses."""
        wrap, named = self.admin_site.admin_view, "providers_provider_"
        views: dict[str, Callable[..., HttpResponse]] = {
            "state": self.state_view,
            "text": self.text_view,
            "rotate": self.rotate_view,
            "end": self.end_view,
            "reset": self.reset_view,
        }
        own = [
            path(f"<int:pk>/{name}/", wrap(view), name=named + name) for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a word on who carries texts while there is no row."""
        has_texts = Provider.objects.filter(channel=Provider.Channel.SMS, active=True).exists()
        more = {"built_in": "" if has_texts else settings.SMS_CONNECTOR}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description=gettext_lazy("State"))
    def reach(self, row: Provider) -> SafeString:
        """Whether it answers, with its page."""
        standing = _standing(row)
        return format_html(
            '<span class="hub" style="padding: 0">'
            '<a class="plain hub-pill {}" href="{}">{}</a></span>',
            standing.tone,
            reverse("admin:providers_provider_state", args=[row.pk]),
            standing.words,
        )

    @admin.display(description=gettext_lazy("May be given now"))
    def bucket(self, row: Provider) -> str:
        """Tokens in the bucket."""
        return f"{_standing(row).tokens} of {row.burst}"

    @admin.display(description=gettext_lazy("Spent today"))
    def spent(self, row: Provider) -> str:
        """Money, and how much of the cap."""
        standing = _standing(row)
        share = standing.share_of_cap
        return standing.spent + (
            _(" ({share} % of the cap)").format(share=share) if share is not None else ""
        )

    def response_add(
        self, request: HttpRequest, obj: Provider, post_url_continue: str | None = None
    ) -> HttpResponse:
        """What has to be entered at the provider, shown this once."""
        return self._shown_once(request, obj, _("{obj} is set up").format(obj=obj))

    def state_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the provider does, and what can be done about it."""
        row = self._find(request, pk)
        account = account_of(row)
        cap = row.daily_cap_micros
        context = self._page(request, f"{row}") | {
            "row": row,
            "standing": _standing(row),
            "url": account.callback_url,
            "price": money(row.price_micros, row.currency),
            "cap": "" if cap is None else money(cap, row.currency),
            "is_rotating": bool(row.previous_callback_secret),
            "is_of_texts": row.channel == Provider.Channel.SMS,
            "may_rotate": not account.is_harmless,
            "may_act": self.has_change_permission(request, row),
        }
        return TemplateResponse(request, "admin/providers/state.html", context)

    @method_decorator(require_POST)
    def text_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand one text to the provider, now."""
        row = self._changeable(request, pk)
        form = TestTextForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Give a number, and at most 160 characters."))
            return _back(row)
        try:
            reference = try_out(provider=row, **form.cleaned_data)
        except NotTried as error:
            messages.error(request, f"{refused(error)}.")
        else:
            messages.success(request, _("They took it: {reference}.").format(reference=reference))
        return _back(row)

    @method_decorator(require_POST)
    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new callback secret beside the old one; for Twilio, the token that is typed in."""
        row = self._changeable(request, pk)
        given = request.POST.get("secret", "").strip().replace("\x00", "")[:300]
        if row.connector == "twilio" and not given:
            messages.error(request, _("Type in the new token that Twilio signs with."))
            return _back(row)
        rotate_callback_secret(provider=row, secret=given if row.connector == "twilio" else "")
        return self._shown_once(request, row, _("The new callback secret of {row}").format(row=row))

    @method_decorator(require_POST)
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Only the newest secret is good from now on."""
        row = self._changeable(request, pk)
        end_rotation(provider=row)
        messages.success(request, _("Only the newest secret is good now."))
        return _back(row)

    @method_decorator(require_POST)
    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try it again at once, whatever happened before."""
        row = self._changeable(request, pk)
        lane = lane_of(account_of(row))
        reset(lane, lane=lane)
        messages.success(request, _("It is tried again now."))
        return _back(row)

    def _shown_once(self, request: HttpRequest, row: Provider, title: str) -> HttpResponse:
        context = self._page(request, title) | {"row": row, "entries": entries_of(row)}
        reply = TemplateResponse(request, "admin/providers/once.html", context)
        reply["Cache-Control"] = "no-store"
        return reply

    def _page(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title}

    def _find(self, request: HttpRequest, pk: int) -> Provider:
        if not self.has_view_permission(request) or pk >= BIGGEST_KEY:
            raise Http404
        return get_object_or_404(Provider, pk=pk)

    def _changeable(self, request: HttpRequest, pk: int) -> Provider:
        row = self._find(request, pk)
        if not self.has_change_permission(request, row):
            raise Http404
        return row


def _standing(row: Provider) -> Standing:
    return standings_of([row])[row.pk]


def _back(row: Provider) -> HttpResponseRedirect:
    link = reverse("admin:providers_provider_state", args=[row.pk])
    return HttpResponseRedirect(link, status=HTTPStatus.SEE_OTHER)
