# ruff: noqa: ARG002  an override takes all that Django passes
"""Layouts: how a source writes its stock files, and trying one with a file of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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

from hub.errors import HubError
from hub.staff.pages import HubAdmin
from hub.staff.refusals import refused
from inventory.admin.feeds import words
from inventory.models import FeedLayout
from inventory.services.mapping import DEFAULT_SYSTEMS, LONGEST_SYSTEM, system_to_map
from inventory.services.trying import MOST_ROWS, try_layout

if TYPE_CHECKING:
    from django.forms import Select
    from django.forms import TextInput as TextInput
else:
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

COMMON = ["sku", "store"]
OF_SNAPSHOTS = ["on_hand"]
OF_DELTAS = ["id", "kind", "quantity", "occurred_at", "reason", "reference", "state"]
NAMES = [*COMMON, *OF_SNAPSHOTS, *OF_DELTAS]
MEANINGS = {
    "sku": gettext_lazy("the item's code, in one of the code systems"),
    "store": gettext_lazy("the store's code or id; none if the file is of one store"),
    "on_hand": gettext_lazy("units counted"),
    "id": gettext_lazy("the source's own id of the event, the same on repeats"),
    "kind": gettext_lazy("sale, return, adjustment, transfer or move"),
    "quantity": "units",
    "occurred_at": gettext_lazy("when, ISO 8601"),
    "reason": gettext_lazy("of an adjustment"),
    "reference": gettext_lazy("receipt, delivery note"),
    "state": gettext_lazy("of units that cannot be sold"),
}
DELIMITERS = [
    (",", gettext_lazy("comma ,")),
    (";", gettext_lazy("semicolon ;")),
    ("\t", "tab"),
    ("|", gettext_lazy("bar |")),
]
LONGEST_COLUMN = 60
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")


def _column(name: str) -> forms.CharField:
    return forms.CharField(
        label=name,
        required=False,
        max_length=LONGEST_COLUMN,
        help_text=str(MEANINGS[name]),
        widget=TextInput(attrs={"placeholder": name}),
    )


class LayoutForm(forms.ModelForm):  # type: ignore[type-arg]
    """A layout with one field for each of our columns; empty ones keep our name."""

    delimiter = forms.ChoiceField(choices=DELIMITERS, widget=Select)
    code_systems = forms.CharField(
        required=False,
        max_length=200,
        widget=TextInput(attrs={"placeholder": ", ".join(DEFAULT_SYSTEMS)}),
        help_text=gettext_lazy("tried in this order, with commas between them; empty: sku, gtin"),
    )
    column_sku = _column("sku")
    column_store = _column("store")
    column_on_hand = _column("on_hand")
    column_id = _column("id")
    column_kind = _column("kind")
    column_quantity = _column("quantity")
    column_occurred_at = _column("occurred_at")
    column_reason = _column("reason")
    column_reference = _column("reference")
    column_state = _column("state")

    class Meta:
        model = FeedLayout
        exclude = ["columns"]  # noqa: DJ006  the admin page names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["code_systems"] = ", ".join(self.instance.code_systems)
        for name in NAMES:
            self.initial[f"column_{name}"] = self.instance.columns.get(name, "")

    def clean_delimiter(self) -> str:
        """One of those offered; a tab too, which trimming would lose."""
        return str(self.data.get(self.add_prefix("delimiter"), ""))

    def clean_code_systems(self) -> list[str]:
        """The names in their order; refuses odd ones in words."""
        names = [name.strip().lower() for name in self.cleaned_data["code_systems"].split(",")]
        names = list(dict.fromkeys(name for name in names if name))
        for name in names:
            if not _SYSTEM.match(name) or len(name) > LONGEST_SYSTEM:
                raise forms.ValidationError(
                    _("{name} is no name of a code system.").format(name=repr(name[:40]))
                )
        return names

    def clean(self) -> dict[str, Any]:
        """No column of the file may be taken twice."""
        cleaned: dict[str, Any] = super().clean() or {}
        columns = {name: (cleaned.get(f"column_{name}") or "").strip() for name in NAMES}
        cleaned["columns"] = {name: column for name, column in columns.items() if column}
        read = [column.lower() for column in cleaned["columns"].values()]
        for name, column in cleaned["columns"].items():
            if read.count(column.lower()) > 1:
                self.add_error(f"column_{name}", _("Another field reads this column too."))
        return cleaned

    def save(self, commit: bool = True) -> FeedLayout:
        """Keep the columns beside the rest."""
        self.instance.columns = self.cleaned_data["columns"]
        layout: FeedLayout = super().save(commit=commit)
        return layout


class TrialForm(forms.Form):
    """A file to try a layout with."""

    file = forms.FileField()


@admin.register(FeedLayout)
class FeedLayoutAdmin(HubAdmin[FeedLayout]):
    """How sources write their files; one with files ends by «active»."""

    form = LayoutForm
    list_display = ["code", "source", "mode", "store", "complete", "policy", "active"]
    list_filter = ["active", "mode"]
    list_select_related = ["store"]
    search_fields = ["code", "source"]
    autocomplete_fields = ["store"]
    fieldsets = [
        (None, {"fields": ["code", "source", "active"]}),
        (
            gettext_lazy("What it says"),
            {"fields": ["mode", "complete", "store", "policy", "most_drop_percent"]},
        ),
        (gettext_lazy("How it is written"), {"fields": ["delimiter", "encoding", "code_systems"]}),
        (
            gettext_lazy("Columns: our name, and what the file calls it"),
            {"fields": [f"column_{name}" for name in [*COMMON, *OF_SNAPSHOTS]]},
        ),
        (
            gettext_lazy("Columns of files with changes (mode delta)"),
            {"fields": [f"column_{name}" for name in OF_DELTAS]},
        ),
    ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: FeedLayout | None = None
    ) -> tuple[str, ...]:
        """The code once it is there: files are dropped into the folder of that name."""
        return ("code",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        """Trying has an address of its own."""
        view = self.admin_site.admin_view(self.try_view)
        own = path("<int:pk>/try/", view, name="inventory_feedlayout_try")
        return [own, *super().get_urls()]

    @method_decorator(require_POST)
    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show how the layout reads a file, and what the file would do."""
        if not self.has_view_permission(request):
            raise Http404
        layout = get_object_or_404(self.get_queryset(request).select_related("store"), pk=pk)
        form = TrialForm(request.POST, request.FILES)
        back = HttpResponseRedirect(reverse("admin:inventory_feedlayout_change", args=[pk]))
        if not form.is_valid():
            messages.error(request, str(form.errors["file"][0]))
            return back
        file = form.cleaned_data["file"]
        try:
            trial = try_layout(layout=layout, content=file.chunks(), name=file.name)
        except HubError as error:
            messages.error(request, words.sentence(refused(error)))
            return back
        context = {
            **self.admin_site.each_context(request),
            "title": _("{layout} reads {file}").format(layout=layout, file=file.name),
            "layout": layout,
            "trial": trial,
            "problem": words.sentence(trial.problem),
            "hint": words.HINTS.get(trial.problem_code, ""),
            "expected": words.expected_of(trial.preview),
            "cuts": words.cuts_of(trial.preview),
            "system": system_to_map(layout.code_systems or DEFAULT_SYSTEMS),
            "most_rows": f"{MOST_ROWS:,}",
        }
        return TemplateResponse(request, "admin/inventory/feedlayout/trial.html", context)
