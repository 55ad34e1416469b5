# ruff: noqa: ARG002  an override takes all that Django passes
"""How a store runs its curb: waits, alerts, what customers may change, hours of legal sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.connectors.addresses import AddressRefused, allowed_from, check_url
from hub.connectors.signing import new_secret
from hub.customers.addresses import clean_phone, takes_texts
from hub.errors import HubError
from hub.staff.effects import EffectAdmin
from hub.staff.scope import ScopedAdmin
from hub.stores.levels import adopt, hold, settings_of
from hub.stores.setting_words import lines_of
from orders.level_settings import (
    HOLDER,
    LONGEST_TARGET,
    MOST_EXTENSIONS,
    NEAR,
    STEPS_CHARACTERS,
    steps_in,
)
from orders.models import CurbSettings

if TYPE_CHECKING:
    from django.forms import TextInput
    from django.forms import URLInput as UrlInput
else:
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput
    from unfold.widgets import UnfoldAdminURLInputWidget as UrlInput


_LINK = '<span class="hub" style="padding: 0"><a class="hub-button" href="{}">{}</a></span>'


class StepsField(forms.CharField):
    """Minutes as people write them: «3, 5, 8»."""

    def prepare_value(self, value: Any) -> Any:
        """A stored list as text."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The minutes as a list, ascending; empty for the usual ones."""
        return steps_in(str(super().clean(value) or ""))


