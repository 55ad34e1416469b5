# ruff: noqa: ARG002  an override takes all that Django passes
"""Several orders on one way: choosing them, and the screen that leads through the aisles."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import HubError
from hub.staff.chosen import chosen_code, remember_choice
from hub.staff.refusals import refused
from hub.staff.scope import StoreWorkAdmin, stores_for
from hub.stores.models import Store
from inventory.models import Zone
from orders.admin import pick_steps
from orders.admin.boards import BAND_TONES
from orders.admin.parts import LONGEST_KEY, part_for, person_of, sentence, store_for, tapped
from orders.admin.unsent import work_page
from orders.admin.words import due
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus, PickBatch
from orders.picking import batches
from orders.picking.claims import name_of
from orders.picking.queue import Load, band, loads, page
from orders.picking.splitting import complete_picking
from orders.picking.working import SHORT_REASONS, is_later, is_open

MOST_STORES = 60
MOST_KEPT = 60  # stops that the page has at hand for the time without contact
PRESET = 6  # orders that are ticked to begin with


class BatchForm(forms.Form):
    """Which orders to pick together, and how."""

    parts = forms.TypedMultipleChoiceField(coerce=int)
    sorting = forms.ChoiceField(choices=PickBatch.Sorting.choices)
    zone = forms.ChoiceField(choices=[("", "all"), *Zone.choices], required=False)
    token = forms.CharField(max_length=64)


@admin.register(PickBatch)
class PickBatchAdmin(StoreWorkAdmin[PickBatch]):
    """The batches, and the screens on which they are made and picked."""

    empty_note = gettext_lazy(
        "Batches are made under «Pick several together»: one person, one way, several orders."
    )
    list_display = ["public_id", "store", "picker", "sorting", "opened_at", "closed_at"]
    list_filter = ["sorting", ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["store", "picker"]
    ordering = ["-id"]
    fields = ("public_id", "store", "picker", "sorting", "opened_at", "closed_at")

    def get_urls(self) -> list[URLPattern]:
        """Choosing and tapping have addresses of their own."""
        wrap = self.admin_site.admin_view
        own = [
            path("choose/", wrap(self.choose_view), name="orders_pickbatch_choose"),
            path("<int:pk>/step/", wrap(self.step_view), name="orders_pickbatch_step"),
        ]
        return [*own, *super().get_urls()]

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        """The queue with boxes to tick; posted, the batch is opened and shown (303)."""
        person_of(request)
        remember_choice(request)
        store = store_for(request, chosen_code(request))
        parts, work = _choices(store) if store else ([], {})
        if request.method == "POST":
            if store is None:
                raise Http404
            if opened := self._open(request, store, parts):
                return HttpResponseRedirect(_link(opened), status=303)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Pick several orders together"),
            "store": store,
            "store_choices": list(stores_for(request).order_by("code")[:MOST_STORES]),
            "rows": [_choice(part, work[part.pk], place) for place, part in enumerate(parts)],
            "sortings": [(key, _(str(words))) for key, words in PickBatch.Sorting.choices],
            "zones": [(key, _(str(words))) for key, words in Zone.choices],
            "token": secrets.token_urlsafe(16),
        }
        return TemplateResponse(request, "admin/orders/batch_choose.html", context)

    def _open(
        self, request: HttpRequest, store: Store, parts: list[FulfillmentOrder]
    ) -> PickBatch | None:
        form = BatchForm(request.POST)
        # what was ticked may have been claimed meanwhile: the service says so, naming who has it
        field = form.fields["parts"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101  narrows the type
        field.choices = [(key, key) for key in _keys(request)]
        if not form.is_valid():
            messages.error(request, _("Tick the orders to be picked together."))
            return None
        asked = form.cleaned_data
        try:
            return batches.open_batch(
                store=store,
                fulfillments=[part_for(request, key) for key in asked["parts"]],
                by=person_of(request),
                sorting=asked["sorting"],
                zone=asked["zone"],
                token=asked["token"],
            )
        except HubError as error:
            messages.error(request, sentence(refused(error)))
            return None

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The next stop on the way, the totes, and the orders that are done."""
        batch = self._find(request, object_id)
        stops = batches.walk(batch)
        chosen = request.GET.get("item", "")
        ordered = [stop for stop in stops if str(stop.item.pk) == chosen] + stops
        context = {
            **self.admin_site.each_context(request),
            "title": _("Picking together · {store}").format(store=batch.store.name),
            "batch": batch,
            "is_mine": batch.picker == request.user,
            "picker_name": name_of(batch.picker),
            "stop": ordered[0] if ordered and not batch.closed_at else None,
            "stops": stops,
            "kept": [] if batch.closed_at else stops[:MOST_KEPT],
            "orders": _orders(batch),
            "totes": batch.sorting == PickBatch.Sorting.WHILE,
            "shorts": SHORT_REASONS,
            "reasons": pick_steps.NO_SCAN,
            "step_url": reverse("admin:orders_pickbatch_step", args=[batch.pk]),
            "tokens": {act: secrets.token_urlsafe(16) for act in ("scan", "close")},
            "token": secrets.token_urlsafe(12),
        }
        return work_page(request, "admin/orders/batch.html", context)

    @method_decorator(require_POST)
    def step_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one step on the batch and go back (303)."""
        user, batch = person_of(request), self._find(request, str(pk))

        def act() -> str:
            tap = pick_steps.pick_tap_of(request, user)
            if tap.fields["act"] == "scan":
                return _scan(batch, tap)
            if tap.fields["act"] == "close":
                batches.close_batch(batch=batch)
                return _("The batch is closed; what was picked stays picked.")
            part = part_for(request, _key(request.POST.get("part", "")))
            if tap.fields["act"] == "finish":
                complete_picking(fulfillment=part, token=tap.token)
                return _("{order} is picked. Now bag it.").format(order=part.order.external_id)
            return pick_steps.take(part, tap)

        return tapped(request, act, _link(batch))

    def _find(self, request: HttpRequest, pk: str) -> PickBatch:
        person_of(request)
        rows = PickBatch.objects.filter(store__in=stores_for(request))
        return get_object_or_404(rows.select_related("store", "picker"), pk=_key(pk))


def _scan(batch: PickBatch, tap: pick_steps.PickTap) -> str:
    done = batches.scan_batch(
        batch=batch,
        code=tap.fields["code"],
        by=tap.user,
        grams=tap.fields["grams"],
        token=tap.token,
    )
    if batch.sorting == PickBatch.Sorting.AFTER:
        return _("{item}: counted.").format(item=done.line.item.name)
    return pick_steps.took(done)


def _choices(store: Store) -> tuple[list[FulfillmentOrder], dict[int, Load]]:
    """The first page of the store's queue without what is picked already or somebody has."""
    now = clock.now()
    rows = page(Store.objects.filter(pk=store.pk))
    open_rows = [row for row in rows if row.status != FulfillmentStatus.PICKED]
    work = loads(open_rows, now)
    return [row for row in open_rows if not any(z.picker for z in work[row.pk].zones)], work


