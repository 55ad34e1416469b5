"""What a person may write into rules, checked before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.stores.models import Store
from orders.models import RoutingRule
from orders.routing.rules import Sorter
from orders.routing.simulating import MOST_ORDERS

if TYPE_CHECKING:  # unfold ships no types; its widgets are Django's with another face
    from django.forms import Select, Textarea
else:
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea

PLACES = range(1, len(Sorter) + 1)
MOST_RANKED = 200
SORTERS = {
    Sorter.DISTANCE: gettext_lazy("Nearest first"),
    Sorter.FEWEST_SPLITS: gettext_lazy("Most of the basket first"),
    Sorter.CAPACITY_LEFT: gettext_lazy("Most capacity left first"),
    Sorter.STOCK_BALANCE: gettext_lazy("Most stock left first"),
    Sorter.RANKED_LIST: gettext_lazy("As in the ranked list"),
}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule with its sorters as choices in order, and its ranked list as lines of store codes."""

    ranked_codes = forms.CharField(
        label=gettext_lazy("Ranked list"),
        required=False,
        max_length=MOST_RANKED * 41,
        widget=Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("store codes, the preferred one first"),
    )

    class Meta:
        model = RoutingRule
        fields = [
            *("position", "group", "whole_basket", "radius_metres", "within_minutes"),
            *("capacity_left", "most_rejected_percent", "rejected_days", "rejected_least"),
            "spare_rejected",
        ]
        labels = {
            "radius_metres": gettext_lazy("Radius, metres"),
            "within_minutes": gettext_lazy("Ready within, minutes"),
            "capacity_left": gettext_lazy("Capacity left"),
            "most_rejected_percent": gettext_lazy("Most rejections, %"),
            "rejected_days": gettext_lazy("Over days"),
            "rejected_least": gettext_lazy("Of at least, orders"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sorters = [*(self.instance.sorters or []), *[""] * len(PLACES)]
        if self.instance.pk is None:
            sorters = [Sorter.DISTANCE.value, *sorters]
        for place in PLACES:
            self.fields[f"sorter_{place}"] = forms.ChoiceField(
                label=_("{place}. sorter").format(place=place),
                required=False,
                initial=sorters[place - 1],
                choices=[("", "–"), *((code.value, words) for code, words in SORTERS.items())],
                widget=Select,
            )
        self.fields["ranked_codes"].initial = "\n".join(self.instance.ranked or [])

    def clean_ranked_codes(self) -> list[str]:
        """Codes of stores that there are, each once."""
        codes = list(
            dict.fromkeys(str(self.cleaned_data["ranked_codes"]).replace(",", " ").split())
        )
        if len(codes) > MOST_RANKED:
            raise ValidationError(
                _("At most {most} stores.").format(most=MOST_RANKED),
                "too_many_stores",
            )
        known = set(Store.objects.filter(code__in=codes).values_list("code", flat=True))
        if missing := [code for code in codes if code not in known]:
            raise ValidationError(
                _("No such store: {missing}.").format(missing=", ".join(missing[:5])),
                "no_such_store",
            )
        return codes

    def clean(self) -> dict[str, Any]:
        """Sorters count once each; a ranked list and its sorter need one another."""
        cleaned: dict[str, Any] = super().clean() or {}
        sorters = [cleaned.get(f"sorter_{place}") for place in PLACES]
        chosen = [sorter for sorter in sorters if sorter]
        if len(chosen) != len(set(chosen)):
            raise ValidationError(_("A sorter counts once."), "sorter_twice")
        if bool(cleaned.get("ranked_codes")) != (Sorter.RANKED_LIST in chosen):
            raise ValidationError(
                _("A ranked list and the sorter «as in the ranked list» need one another."),
                "ranked_list_alone",
            )
        cleaned["sorters"] = chosen
        return cleaned

    def save(self, commit: bool = True) -> RoutingRule:
        """Keep the sorters in order, and the list."""
        self.instance.sorters = self.cleaned_data["sorters"]
        self.instance.ranked = self.cleaned_data["ranked_codes"]
        saved: RoutingRule = super().save(commit)
        return saved


class TrialForm(forms.Form):
    """Which past orders are tried."""

    since = forms.DateField(label=gettext_lazy("Placed since"))
    most_orders = forms.IntegerField(
        label=gettext_lazy("Orders"), min_value=1, max_value=MOST_ORDERS
    )
