# ruff: noqa: ARG002  an override takes all that Django passes
"""The limits on texts: one page for the one row."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from hub.history import ADDED, CHANGED, remember
from hub.staff.effects import EffectAdmin
from notifications.models import TextingRules
from notifications.services.limits import regions_of_stores

WORLDWIDE = "001"
KNOWN = frozenset(phonenumbers.SUPPORTED_REGIONS) | {WORLDWIDE}
MOST_A_DAY = 1_000


class RegionsField(forms.CharField):
    """Countries as people write them (``PL, FR``), a list of codes in the row."""

    def prepare_value(self, value: Any) -> Any:
        """A list is shown with commas."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Upper-case codes, each once, in their order; refuses what is no country."""
        said = str(value or "").replace(",", " ").upper().split()
        unknown = [code for code in said if code not in KNOWN]
        if unknown:
            raise forms.ValidationError(
                _("No country has the code {unknown}.").format(unknown=", ".join(unknown))
            )
        return list(dict.fromkeys(said))


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be changed, within sense."""

    regions = RegionsField(
        required=False,
        label=gettext_lazy("Countries"),
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "Two-letter codes, such as PL, FR. Empty: the countries in which there "
            "are stores. 001 stands for worldwide and satellite numbers, which are "
            "dear."
        ),
    )
    per_number_hour = forms.IntegerField(
        min_value=1,
        max_value=MOST_A_DAY,
        label=gettext_lazy("In an hour"),
        help_text=gettext_lazy("texts to one number; usually 20"),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    per_number_day = forms.IntegerField(
        min_value=1,
        max_value=MOST_A_DAY,
        label=gettext_lazy("In a day"),
        help_text=gettext_lazy("texts to one number; usually 60"),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    reach_minutes = forms.IntegerField(
        min_value=1,
        max_value=240,
        label=gettext_lazy("Minutes"),
        help_text=gettext_lazy("until a text without a receipt is followed up; usually 10"),
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = TextingRules
        fields = ("regions", "per_number_hour", "per_number_day", "reach_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """With the countries that stand while none is named."""
        super().__init__(*args, **kwargs)
        usual = ", ".join(sorted(regions_of_stores()))
        self.fields["regions"].widget.attrs["placeholder"] = usual

    def clean(self) -> dict[str, Any]:
        """A day's limit below an hour's would make the latter a lie."""
        said = super().clean() or {}
        hour, day = said.get("per_number_hour"), said.get("per_number_day")
        if hour and day and day < hour:
            self.add_error("per_number_day", _("It cannot be less than in an hour."))
        return said


@admin.register(TextingRules)
class TextingRulesAdmin(EffectAdmin[TextingRules]):
    """Opens the one row; there is never a second."""

    form = RulesForm
    fieldsets = [
        (gettext_lazy("Where texts go"), {"fields": ["regions"]}),
        (
            gettext_lazy("How many texts one number gets"),
            {
                "fields": ["per_number_hour", "per_number_day"],
                "description": gettext_lazy(
                    "More are kept as not sent. This stops whoever makes the hub text a "
                    "number again and again."
                ),
            },
        ),
        (
            gettext_lazy("When nobody confirms a text"),
            {
                "fields": ["reach_minutes"],
                "description": gettext_lazy(
                    "What a customer must know goes by another channel, or the store is "
                    "asked to call, when no receipt has come after this time."
                ),
            },
        ),
    ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the row, or to where it is made; the defaults stand until then."""
        row = TextingRules.objects.order_by("pk").first()
        if row:
            link = reverse("admin:notifications_textingrules_change", args=[row.pk])
        elif self.has_add_permission(request):
            link = reverse("admin:notifications_textingrules_add")
        else:
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(link)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is never a second row."""
        return super().has_add_permission(request) and not TextingRules.objects.exists()

    def save_model(self, request: HttpRequest, obj: TextingRules, form: Any, change: bool) -> None:
        """Two who make the row at once make one; the last word stands."""
        obj.pk = obj.pk or 1
        TextingRules.objects.bulk_create(
            [obj], update_conflicts=True, unique_fields=["id"], update_fields=self.form.Meta.fields
        )
        remember([obj], kind=CHANGED if change else ADDED)

    def has_delete_permission(self, request: HttpRequest, obj: TextingRules | None = None) -> bool:
        """Rules are changed, not removed."""
        return False
