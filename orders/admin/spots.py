# ruff: noqa: ARG002  an override takes all that Django passes
"""The numbered places of a store's pickup area."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.errors import Invalid
from hub.staff.refusals import refused
from hub.staff.scope import ScopedAdmin, stores_for
from hub.staff.tables.pages import TableAdmin
from hub.stores.models import Store
from orders.admin.parts import person_of, sentence, store_for, tapped
from orders.curbside.registry import LABEL_CHARACTERS, ZONE_CHARACTERS, add_spots
from orders.models import Spot
from orders.resources import SpotResource
from orders.text import TextTooLong, clean

MOST_STORES = 60
REASON_CHARACTERS = 80


class SpotForm(forms.ModelForm):  # type: ignore[type-arg]
    """A spot whose texts are safe to show on signs and phones."""

    def clean_label(self) -> str:
        """One short line, not empty."""
        label = _line(self.cleaned_data["label"], LABEL_CHARACTERS)
        if not label:
            raise ValidationError(_("A spot needs a label."))
        return label

    def clean_zone(self) -> str:
        """One line."""
        return _line(self.cleaned_data["zone"], ZONE_CHARACTERS)

    def clean_closed_for(self) -> str:
        """One line."""
        return _line(self.cleaned_data["closed_for"], REASON_CHARACTERS)


class ManyForm(forms.Form):
    """Which spots to make."""

    first = forms.IntegerField(min_value=0, max_value=99_999)
    last = forms.IntegerField(min_value=0, max_value=99_999)
    letters = forms.CharField(max_length=LABEL_CHARACTERS - 1, required=False)
    zone = forms.CharField(max_length=ZONE_CHARACTERS, required=False)


@admin.register(Spot)
class SpotAdmin(TableAdmin[Spot], ScopedAdmin[Spot]):
    """Spots end by ``active``: a visit that stood there stays on record."""

    empty_note = gettext_lazy(
        "Number the places in front of the store: then customers can say where they stand."
    )
    form = SpotForm
    list_display = ["store", "label", "zone", "accessible", "oversize", "closed_for", "active"]
    list_filter = ["active", "accessible", "oversize", ("closed_for", admin.EmptyFieldListFilter)]
    list_select_related = ["store"]
    search_fields = ["store__code", "store__name", "label"]
    autocomplete_fields = ["store"]
    fields = ["store", "label", "zone", "accessible", "oversize", "closed_for", "active"]
    actions = ["reopen_selected"]
    list_before_template = "admin/orders/spots_links.html"
    tables = {"spots": (gettext_lazy("Spots"), SpotResource)}

    def get_urls(self) -> list[URLPattern]:
        """The page that makes many comes before the pages of single rows."""
        many = self.admin_site.admin_view(self.many_view)
        return [path("many/", many, name="orders_spot_many"), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A spot stays at its store: visits and signs belong to both."""
        return ["store"] if obj else []

    @admin.action(description=gettext_lazy("Back in service"), permissions=["change"])
    def reopen_selected(self, request: HttpRequest, queryset: QuerySet[Spot]) -> None:
        """Customers can stand there again."""
        count = queryset.exclude(closed_for="").update(closed_for="")
        messages.success(request, _("{count} back in service.").format(count=count))

    def many_view(self, request: HttpRequest) -> HttpResponse:
        """Ask from which number to which; posted, make what is missing and go to the list."""
        person_of(request)
        if not self.has_add_permission(request):
            raise Http404
        if request.method == "POST":
            store = store_for(request, request.POST.get("store", ""))
            back = reverse("admin:orders_spot_changelist")
            return tapped(request, lambda: _add(request, store), back)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Many spots at once"),
            "store_choices": list(stores_for(request).order_by("code")[:MOST_STORES]),
            "label_characters": LABEL_CHARACTERS - 1,
            "zone_characters": ZONE_CHARACTERS,
        }
        return TemplateResponse(request, "admin/orders/spots_many.html", context)


def _add(request: HttpRequest, store: Store | None) -> str:
    form = ManyForm(request.POST)
    if store is None:
        raise Invalid("choose a store")
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field}: {errors[0]}")
    asked = form.cleaned_data
    made = add_spots(
        store=store,
        first=asked["first"],
        last=asked["last"],
        prefix=asked["letters"],
        zone=asked["zone"],
    )
    return (
        _("{made} new spots at {store}.").format(made=made, store=store)
        if made != 1
        else _("1 new spot at {store}.").format(store=store)
    )


def _line(text: str, limit: int) -> str:
    try:
        return clean(text, limit=limit, what="it")
    except TextTooLong as error:
        raise ValidationError(sentence(refused(error))) from None