class CurbForm(forms.ModelForm):  # type: ignore[type-arg]
    """Settings that can be true: numbers that texts reach, an address that the hub may call."""

    escalate_after = StepsField(
        required=False,
        max_length=STEPS_CHARACTERS,
        widget=TextInput,
        label=gettext_lazy("Tell of waiting after"),
        help_text=gettext_lazy(
            "minutes: on the board, then by text to the lead, then to all; empty: 3, 5, 8"
        ),
    )
    alert_url = forms.URLField(
        max_length=300,
        required=False,
        assume_scheme="https",
        widget=UrlInput,
        label=gettext_lazy("Address called"),
        help_text=gettext_lazy("called at every arrival, signed as Standard Webhooks asks for"),
    )
    renew_secret = forms.BooleanField(
        required=False,
        label=gettext_lazy("Make a new signing secret"),
        help_text=gettext_lazy("it is shown once, when saved"),
    )

    class Meta:
        help_texts = {
            "wait_target": gettext_lazy("minutes from the arrival to the hand-off; usually 5"),
            "near_metres": gettext_lazy(
                "metres from the store at which a shared location counts as nearby; usually 1000"
            ),
            "most_extensions": gettext_lazy("times that a customer may ask for a day; usually 2"),
        }

    def clean_alert_phone(self) -> str:
        """E.164, or empty."""
        return _phone(self.cleaned_data["alert_phone"])

    def clean_lead_phone(self) -> str:
        """E.164, or empty."""
        return _phone(self.cleaned_data["lead_phone"])

    def clean_alert_url(self) -> str:
        """An address that the hub may call, or empty."""
        url: str = self.cleaned_data["alert_url"] or ""
        try:
            if url:
                check_url(url, allowed=allowed_from(settings.PRIVATE_NETWORKS))
        except AddressRefused as error:
            raise ValidationError(str(error)) from None
        return url

    def clean_wait_target(self) -> int:
        """Some minutes."""
        return _within(self.cleaned_data["wait_target"], range(1, LONGEST_TARGET + 1))

    def clean_near_metres(self) -> int:
        """Metres that mean something."""
        return _within(self.cleaned_data["near_metres"], NEAR)

    def clean_most_extensions(self) -> int:
        """Goods cannot wait for ever."""
        return _within(self.cleaned_data["most_extensions"], range(MOST_EXTENSIONS + 1))

    def clean(self) -> dict[str, Any]:
        """Legal sale hours are both said or neither."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("age_sale_from"), cleaned.get("age_sale_until")
        if (start is None) != (end is None) or (start is not None and start == end):
            self.add_error("age_sale_until", _("Say both times, from and until, or neither."))
        return cleaned


@admin.register(CurbSettings)
class CurbSettingsAdmin(ScopedAdmin[CurbSettings], EffectAdmin[CurbSettings]):
    """One row per store; a store without one has the defaults. What is saved here otherwise than
    the store's levels say is its own setting."""

    form = CurbForm
    list_display = ["store", "wait_target", "alert_phone", "lead_phone", "alert_url"]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name"]
    autocomplete_fields = ["store"]
    fieldsets = [
        (None, {"fields": ["store", ("wait_target", "escalate_after"), "near_metres"]}),
        (
            gettext_lazy("Alerts"),
            {
                "fields": [("alert_phone", "lead_phone"), "alert_url", "renew_secret"],
                "description": gettext_lazy(
                    "They go out at once, at night as well: somebody is waiting."
                ),
            },
        ),
        (
            gettext_lazy("What customers may do by themselves"),
            {
                "fields": [
                    ("may_change_window", "may_change_store"),
                    ("may_cancel_items", "may_extend"),
                    "most_extensions",
                ]
            },
        ),
        (
            gettext_lazy("Goods with an age limit"),
            {
                "fields": [("age_sale_from", "age_sale_until")],
                "description": gettext_lazy(
                    "When they may be sold, by the store's clock; empty: always."
                ),
            },
        ),
        (gettext_lazy("What holds here"), {"fields": ["settings_shown"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Settings stay with their store."""
        return ["store", "settings_shown"] if obj else ["settings_shown"]

    @admin.display(description=gettext_lazy("Where it comes from"))
    def settings_shown(self, row: CurbSettings) -> SafeString | str:
        """Each setting with the level that it comes from."""
        if row.pk is None:
            return _("What differs from the chain and the store's groups is the store's own.")
        lines = lines_of(HOLDER, settings_of(row.store))
        link = reverse("admin:stores_settingslevel_of_store", args=[row.store_id])
        told = format_html_join("", "<li>{}: <b>{}</b> ({})</li>", lines)
        return format_html("<ul>{}</ul>{}", told, format_html(_LINK, link, _("Change")))

    def save_model(self, request: HttpRequest, obj: CurbSettings, form: Any, change: bool) -> None:
        """As asked; an address that is called always has a secret to sign with."""
        hold()
        if obj.alert_url and (form.cleaned_data.get("renew_secret") or not obj.alert_secret):
            obj.alert_secret = new_secret()
            request._made_secret = obj.alert_secret  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)
        adopt(obj.store)

    def _mark(self, row: CurbSettings | None, *, lock: bool = False) -> str:
        """No level changes between the look and the change."""
        if lock:
            hold()
        return super()._mark(row, lock=lock)

    def response_add(
        self, request: HttpRequest, obj: CurbSettings, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The secret, if one was made."""
        return _secret_shown(self, request, obj) or super().response_add(
            request, obj, post_url_continue
        )

    def response_change(self, request: HttpRequest, obj: CurbSettings) -> HttpResponse:
        """The secret, if one was made."""
        return _secret_shown(self, request, obj) or super().response_change(request, obj)


def _secret_shown(
    page: CurbSettingsAdmin, request: HttpRequest, obj: CurbSettings
) -> HttpResponse | None:
    """The page that shows a new secret once, which no cache keeps; None when there is none."""
    secret = getattr(request, "_made_secret", None)
    if secret is None:
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": str(obj.store),
        "heading": _("The signing secret of this store's alerts"),
        "advice": _(
            "The store's system verifies every call with it, as Standard Webhooks describes."
        ),
        "secret": secret,
        "done_url": reverse("admin:orders_curbsettings_changelist"),
    }
    reply = TemplateResponse(request, "admin/secret.html", context)
    reply["Cache-Control"] = "no-store"
    return reply


def _phone(text: str) -> str:
    try:
        phone = clean_phone(text)
    except HubError:
        raise ValidationError(
            _("Give the number with its country, such as +48 500 123 456.")
        ) from None
    if phone and not takes_texts(phone):
        raise ValidationError(_("No text arrives at such a number."))
    return phone


def _within(number: int, allowed: range) -> int:
    if number not in allowed:
        raise ValidationError(
            _("Give {start} to {stop}.").format(start=allowed.start, stop=allowed.stop - 1)
        )
    return number
