"""Forms of the POS pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.connectors.addresses import AddressRefused, allowed_from, check_url
from hub.connectors.pos.layout import layout_of
from hub.stores.models import PosConnection
from orders.picking.pos.trying import ANSWERS, RECEIPTS

if TYPE_CHECKING:
    from django.forms import Select, Textarea
    from django.forms import URLInput as UrlInput
else:
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
    from unfold.widgets import UnfoldAdminURLInputWidget as UrlInput

LAYOUT_HELP = format_lazy(
    gettext_lazy("Of files: {files}. Of a webhook POS that takes no changes: {webhook}."),
    files='{"format": "csv", "delimiter": ";", "encoding": "cp1252", '
    '"pick_list": {"sku": "ARTIKEL"}, "answer": {"result": "STATUS"}, "refused_word": "NO"}',
    webhook='{"can_amend": false}',
)


class PosConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Only connectors that exist, addresses that may be called, and layouts that can be."""

    connector = forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(settings.CONNECTORS["pos"])],
        widget=Select,
        help_text=gettext_lazy(
            "webhook: signed calls; files: folders that both sides read and write"
        ),
    )
    base_url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=300,
        assume_scheme="https",
        widget=UrlInput,
        required=False,
    )
    layout = forms.JSONField(
        required=False,
        initial=dict,
        widget=Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=LAYOUT_HELP,
    )

    class Meta:
        model = PosConnection
        fields = [
            *("store", "connector", "base_url", "layout", "counts_include_orders"),
            *("sales_include_orders", "active"),
        ]

    def clean_layout(self) -> dict[str, Any]:
        """One that can be, or none."""
        layout = self.cleaned_data["layout"] or {}
        if not isinstance(layout, dict):
            raise forms.ValidationError(_("A layout is an object in braces."))
        try:
            layout_of(layout)
        except (ValueError, TypeError) as error:
            raise forms.ValidationError(_("It cannot be: {error}.").format(error=error)) from None
        return layout

    def clean(self) -> dict[str, Any]:
        """A webhook needs an address, and one that the hub may call."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("connector") == "webhook" and "base_url" in cleaned:
            try:
                networks = allowed_from(settings.PRIVATE_NETWORKS)
                check_url(cleaned["base_url"] or "", allowed=networks)
            except AddressRefused as error:
                self.add_error("base_url", _("It cannot be called: {error}.").format(error=error))
        return cleaned


class TrialForm(forms.Form):
    """A file of the POS to try the layout with."""

    file = forms.FileField()
    kind = forms.ChoiceField(choices=[(ANSWERS, "answers"), (RECEIPTS, "receipts")])
