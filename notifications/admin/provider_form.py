"""The form of an account with a carrier of messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.connectors.addresses import AddressRefused, allowed_from, check_url
from hub.connectors.registry import HARMLESS_SMS
from hub.connectors.signing import new_secret
from hub.connectors.sms.gateway import OPTIONS as GATEWAY_OPTIONS
from hub.providers.models import Provider

if TYPE_CHECKING:
    from django.forms import PasswordInput, Select, Textarea, TextInput
    from django.forms import URLInput as UrlInput
else:
    from unfold.widgets import UnfoldAdminPasswordWidget as PasswordInput
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput
    from unfold.widgets import UnfoldAdminURLInputWidget as UrlInput

MAIL = "mail"
OPTIONS_OF = {
    "http": frozenset(GATEWAY_OPTIONS),
    "kannel": frozenset({"smsc", "dlr_mask"}),
    "twilio": frozenset({"api_key"}),
}
# what an account with a connector cannot do without
NEEDED = {
    "http": ("base_url", "token", "sender"),
    "kannel": ("base_url", "account", "token", "sender"),
    "twilio": ("account", "token", "sender"),
}
MONEY_SCALE = 1_000_000
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
OPTION_CHARACTERS = 60
OPTIONS_HELP = format_lazy(
    gettext_lazy("{options}. Empty: the usual ones."),
    options='http: {"format": "form", "to_field": "msisdn", "id_field": "message_id"}; '
    'twilio: {"api_key": "SK…"}; kannel: {"smsc": "route"}',
)


def connectors() -> list[tuple[str, str]]:
    """All connectors for texts, and the one for e-mail."""
    return [(name, name) for name in [*sorted(settings.CONNECTORS["sms"]), MAIL]]


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """Only connectors that exist, with all that they need, and addresses that may be called."""

    connector = forms.ChoiceField(choices=connectors, widget=Select)
    base_url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=300,
        assume_scheme="https",
        widget=UrlInput,
        required=False,
    )
    token = forms.CharField(
        label=gettext_lazy("Token or password"),
        widget=PasswordInput(attrs={"autocomplete": "off"}),
        required=False,
        strip=True,
        max_length=300,
        help_text=gettext_lazy("For calls to them; empty leaves it as it is."),
    )
    options = forms.JSONField(
        required=False,
        initial=dict,
        widget=Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=OPTIONS_HELP,
    )
    price = forms.DecimalField(
        label=gettext_lazy("Price of a segment"),
        min_value=0,
        max_value=100,
        decimal_places=6,
        initial=0,
        widget=TextInput(attrs={"inputmode": "decimal"}),
    )
    daily_cap = forms.DecimalField(
        label=gettext_lazy("Most to be spent a day"),
        min_value=0,
        max_value=1_000_000,
        decimal_places=2,
        required=False,
        widget=TextInput(attrs={"inputmode": "decimal"}),
        help_text=gettext_lazy(
            "Then the next provider is used, and after the last one nothing is sent."
        ),
    )

    class Meta:
        model = Provider
        fields = [
            *("name", "channel", "connector", "rank", "active", "base_url", "account"),
            *("sender", "options", "per_second", "burst", "currency"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        if row.pk:
            self.initial["price"] = row.price_micros / MONEY_SCALE
            cap = row.daily_cap_micros
            self.initial["daily_cap"] = None if cap is None else cap / MONEY_SCALE
            for name in ("name", "channel"):
                if name in self.fields:
                    self.fields[name].disabled = True  # they are in lanes and addresses

    def clean_currency(self) -> str:
        """Three letters."""
        value: str = self.cleaned_data["currency"].strip().upper()
        if not _CURRENCY.match(value):
            raise forms.ValidationError(_("Three letters, such as EUR."))
        return value

    def clean_options(self) -> dict[str, Any]:
        """Names with plain values."""
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict) or not all(map(_is_plain, options.values())):
            raise forms.ValidationError(_("Options are names with short values, in braces."))
        return options

    def clean_per_second(self) -> int:
        """At least one."""
        return _at_least_one(self.cleaned_data["per_second"])

    def clean_burst(self) -> int:
        """At least one."""
        return _at_least_one(self.cleaned_data["burst"])

    def clean(self) -> dict[str, Any]:
        """What fits together."""
        cleaned: dict[str, Any] = super().clean() or {}
        connector = cleaned.get("connector", "")
        if (connector == MAIL) != (cleaned.get("channel") == Provider.Channel.EMAIL):
            self.add_error("connector", "mail is for e-mail, all others are for texts.")
        for name in NEEDED.get(connector, ()):
            kept = name == "token" and self.instance.secret
            if not cleaned.get(name) and not kept and name not in self.errors:
                self.add_error(name, _("{connector} needs it.").format(connector=connector))
        self._check_address(cleaned)
        self._check_options(connector, cleaned)
        return cleaned

    def save(self, commit: bool = True) -> Provider:
        """The row, with its money in millionths and its secret when a new one was given."""
        row: Provider = self.instance
        row.price_micros = round(self.cleaned_data["price"] * MONEY_SCALE)
        cap = self.cleaned_data["daily_cap"]
        row.daily_cap_micros = None if cap is None else round(cap * MONEY_SCALE)
        self._take_secret(row)
        saved: Provider = super().save(commit)
        return saved

    def _take_secret(self, row: Provider) -> None:
        """Twilio signs with the token it is called with: the one before stays good for a while."""
        given = self.cleaned_data["token"]
        if given and row.secret and row.connector == "twilio" and not row.callback_secret:
            row.previous_callback_secret = row.secret
        row.secret = given or row.secret
        if not row.callback_secret and row.connector not in ("twilio", *HARMLESS_SMS):
            row.callback_secret = new_secret()

    def _check_address(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("base_url"):
            return
        try:
            check_url(cleaned["base_url"], allowed=allowed_from(settings.PRIVATE_NETWORKS))
        except AddressRefused as error:
            self.add_error("base_url", _("It cannot be called: {error}.").format(error=error))

    def _check_options(self, connector: str, cleaned: dict[str, Any]) -> None:
        known = OPTIONS_OF.get(connector, frozenset())
        odd = sorted(set(cleaned.get("options") or {}) - known)
        if odd and "connector" not in self.errors:
            names = ", ".join(sorted(known)) or _("no options")
            self.add_error(
                "options",
                _("{odd}: {connector} knows {names}.").format(
                    odd=", ".join(odd), connector=connector, names=names
                ),
            )


class TestTextForm(forms.Form):
    """Where a text goes that tries a provider out."""

    to = forms.CharField(max_length=20)
    body = forms.CharField(max_length=160)


def _at_least_one(value: int) -> int:
    if value < 1:
        raise forms.ValidationError(_("At least 1."))
    return value


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int) and len(str(value)) <= OPTION_CHARACTERS
