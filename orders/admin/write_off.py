"""Writing stock off: scan it, say how many and why, confirm."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.errors import HubError, Invalid
from hub.staff.chosen import chosen_code, remember_choice
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from hub.stores.models import Store
from inventory.models import Item, StockLevel
from orders.admin.parts import person_of, sentence, store_for, tapped
from orders.picking.codes import read_code, refuse_misread
from orders.picking.errors import UnknownCode
from orders.picking.matching import meanings
from orders.writing_off import DAMAGED, REASONS, write_off

NAME = "orders_putback_write_off"
MOST_STORES = 60
MOST_UNITS = 10**7
LONGEST_CODE = 60
WORDS = {
    DAMAGED: gettext_lazy("Damaged: stays here, is not sold"),
    "spoilage": gettext_lazy("Spoiled or past its date: thrown away"),
    "lost": gettext_lazy("Cannot be found"),
    "theft": gettext_lazy("Stolen"),
    "internal_use": gettext_lazy("Used by the store itself"),
}


class WriteOffForm(forms.Form):
    """What is written off, how much of it, and why."""

    item = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    units = forms.IntegerField(min_value=1, max_value=MOST_UNITS)
    reason = forms.ChoiceField(choices=[(reason, reason) for reason in REASONS])
    token = forms.CharField(max_length=64)


def write_off_urls() -> list[URLPattern]:
    """The page, and where its button leads."""
    wrap = admin.site.admin_view
    return [
        path("write-off/", wrap(write_off_view), name=NAME),
        path("write-off/do/", wrap(do_view), name=NAME + "_do"),
    ]


def write_off_view(request: HttpRequest) -> HttpResponse:
    """A scan field; with a scanned item what the books say of it, and the form."""
    person_of(request)
    remember_choice(request)
    store = store_for(request, chosen_code(request))
    code = request.GET.get("code", "").replace("\0", "").strip()[:LONGEST_CODE]
    found, trouble = None, ""
    if store and code:
        try:
            found = _found(store, code)
        except HubError as error:
            trouble = sentence(refused(error))
    context = {
        **admin.site.each_context(request),
        "title": _("Write off stock"),
        "store": store,
        "store_choices": list(stores_for(request).order_by("code")[:MOST_STORES]),
        "code": code,
        "found": found,
        "trouble": trouble,
        "reasons": list(WORDS.items()),
        "token": secrets.token_urlsafe(16),
    }
    return TemplateResponse(request, "admin/orders/write_off.html", context)


@require_POST
def do_view(request: HttpRequest) -> HttpResponse:
    """Write it off and go back (303)."""
    user = person_of(request)
    store = store_for(request, request.POST.get("store", ""))
    if store is None:
        raise Http404
    form = WriteOffForm(request.POST)

    def act() -> str:
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            raise Invalid(f"{field}: {errors[0]}")
        asked = form.cleaned_data
        item = get_object_or_404(Item, pk=asked["item"])
        level = write_off(
            store=store,
            item=item,
            units=asked["units"],
            reason=asked["reason"],
            by=user,
            token=asked["token"],
        )
        left = level.on_hand - level.unavailable
        said = _("{item}: {units} written off, {left} are left to be sold.")
        return said.format(item=item.name, units=asked["units"], left=left)

    return tapped(request, act, f"{reverse(f'admin:{NAME}')}?{urlencode({'store': store.code})}")


def _found(store: Store, code: str) -> dict[str, Any]:
    """The scanned item with what the store's books have of it. Raises as reading a code does."""
    scanned = read_code(code, layout=settings.WEIGHT_BARCODE)
    meant = next(iter(meanings(scanned).values()), None)
    if meant is None:
        refuse_misread(scanned.text)
        raise UnknownCode(_("no item has the code {code}").format(code=scanned.text))
    level = StockLevel.objects.filter(store=store, item=meant.item).first()
    return {
        "item": meant.item,
        "unit": "g" if meant.item.unit == "gram" else "",
        "units": meant.grams or meant.units,
        "level": level,
        "sellable": max(0, level.on_hand - level.unavailable) if level else 0,
    }
