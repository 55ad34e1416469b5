# ruff: noqa: ARG002  an override takes all that Django passes
"""Recalls: open one knowing what it reaches, follow it store by store and order by order, close it.

Opening and closing is for people of the whole chain; a store's people see and do their own pull.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, F, Q, QuerySet
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
from hub.staff.pages import HubAdmin
from hub.staff.refusals import refused
from hub.staff.scope import StoreWorkAdmin, works_in_stores
from hub.staff.tones import Tones
from inventory.models import Item, PullTask, Recall
from inventory.services.recalls import (
    Reach,
    close_recall,
    finish_pull,
    open_recall,
    reach,
    recalled_item_ids,
)
from orders.admin.boards import work_link
from orders.admin.words import STATUS_TONES, local
from orders.models import RecalledPart
from orders.recalls.services import affected, clear_part

LONGEST_KEY = 18
MOST_SHOWN = 200
EARLIEST_DAY = timedelta(hours=14)  # a day begins first at UTC+14


class RecallForm(forms.Form):
    """What is called back, and why."""

    sku = forms.CharField(max_length=40, label=gettext_lazy("SKU or barcode"))
    lot = forms.CharField(
        max_length=60, required=False, label=gettext_lazy("Lot, if not all of it is bad")
    )
    reason = forms.CharField(max_length=200, label=gettext_lazy("Reason"))
    sold_since = forms.DateField(
        required=False,
        label=gettext_lazy("Suspect if collected since"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_sku(self) -> Item:
        """The item itself, also one that is no longer sold."""
        code = self.cleaned_data["sku"].strip()
        found = Item.objects.filter(Q(sku=code) | Q(gtin=code)).order_by("pk").first()
        if found is None:
            raise forms.ValidationError(_("There is no such item."), code="unknown_sku")
        return found

    def clean_sold_since(self) -> datetime | None:
        """From the moment that day began anywhere."""
        day = self.cleaned_data["sold_since"]
        if day is None:
            return None
        if day > clock.now().date():
            raise forms.ValidationError(_("Nothing was sold in the future."), code="future")
        if day.year < 2000:  # noqa: PLR2004  no goods of another century are on sale
            raise forms.ValidationError(_("That is too long ago."), code="past")
        return datetime.combine(day, time(), tzinfo=UTC) - EARLIEST_DAY


@admin.register(Recall)
class RecallAdmin(HubAdmin[Recall]):
    """Every recall of the chain."""

    empty_note = gettext_lazy(
        "Call an item back here: orders that have it are stopped, and stores look through them."
    )
    list_display = ["item", "of_what", "reason", "state", "pulled", "opened_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["item"]
    search_fields = ["=item__sku", "=public_id", "lot", "reason"]
    search_help_text = gettext_lazy("SKU, lot, reason or recall id")
    ordering = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        """Closing and clearing have addresses of their own."""
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/close/", wrap(self.close_view), name="inventory_recall_close"),
            path(
                "<int:pk>/clear/<int:part>/", wrap(self.clear_view), name="inventory_recall_clear"
            ),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recall]:
        """Recalls with the number of their tasks and of those done."""
        done = Count("tasks", filter=Q(tasks__done_at__isnull=False))
        return super().get_queryset(request).annotate(task_count=Count("tasks"), done_count=done)

    @admin.display(description=gettext_lazy("Of it"))
    def of_what(self, row: Recall) -> str:
        """All units, or one lot."""
        return _("lot {lot}").format(lot=row.lot) if row.lot else _("all")

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: Recall) -> str:
        """Open or closed."""
        return _("Closed") if row.closed_at else _("Open")

    state.label = Tones({"Open": "danger", "Closed": "success"})  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Stores done"))
    def pulled(self, row: Recall) -> str:
        """How far the stores are."""
        done, all_of_them = row.done_count, row.task_count  # type: ignore[attr-defined]  # annotated
        return _("{done} of {all}").format(done=done, all=all_of_them)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask what is called back, show what that reaches, and do it when it is confirmed."""
        if not self.has_add_permission(request):
            raise Http404
        form = RecallForm(request.POST or None)
        ready = request.method == "POST" and form.is_valid()
        if ready and "confirm" in request.POST:
            return self._open(request, form)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Recall a product"),
            "form": form,
            "preview": _preview(form) if ready else None,
        }
        return TemplateResponse(request, "admin/orders/recall_open.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The case: how far the stores are, and which orders have or had the goods."""
        recall = self._find(request, object_id)
        tasks = recall.tasks.select_related("store")
        parts = RecalledPart.objects.filter(recall=recall)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Recall of {item}").format(item=recall.item),
            "recall": recall,
            "tasks": tasks.order_by(F("done_at").asc(nulls_first=True), "store__code")[:MOST_SHOWN],
            "task_count": recall.task_count,  # type: ignore[attr-defined]  # annotated
            "done_count": recall.done_count,  # type: ignore[attr-defined]  # annotated
            "units_expected": sum(tasks.values_list("units_expected", flat=True)),
            "units_pulled": sum(
                units or 0 for units in tasks.values_list("units_pulled", flat=True)
            ),
            "stages": _stages(parts),
            "blocked": _blocked(parts).count(),
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/orders/recall.html", context)

    @method_decorator(require_POST)
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End the recall and go back to it (303)."""
        recall = self._find(request, str(pk))
        if not self.has_change_permission(request):
            raise Http404
        if close_recall(recall=recall, by=request.user.get_username()):
            messages.success(request, _("Closed. What is on sale can be sold again."))
        return _back("inventory_recall", recall.pk)

    @method_decorator(require_POST)
    def clear_view(self, request: HttpRequest, pk: int, part: int) -> HttpResponse:
        """Let an order go on that somebody looked through."""
        recall = self._find(request, str(pk))
        if not self.has_change_permission(request):
            raise Http404
        _clear(request, RecalledPart.objects.filter(recall=recall), part)
        return _back("inventory_recall", recall.pk)

    def _open(self, request: HttpRequest, form: RecallForm) -> HttpResponse:
        wanted = form.cleaned_data
        try:
            recall = open_recall(
                item=wanted["sku"],
                lot=wanted["lot"],
                reason=wanted["reason"],
                sold_since=wanted["sold_since"],
                by=request.user.get_username(),
            )
        except HubError as error:
            messages.error(request, _("Not recalled: {detail}.").format(detail=refused(error)))
            return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
        messages.success(request, _("Its sale is stopped. The stores have their tasks."))
        return _back("inventory_recall", recall.pk)

    def _find(self, request: HttpRequest, pk: str) -> Recall:
        if not self.has_view_permission(request):
            raise Http404
        rows = self.get_queryset(request).select_related("item")
        return get_object_or_404(rows, pk=_key(pk))


@admin.register(PullTask)
class PullTaskAdmin(StoreWorkAdmin[PullTask]):
    """What each store has to take off its shelves."""

    empty_note = gettext_lazy("Stores get these tasks when an item is called back.")
    list_display = ["what", "store", "reason", "units_expected", "units_pulled", "state"]
    list_filter = [("done_at", admin.EmptyFieldListFilter)]
    list_select_related = ["recall__item", "store"]
    search_fields = ["=recall__item__sku", "=recall__public_id", "=store__code"]
    search_help_text = gettext_lazy("SKU, recall id or store code")
    ordering = [F("done_at").desc(nulls_first=True), "-id"]

    def get_urls(self) -> list[URLPattern]:
        """Finishing and clearing have addresses of their own."""
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/finish/", wrap(self.finish_view), name="inventory_pulltask_finish"),
            path(
                "<int:pk>/clear/<int:part>/", wrap(self.clear_view), name="inventory_pulltask_clear"
            ),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Recalled"))
    def what(self, row: PullTask) -> str:
        """The item, and its lot."""
        return _what(row.recall)

    @admin.display(description=gettext_lazy("Reason"))
    def reason(self, row: PullTask) -> str:
        """Why it is called back."""
        return row.recall.reason

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: PullTask) -> str:
        """To do, done, or needless by now."""
        if row.done_at:
            return _("Done")
        return _("Needless") if row.recall.closed_at else _("To do")

    state.label = Tones({"To do": "danger", "Done": "success"})  # type: ignore[attr-defined]  # unfold colours by it

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One store's pull: what to take, how many were taken, and the orders to look through."""
        task = self._find(request, object_id)
        parts = self._parts(task)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Pull {what}").format(what=_what(task.recall)),
            "task": task,
            "state": self.state(task),
            "needless": task.recall.closed_at is not None,
            "done_at": local(task.done_at, task.store.timezone),
            "stages": _stages(parts.exclude(stage=RecalledPart.Stage.COLLECTED)),
            "blocked": _blocked(parts).count(),
            "may_act": works_in_stores(request),
        }
        return TemplateResponse(request, "admin/orders/pull.html", context)

    @method_decorator(require_POST)
    def finish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record what was taken and go back to the task (303)."""
        task = self._find(request, str(pk))
        if not works_in_stores(request):
            raise Http404
        told = request.POST.get("units", "").strip()
        if not (told.isascii() and told.isdecimal() and len(told) < LONGEST_KEY):
            messages.error(request, _("Say how many units were pulled, as a whole number."))
            return _back("inventory_pulltask", task.pk)
        try:
            finish_pull(task=task, units=int(told), by=request.user.get_username())
        except HubError as error:
            messages.error(request, _("Not recorded: {detail}.").format(detail=refused(error)))
        else:
            messages.success(request, _("Recorded. Keep them apart from what is sold."))
        return _back("inventory_pulltask", task.pk)

    @method_decorator(require_POST)
    def clear_view(self, request: HttpRequest, pk: int, part: int) -> HttpResponse:
        """Let an order of this store go on that somebody looked through."""
        task = self._find(request, str(pk))
        if not works_in_stores(request):
            raise Http404
        _clear(request, self._parts(task), part)
        return _back("inventory_pulltask", task.pk)

    def _parts(self, task: PullTask) -> QuerySet[RecalledPart]:
        return RecalledPart.objects.filter(recall=task.recall_id, fulfillment__store=task.store_id)

    def _find(self, request: HttpRequest, pk: str) -> PullTask:
        if not self.has_view_permission(request):
            raise Http404
        rows = self.get_queryset(request).select_related("recall__item", "store")
        return get_object_or_404(rows, pk=_key(pk))


def _what(recall: Recall) -> str:
    return (
        _("{item}, lot {lot}").format(item=recall.item, lot=recall.lot)
        if recall.lot
        else str(recall.item)
    )


def _preview(form: RecallForm) -> dict[str, Any]:
    """What the recall would reach now: stores, units on hand, and orders by stage."""
    item: Item = form.cleaned_data["sku"]
    found: Reach = reach(item=item)
    orders = affected(
        item_ids=recalled_item_ids(item.pk), sold_since=form.cleaned_data["sold_since"]
    )
    return {"item": item, "stores": found.stores, "units": found.units, **orders}


def _stages(parts: QuerySet[RecalledPart]) -> list[dict[str, Any]]:
    """The orders by stage: how many, and the first two hundred."""
    counts = dict(parts.order_by().values_list("stage").annotate(count=Count("pk")))
    rows = parts.select_related("fulfillment__order", "fulfillment__store", "block").order_by("pk")
    return [
        {
            "stage": stage,
            "label": label,
            "count": counts[stage],
            "rows": [_row(row) for row in rows.filter(stage=stage)[:MOST_SHOWN]],
            "more": max(0, counts[stage] - MOST_SHOWN),
        }
        for stage, label in RecalledPart.Stage.choices
        if counts.get(stage)
    ]


def _row(row: RecalledPart) -> dict[str, Any]:
    part = row.fulfillment
    return {
        "row": row,
        "link": work_link(part),
        "now": part.get_status_display(),
        "tone": STATUS_TONES.get(part.status, ""),
        "is_blocked": row.block is not None and row.block.lifted_at is None,
    }


def _blocked(parts: QuerySet[RecalledPart]) -> QuerySet[RecalledPart]:
    return parts.filter(block__isnull=False, block__lifted_at__isnull=True)


def _clear(request: HttpRequest, parts: QuerySet[RecalledPart], pk: int) -> None:
    part = get_object_or_404(parts.select_related("block"), pk=_key(str(pk)))
    if clear_part(part=part, by=request.user.get_username()):
        messages.success(request, _("Noted. The order may move on."))
    else:
        messages.info(request, _("That order is not held back by this recall."))


def _key(text: str) -> int:
    if not text.isdecimal() or len(text) > LONGEST_KEY:
        raise Http404
    return int(text)


def _back(page: str, pk: int) -> HttpResponseRedirect:
    link = reverse(f"admin:{page}_change", args=[pk])
    return HttpResponseRedirect(link, status=HTTPStatus.SEE_OTHER)
