# ruff: noqa: ARG002  an override takes all that Django passes
"""Whom the store has to call, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from hub import clock
from hub.errors import Invalid
from hub.staff.chosen import chosen_stores
from hub.staff.navigation import add_badge
from hub.staff.scope import StoreWorkAdmin, stores_for
from hub.staff.tones import Tones
from hub.stores.models import Store
from notifications.admin.chain import Told, chain_of
from notifications.admin.watching import CALLS
from notifications.models import CallTask
from notifications.reaching.calls import NOTE_CHARACTERS, note_call
from orders.admin import exceptions
from orders.admin.boards import work_link
from orders.admin.exceptions import Problem
from orders.admin.live import follow, live, waiting_on
from orders.admin.parts import person_of, tapped
from orders.admin.words import clock_time, local, span
from orders.models import FulfillmentOrder, Order
from orders.pulse import watch

MOST_CARDS = 100
MOST_PROBLEMS = 50
RENEW_SECONDS = 60  # «open for 5 min» must not stay on the screen
TITLE = gettext_lazy("Call the customer")

# What to say on the telephone, by what the customer should have read.
SAY = {
    "ready": gettext_lazy(
        "The order is ready to be collected. Send the pickup link again if it is missing."
    ),
    "substitutes_offered": gettext_lazy(
        "Something is missing: ask which of the substitutes are welcome."
    ),
    "move_offered": gettext_lazy(
        "Another store could prepare the order: ask whether that is all right."
    ),
}
DONE = {
    CallTask.Outcome.REACHED: gettext_lazy("Noted: the customer knows."),
    CallTask.Outcome.VOICEMAIL: gettext_lazy("Noted: a message was left."),
    CallTask.Outcome.WRONG_NUMBER: gettext_lazy(
        "Noted. Nothing is texted to this number any more."
    ),
    CallTask.Outcome.NO_ANSWER: gettext_lazy("Noted. The call stays here, to be tried again."),
    CallTask.Outcome.NOT_NEEDED: gettext_lazy("Closed."),
}
OUTCOME_TONES = Tones(
    {
        "Reached": "success",
        "left a message": "success",
        "Wrong Number": "danger",
        "No Answer": "warning",
        "Open": "warning",
    }
)


@dataclass(frozen=True)
class Call:
    """A card: whom to call, about what, and what has been tried."""

    task: CallTask
    part: FulfillmentOrder
    link: str
    say: str
    since: str
    waits: str
    tried: str
    speaks: str
    told: list[Told]
    token: str

    @property
    def number(self) -> str:
        """The phone to call, as the link on the page dials it."""
        phone: str = self.part.order.contact.phone
        return phone


class CallForm(forms.Form):
    """What came of a call."""

    outcome = forms.ChoiceField(choices=CallTask.Outcome.choices)
    note = forms.CharField(max_length=NOTE_CHARACTERS, required=False)
    token = forms.CharField(max_length=64, required=False)


@admin.register(CallTask)
class CallTaskAdmin(StoreWorkAdmin[CallTask]):
    """The record of all calls, and the board of those still to be made."""

    list_display = ["order_number", "store", "about", "reason", "result", "tries", "opened", "by"]
    list_filter = ["outcome", ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["store", "message"]
    search_fields = ["=note"]
    search_help_text = gettext_lazy("Order number")
    ordering = [F("closed_at").desc(nulls_first=True), "-id"]
    fields = [
        *("store", "about", "reason", "opened", "result", "tries", "by", "note"),
        *("closed", "story"),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The board, and where its buttons lead."""
        wrap, named = self.admin_site.admin_view, "notifications_calltask_"
        own = [
            path("board/", wrap(self.board_view), name=named + "board"),
            path("board/cards/", wrap(self.cards_view), name=named + "cards"),
            path("<int:pk>/note/", wrap(self.note_view), name=named + "note"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallTask]:
        """With the number of each order."""
        orders = Order.objects.filter(pk=OuterRef("order_id")).values("external_id")
        return super().get_queryset(request).annotate(number=Subquery(orders[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CallTask], search_term: str
    ) -> tuple[QuerySet[CallTask], bool]:
        """Find by the order's number."""
        term = search_term.replace("\0", "").strip()
        orders = Order.objects.filter(external_id__iexact=term).values("pk")
        return (queryset.filter(order_id__in=orders) if term else queryset), False

    @admin.display(description=gettext_lazy("Order"))
    def order_number(self, row: CallTask) -> str:
        """The number the customer knows."""
        return str(row.number)  # type: ignore[attr-defined]  # annotated

    @admin.display(description=gettext_lazy("About"))
    def about(self, row: CallTask) -> str:
        """What he should have read."""
        return row.message.purpose.replace("_", " ")

    @admin.display(description=gettext_lazy("Came of it"))
    def result(self, row: CallTask) -> str:
        """What whoever called has noted."""
        return row.get_outcome_display() if row.outcome else _("Open")

    result.label = OUTCOME_TONES  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Since"), ordering="opened_at")
    def opened(self, row: CallTask) -> str:
        """On the store's clock."""
        return local(row.opened_at, row.store.timezone)

    @admin.display(description=gettext_lazy("Closed"), ordering="closed_at")
    def closed(self, row: CallTask) -> str:
        """On the store's clock."""
        return local(row.closed_at, row.store.timezone)

    @admin.display(description=gettext_lazy("By"))
    def by(self, row: CallTask) -> str:
        """Who called last."""
        return row.closed_by or "–"

    @admin.display(description=gettext_lazy("What was tried"))
    def story(self, row: CallTask) -> str:
        """The messages before the call."""
        return "; ".join(f"{one.title}: {one.ended}" for one in chain_of(row.message))

    @method_decorator(require_safe)
    def board_view(self, request: HttpRequest) -> HttpResponse:
        """Open calls of the chosen stores: the longest-waiting first, those tried before last."""
        return self._board(request, "admin/notifications/calls.html")

    @method_decorator(require_safe)
    def cards_view(self, request: HttpRequest) -> HttpResponse:
        """The cards alone, for the board that is open already."""
        return self._board(request, "admin/notifications/calls_cards.html")

    def _board(self, request: HttpRequest, template: str) -> HttpResponse:
        person_of(request)
        pulse, now = live(request, "calls"), clock.now()
        rows = open_calls(chosen_stores(request)).select_related("store", "message__follows")
        tasks = list(rows.order_by("tries", "opened_at", "pk")[:MOST_CARDS])
        parts = FulfillmentOrder.objects.select_related("order__contact", "store").in_bulk(
            [task.fulfillment_id for task in tasks]
        )
        context = {
            **self.admin_site.each_context(request),
            **pulse,
            **follow(request, "calls"),
            "renew_seconds": RENEW_SECONDS,
            "title": _("Calls"),
            "calls": [_card(task, parts[task.fulfillment_id], now) for task in tasks],
            "note_characters": NOTE_CHARACTERS,
        }
        return TemplateResponse(request, template, context)

    @method_decorator(require_POST)
    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note what came of a call, and go back to the board (303)."""
        person = person_of(request)
        task = self.get_queryset(request).filter(store__in=stores_for(request), pk=pk).first()
        if task is None:
            self._get_obj_does_not_exist_redirect()
        form = CallForm(request.POST)

        def act() -> str:
            if not form.is_valid():
                field, errors = next(iter(form.errors.items()))
                raise Invalid(f"{field}: {errors[0]}")
            note_call(task=task, by=person, **form.cleaned_data)
            return str(DONE[form.cleaned_data["outcome"]])

        return tapped(request, act, board_link())


def open_calls(stores: QuerySet[Store]) -> QuerySet[CallTask]:
    """The calls that these stores still have to make."""
    return CallTask.objects.filter(store__in=stores, closed_at__isnull=True)


def board_link() -> str:
    """The page with the open calls."""
    return reverse("admin:notifications_calltask_board")


def not_reached(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Customers of open work whom no message reached: somebody should call them."""
    tasks = open_calls(stores).select_related("message").order_by("opened_at")[:MOST_PROBLEMS]
    parts = FulfillmentOrder.objects.select_related("order", "store").in_bulk(
        [task.fulfillment_id for task in tasks]
    )
    for task in tasks:
        part = parts[task.fulfillment_id]
        about = task.message.purpose.replace("_", " ")
        detail = _("{external_id} in {code}: {about}, {reason}").format(
            external_id=part.order.external_id,
            code=part.store.code,
            about=about,
            reason=task.reason,
        )
        yield Problem(str(TITLE), detail, task.opened_at, board_link(), "danger")


def _card(task: CallTask, part: FulfillmentOrder, now: datetime) -> Call:
    zone = part.store.timezone
    return Call(
        task=task,
        part=part,
        link=work_link(part),
        say=str(SAY.get(task.message.purpose, task.message.purpose.replace("_", " "))),
        since=clock_time(task.opened_at, zone, now),
        waits=span(now - task.opened_at),
        tried=clock_time(task.tried_at, zone, now) if task.tried_at else "",
        speaks=_language(task.message.locale),
        told=chain_of(task.message),
        token=secrets.token_urlsafe(16),
    )


def _language(locale: str) -> str:
    """The language in English, as staff call it; a rare one by its code."""
    try:
        return str(get_language_info(locale)["name"]) if locale else ""
    except KeyError:
        return locale


exceptions.add_source(not_reached)
add_badge("notifications.CallTask", waiting_on("calls"))
watch(CALLS)
