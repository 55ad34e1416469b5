"""Putting back what was picked and will not be collected."""

from __future__ import annotations

import secrets

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.errors import Invalid
from hub.staff.chosen import choices, chosen_code, chosen_stores, remember_choice
from hub.staff.scope import StoreWorkAdmin, stores_for
from hub.staff.tones import Tones
from hub.stores.models import Store
from inventory.models import ShelfPlace
from orders.admin.parts import person_of, tapped
from orders.admin.unsent import work_page
from orders.admin.write_off import write_off_urls
from orders.models import PutBack
from orders.picking.claims import name_of
from orders.picking.codes import read_code, refuse_misread
from orders.picking.errors import UnknownCode, WrongItem
from orders.picking.matching import meanings
from orders.putting_back import DAMAGED_AT_THE_CURB, put_back

MOST = 100


class PutBackForm(forms.Form):
    """Either a scanned code (back on the shelf), or a task and what became of it."""

    code = forms.CharField(max_length=200, required=False)
    task = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    outcome = forms.ChoiceField(choices=PutBack.Outcome.choices, required=False)
    token = forms.CharField(max_length=64, required=False)


@admin.register(PutBack)
class PutBackAdmin(StoreWorkAdmin[PutBack]):
    """The record of all put-backs, and the screen for those that are to be done."""

    empty_note = gettext_lazy(
        "Goods come here when an order that was picked is canceled, refused or not collected."
    )
    list_display = ["item", "units", "store", "location", "reason", "asked_at", "state"]
    list_filter = ["outcome", ("done_at", admin.EmptyFieldListFilter)]
    list_select_related = ["line__item", "store"]
    search_fields = ["=line__item__sku", "=line__fulfillment__order__external_id"]
    search_help_text = gettext_lazy("SKU or order number")
    ordering = [F("done_at").desc(nulls_first=True), "-id"]
    fields = (
        *("item", "units", "store", "location", "reason", "asked_at"),
        *("done_at", "done_by", "outcome"),
    )

    def get_urls(self) -> list[URLPattern]:
        """The screen comes before the pages of single rows."""
        wrap = self.admin_site.admin_view
        own = [
            path("to-do/", wrap(self.todo_view), name="orders_putback_todo"),
            path("to-do/step/", wrap(self.step_view), name="orders_putback_step"),
        ]
        return [*own, *write_off_urls(), *super().get_urls()]

    @admin.display(description=gettext_lazy("Item"), ordering="line__item__sku")
    def item(self, row: PutBack) -> str:
        """What is put back."""
        return str(row.line.item)

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: PutBack) -> str:
        """What became of it."""
        return row.get_outcome_display() if row.done_at else _("To do")

    state.label = Tones(  # type: ignore[attr-defined]  # unfold colours by it
        {"To do": "warning", "back on the shelf": "success"}
    )

    def todo_view(self, request: HttpRequest) -> HttpResponse:
        """The open tasks of the chosen stores, each with its three ends, and a scan field."""
        person_of(request)
        remember_choice(request)
        tasks = list(_open(chosen_stores(request))[:MOST])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Put back"),
            "rows": [
                {"task": task, "shelf": shelf, "token": secrets.token_urlsafe(16)}
                for task, shelf in _with_shelves(tasks)
            ],
            "store_choices": choices(request),
            "store_code": chosen_code(request),
            "broken": DAMAGED_AT_THE_CURB,
            "token": secrets.token_urlsafe(16),
        }
        return work_page(request, "admin/orders/put_backs.html", context)

    @method_decorator(require_POST)
    def step_view(self, request: HttpRequest) -> HttpResponse:
        """Say what became of units, and go back (303)."""
        user = person_of(request)
        form = PutBackForm(request.POST)
        # a card is what it is; a scan means an item of the store that is looked at
        stores = stores_for(request) if request.POST.get("task") else chosen_stores(request)

        def act() -> str:
            if not form.is_valid():
                raise Invalid("scan the item, or say what became of it")
            asked = form.cleaned_data
            task = _task(stores, asked["task"], asked["code"])
            outcome = asked["outcome"] or PutBack.Outcome.SHELF
            done = put_back(task=task, outcome=outcome, by=name_of(user), token=asked["token"])
            return f"{task.units} × {task.line.item.name}: {done.get_outcome_display()}."

        return tapped(request, act, reverse("admin:orders_putback_todo"))


def _open(stores: QuerySet[Store]) -> QuerySet[PutBack]:
    rows = PutBack.objects.filter(store__in=stores, done_at__isnull=True)
    return rows.select_related("line__item", "line__fulfillment__order", "store").order_by(
        "asked_at", "pk"
    )


def _task(stores: QuerySet[Store], key: int | None, code: str) -> PutBack:
    """The task that was tapped, or the oldest one of the item that was scanned."""
    if key:
        rows = PutBack.objects.filter(store__in=stores)
        return get_object_or_404(rows.select_related("line__item", "line__fulfillment"), pk=key)
    scanned = read_code(code, layout=settings.WEIGHT_BARCODE)
    found = meanings(scanned)
    if not found:
        refuse_misread(scanned.text)
        raise UnknownCode(f"no item has the code {scanned.text}")
    task = _open(stores).filter(line__item__in=found).first()
    if task is None:
        raise WrongItem("nothing of this item is to be put back")
    return task


def _with_shelves(tasks: list[PutBack]) -> list[tuple[PutBack, str]]:
    """Each task with the shelf that its units belong on."""
    rows = ShelfPlace.objects.filter(
        store__in={task.store_id for task in tasks}, item__in={task.line.item_id for task in tasks}
    )
    shelves = {(row.store_id, row.item_id): row.location for row in rows}
    return [(task, shelves.get((task.store_id, task.line.item_id), "")) for task in tasks]
