# ruff: noqa: ARG002  an override takes all that Django passes
"""Where sites want their events, and every call made to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.connectors.addresses import AddressRefused, allowed_from, check_url
from hub.integration.cockpit_pages import back_to
from hub.integration.pings import ping
from hub.integration.redacting import redacted_text
from hub.staff.pages import SecretOnceAdmin, pretty
from hub.staff.work import WorkAdmin
from hub.webhooks.cockpit import lane_of
from hub.webhooks.doing import call_ping
from hub.webhooks.endpoints import (
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    end_rotation,
    rotate_secret,
)
from hub.webhooks.models import WebhookCall, WebhookEndpoint

if TYPE_CHECKING:
    from django.forms import URLInput as UrlInput
else:
    from unfold.widgets import UnfoldAdminURLInputWidget as UrlInput


BIGGEST_KEY = 2**63


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address that the hub may call."""

    url = forms.URLField(max_length=500, assume_scheme="https", widget=UrlInput)

    class Meta:
        model = WebhookEndpoint
        fields = ["channel", "url"]

    def clean_url(self) -> str:
        """The address, refused in words when the hub may not call it."""
        url: str = self.cleaned_data["url"]
        try:
            check_url(url, allowed=allowed_from(settings.PRIVATE_NETWORKS))
        except AddressRefused as error:
            raise ValidationError(str(error)) from None
        return url


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(SecretOnceAdmin[WebhookEndpoint]):
    """Endpoints are made here and switched off and on; their secret is shown when it is made."""

    form = EndpointForm
    shown_heading = gettext_lazy("The signing secret of this endpoint")
    shown_advice = gettext_lazy(
        "The site verifies every call with it, as Standard Webhooks describes."
    )
    list_display = ["url", "channel", "active", "disabled_reason", "created_at"]
    list_filter = ["active", "channel"]
    list_select_related = ["channel"]
    search_fields = ["url", "public_id"]
    autocomplete_fields = ["channel"]
    actions = ["disable_selected", "enable_selected"]
    ordering = ["-id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked at first, and what is known afterwards."""
        known = ["public_id", "active", "disabled_reason", "created_at"]
        return ["channel", "url", *(known if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All of them once the endpoint exists."""
        return [*self.get_fields(request, obj)] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An endpoint that exists is switched by actions, not edited."""
        return obj is None and super().has_change_permission(request, obj)

    @admin.action(description=gettext_lazy("Switch off"), permissions=["change"])
    def disable_selected(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """No new calls; those that wait are parked."""
        for endpoint in queryset:
            disable_endpoint(endpoint=endpoint, reason=f"switched off by {request.user}")
        messages.success(
            request, _("{count} switched off. What waited is parked.").format(count=len(queryset))
        )

    @admin.action(description=gettext_lazy("Switch on"), permissions=["change"])
    def enable_selected(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """New events are called again."""
        for endpoint in queryset:
            enable_endpoint(endpoint=endpoint)
        messages.success(
            request, _("{count} switched on. Replay what was parked.").format(count=len(queryset))
        )

    def get_urls(self) -> list[URLPattern]:
        """Each thing that can be done with an endpoint has an address."""
        wrap, named = self.admin_site.admin_view, "webhooks_webhookendpoint_"
        own = [
            path("<int:pk>/ping/", wrap(self.ping_view), name=named + "ping"),
            path("<int:pk>/rotate/", wrap(self.rotate_view), name=named + "rotate"),
            path("<int:pk>/end/", wrap(self.end_view), name=named + "end"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_POST)
    def ping_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send it a signed event of type «ping»."""
        endpoint = self._changeable(request, pk)
        by = request.user.get_username()
        found = ping(key=lane_of(endpoint), call=lambda: call_ping(endpoint), by=by)
        if found.answered:
            said = _("It answers, after {took} ms.").format(took=found.milliseconds)
            messages.success(request, said)
        else:
            why = redacted_text(found.problem)
            messages.error(request, _("It does not answer: {why}.").format(why=why))
        return back_to(lane_of(endpoint))

    @method_decorator(require_POST)
    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new secret beside the old one, shown this once."""
        endpoint = self._changeable(request, pk)
        if endpoint.previous_secret:
            messages.info(request, _("It has two secrets: end the old one first."))
            return back_to(lane_of(endpoint))
        return self.secret_page(request, endpoint, rotate_secret(endpoint=endpoint))

    @method_decorator(require_POST)
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Only the newest secret signs from now on."""
        endpoint = self._changeable(request, pk)
        end_rotation(endpoint=endpoint)
        messages.success(request, _("Only the newest secret is good now."))
        return back_to(lane_of(endpoint))

    def _changeable(self, request: HttpRequest, pk: int) -> WebhookEndpoint:
        if not super().has_change_permission(request) or pk >= BIGGEST_KEY:
            raise Http404
        return get_object_or_404(WebhookEndpoint, pk=pk)

    def make(self, form: Any) -> tuple[WebhookEndpoint, str]:
        """An endpoint by the service, with a fresh secret."""
        endpoint = create_endpoint(**form.cleaned_data)
        return endpoint, endpoint.secret


@admin.register(WebhookCall)
class WebhookCallAdmin(WorkAdmin[WebhookCall]):
    """One event on its way to one endpoint."""

    list_display = [
        *("event_type", "url", "work_state", "last_status"),
        *("attempts", "due_at", "trouble_short"),
    ]
    list_filter = ["state", "endpoint__channel"]
    list_select_related = ["event", "endpoint"]
    search_fields = ["=event__public_id", "=endpoint__public_id"]
    ordering = ["-id"]
    fields = [
        *("event", "url", "work_state", "last_status", "attempts", "created_at"),
        *("due_at", "finished_at", "body", "trouble"),
    ]

    @admin.display(description=gettext_lazy("Event"))
    def event_type(self, row: WebhookCall) -> str:
        """What the site is told."""
        return row.event.type

    @admin.display(description=gettext_lazy("Endpoint"))
    def url(self, row: WebhookCall) -> str:
        """Where it goes."""
        return row.endpoint.url

    @admin.display(description=gettext_lazy("Body"))
    def body(self, row: WebhookCall) -> SafeString:
        """What the site gets."""
        return pretty(row.event.data)