def _choice(part: FulfillmentOrder, load: Load, place: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "part": part,
        "load": load,
        "due": due(part.promised_at, now)[0],
        "tone": BAND_TONES[band(part, now)],
        "is_ticked": place < PRESET,
    }


def _orders(batch: PickBatch) -> list[dict[str, Any]]:
    """The orders of a batch with their totes, how far they are, and whether they can be ended."""
    parts = batches.parts_of(batch)
    lines_of = Prefetch("lines", queryset=FulfillmentLine.objects.select_related("item"))
    prefetch_related_objects(parts, lines_of)
    totes = dict(batch.zone_picks.values_list("fulfillment_id", "tote"))
    listed = []
    for part in parts:
        lines = list(part.lines.all())
        listed.append(
            {
                "part": part,
                "tote": totes.get(part.pk, ""),
                "token": secrets.token_urlsafe(16),
                "open": sum(1 for line in lines if is_open(line) and not is_later(line)),
                "lines": len(lines),
                "has_goods": any(line.picked for line in lines),
            }
        )
    return listed


def _keys(request: HttpRequest) -> list[int]:
    """The posted keys that can be keys at all."""
    told = request.POST.getlist("parts")[: batches.MOST_ORDERS + 1]
    return [int(text) for text in told if _is_key(text)]


def _key(text: str) -> int:
    if not _is_key(text):
        raise Http404
    return int(text)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


def _link(batch: PickBatch) -> str:
    return reverse("admin:orders_pickbatch_change", args=[batch.pk])
