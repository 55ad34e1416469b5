# ruff: noqa: ARG002  an override takes all that Django passes
"""Talks with customers: what they texted that only people can answer, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST, require_safe

from hub import clock
from hub.customers.consent import is_refused
from hub.customers.models import Channel
from hub.errors import Conflict, Invalid
from hub.staff.chosen import chosen_stores
from hub.staff.navigation import add_badge
from hub.staff.scope import StoreWorkAdmin, stores_for
from hub.stores.models import Store
from notifications.admin.watching import TALKS
from notifications.inbound.canned import canned_in
from notifications.inbound.saying import LONGEST_SAID, delivery_of, say
from notifications.inbound.threads import close_thread, mark_read, reopen_thread
from notifications.models import Message, Thread, ThreadEntry
from notifications.segments import UCS2
from notifications.services.words import text_words
from orders.admin import exceptions
from orders.admin.boards import work_link
from orders.admin.exceptions import Problem
from orders.admin.live import follow, live, waiting_on
from orders.admin.parts import person_of, tapped
from orders.admin.words import clock_time, local, span
from orders.models import FulfillmentOrder
from orders.pulse import watch

LONGEST_KEY = 19
MOST_CARDS = 100
MOST_ENTRIES = 200
MOST_PROBLEMS = 50
# what is kept is the code, which reads as English; templates say it by ``translate``
FLAGS = (
    *(gettext_noop("may want no texts"), gettext_noop("asks for a person")),
    gettext_noop("from another number"),
)
RENEW_SECONDS = 60  # «5 min ago» must not stay on the screen
PREVIEW_CHARACTERS = 120
LANGUAGE_NAMES = {
    "en": gettext_lazy("English"),
    "fr": gettext_lazy("French"),
    "pl": gettext_lazy("Polish"),
    "ru": gettext_lazy("Russian"),
    "es": gettext_lazy("Spanish"),
}
TONES = {"delivered": "good", "failed": "danger", "undelivered": "danger", "dead": "danger"}
TONES |= {"suppressed": "danger", "expired": "danger", "canceled": "danger"}


@dataclass(frozen=True)
class Card:
    """One talk on the board: who, what about, what was said last and how long ago."""

    thread: Thread
    who: str
    order: str
    last: str
    by_store: bool
    waits: str
    link: str


@dataclass(frozen=True)
class Line:
    """One thing said, as it is shown."""

    entry: ThreadEntry
    mine: bool
    at: str
    ended: str
    tone: str


class SayForm(forms.Form):
    """Own words, or the name of an answer worded beforehand."""

    words = forms.CharField(max_length=LONGEST_SAID * 4, required=False, strip=False)
    canned = forms.CharField(max_length=40, required=False)


@admin.register(Thread)
class ThreadAdmin(StoreWorkAdmin[Thread]):
    """All talks; a row leads to its page, the board shows the open ones."""

    list_display = ["public_id", "store", "about", "language", "unread", "flag", "last", "ended"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["store"]
    ordering = ["-last_at"]
    fields = ["public_id", "store", "language", "last", "ended"]

    def get_urls(self) -> list[URLPattern]:
        """The board, one talk, and where its buttons lead."""
        wrap, named = self.admin_site.admin_view, "notifications_thread_"
        own = [
            path("board/", wrap(self.board_view), name=named + "board"),
            path("board/cards/", wrap(self.cards_view), name=named + "cards"),
            path("<int:pk>/talk/", wrap(self.talk_view), name=named + "talk"),
            path("<int:pk>/lines/", wrap(self.lines_view), name=named + "lines"),
            path("<int:pk>/count/", wrap(self.count_view), name=named + "count"),
            path("<int:pk>/say/", wrap(self.say_view), name=named + "say"),
            path("<int:pk>/close/", wrap(self.close_view), name=named + "close"),
            path("<int:pk>/reopen/", wrap(self.reopen_view), name=named + "reopen"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A row leads to its talk; 404 for one that is not there or not yours."""
        key = int(object_id) if object_id.isdecimal() and len(object_id) < LONGEST_KEY else 0
        return HttpResponseRedirect(talk_link(self._thread(request, key)))

    @admin.display(description=gettext_lazy("Order"))
    def about(self, row: Thread) -> str:
        """The order it is probably about."""
        part = _part(row)
        return part.order.external_id if part else "–"

    @admin.display(description=gettext_lazy("Language"), ordering="locale")
    def language(self, row: Thread) -> str:
        """The customer's."""
        return _language(row)

    @admin.display(description=gettext_lazy("Last said"), ordering="last_at")
    def last(self, row: Thread) -> str:
        """On the store's clock."""
        return local(row.last_at, row.store.timezone)

    @admin.display(description=gettext_lazy("Closed"), ordering="closed_at")
    def ended(self, row: Thread) -> str:
        """When, and by whom."""
        if row.closed_at is None:
            return "–"
        closed_at = local(row.closed_at, row.store.timezone)
        return _("{closed_at} by {closed_by}").format(closed_at=closed_at, closed_by=row.closed_by)

    @method_decorator(require_safe)
    def board_view(self, request: HttpRequest) -> HttpResponse:
        """Open talks of the person's stores: those with unread words first, the oldest of them
        first."""
        return self._board(request, "admin/notifications/talks.html")

    @method_decorator(require_safe)
    def cards_view(self, request: HttpRequest) -> HttpResponse:
        """The cards alone, for the board that is open already."""
        return self._board(request, "admin/notifications/talks_cards.html")

    @method_decorator(require_safe)
    def talk_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One talk with the order beside it. Whoever opens it has read it."""
        return self._talk(request, pk, "admin/notifications/talk.html")

    @method_decorator(require_safe)
    def lines_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was said, for the page that is open already; shown is read."""
        return self._talk(request, pk, "admin/notifications/talk_lines.html")

    @method_decorator(require_safe)
    def count_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How many texts the words take, and which character makes them dear."""
        thread = self._thread(request, pk)
        words = request.GET.get("words", "")[: LONGEST_SAID * 2]
        return TemplateResponse(
            request, "admin/notifications/talk_count.html", _counted(words, thread.locale)
        )

    @method_decorator(require_POST)
    def say_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer, and go back to the talk (303)."""
        thread, person = self._thread(request, pk), person_of(request)
        form = SayForm(request.POST)

        def act() -> str:
            if not form.is_valid():
                raise Invalid("that cannot be sent as a text")
            say(thread=thread, by=person.get_username(), **form.cleaned_data)
            return _("Sent.")

        return tapped(request, act, talk_link(thread))

    @method_decorator(require_POST)
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Close the talk, and go back to the board (303)."""
        thread, person = self._thread(request, pk), person_of(request)

        def act() -> str:
            return (
                _("Closed. What the customer texts next opens a new one.")
                if close_thread(thread=thread, by=person.get_username())
                else _("It was closed already.")
            )

        return tapped(request, act, board_link())

    @method_decorator(require_POST)
    def reopen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a closed talk up again (303)."""
        thread = self._thread(request, pk)

        def act() -> str:
            if not reopen_thread(thread=thread):
                raise Conflict("there is an open talk with this phone already")
            return _("Open again.")

        return tapped(request, act, talk_link(thread))

    def _board(self, request: HttpRequest, template: str) -> HttpResponse:
        person_of(request)
        pulse = live(request, "talks")
        rows = Thread.objects.filter(store__in=chosen_stores(request), closed_at__isnull=True)
        read_last = Case(When(unread=0, then=1), default=0)
        found = list(rows.select_related("store").order_by(read_last, "last_at")[:MOST_CARDS])
        context = {
            **self.admin_site.each_context(request),
            **pulse,
            **follow(request, "talks"),
            "renew_seconds": RENEW_SECONDS,
            "title": _("Talks"),
            "cards": _cards(found),
        }
        return TemplateResponse(request, template, context)

    def _talk(self, request: HttpRequest, pk: int, template: str) -> HttpResponse:
        thread = self._thread(request, pk)
        entries = list(thread.entries.order_by("-pk")[:MOST_ENTRIES])[::-1]
        if thread.unread:
            mark_read(thread, seen=entries[-1].pk if entries else 0)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Talk with {who}").format(who=_who(thread, _part(thread))),
            "thread": thread,
            "lines": _lines(entries, thread),
            **_beside(thread),
        }
        return TemplateResponse(request, template, context)

    def _thread(self, request: HttpRequest, pk: int) -> Thread:
        """The talk, if it is of one of the person's stores; else 404."""
        person_of(request)
        rows = Thread.objects.filter(store__in=stores_for(request)).select_related("store__brand")
        thread = rows.filter(pk=pk).first() if len(str(pk)) < LONGEST_KEY else None
        if thread is None:
            self._get_obj_does_not_exist_redirect()
        return thread


def board_link() -> str:
    """The page with the open talks."""
    return reverse("admin:notifications_thread_board")


def talk_link(thread: Thread) -> str:
    """The page of one talk."""
    return reverse("admin:notifications_thread_talk", args=[thread.pk])


def unanswered(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Customers whose words nobody has read yet."""
    rows = Thread.objects.filter(store__in=stores, closed_at__isnull=True, unread__gt=0)
    for thread in rows.select_related("store").order_by("last_at")[:MOST_PROBLEMS]:
        part = _part(thread)
        about = part.order.external_id if part else _("no order")
        detail = _("{about} in {code}: {unread} unread").format(
            about=about, code=thread.store.code, unread=thread.unread
        )
        if thread.flag:
            detail += f", {_(thread.flag)}"
        tone = "danger" if thread.flag else "warning"
        yield Problem(_("A customer texted"), detail, thread.last_at, talk_link(thread), tone)


def _beside(thread: Thread) -> dict[str, Any]:
    """What staff need to answer: the order, the language, the answers worded beforehand."""
    part = _part(thread)
    return {
        "part": part,
        "work_url": work_link(part) if part else "",
        "order_url": reverse("admin:orders_order_change", args=[part.order_id]) if part else "",
        "who": _who(thread, part),
        "language": _language(thread),
        "canned": canned_in(thread.locale),
        "refused": is_refused(thread.phone_hash, Channel.SMS),
        "promised": local(part.promised_at, thread.store.timezone) if part else "",
        **_counted("", thread.locale),
    }


def _cards(threads: list[Thread]) -> list[Card]:
    now = clock.now()
    parts = FulfillmentOrder.objects.select_related("order__contact").in_bulk(
        [thread.fulfillment_id for thread in threads if thread.fulfillment_id]
    )
    newest = ThreadEntry.objects.filter(thread__in=threads).order_by("thread_id", "-pk")
    last = {entry.thread_id: entry for entry in newest.distinct("thread_id")}
    return [_card(thread, parts.get(thread.fulfillment_id or 0), last, now) for thread in threads]


def _card(
    thread: Thread, part: FulfillmentOrder | None, last: dict[int, ThreadEntry], now: datetime
) -> Card:
    entry = last.get(thread.pk)
    words = entry.words if entry else ""
    return Card(
        thread=thread,
        who=_who(thread, part),
        order=part.order.external_id if part else "",
        last=words[:PREVIEW_CHARACTERS] + ("…" if len(words) > PREVIEW_CHARACTERS else ""),
        by_store=entry is not None and entry.side == ThreadEntry.Side.STORE,
        waits=span(now - thread.last_at),
        link=talk_link(thread),
    )


def _lines(entries: list[ThreadEntry], thread: Thread) -> list[Line]:
    now, sent = clock.now(), delivery_of(entries)
    return [_line(entry, sent.get(entry.pk), thread.store.timezone, now) for entry in entries]


def _line(entry: ThreadEntry, message: Message | None, zone: str, now: datetime) -> Line:
    ended = message.outcome if message else ""
    return Line(
        entry=entry,
        mine=entry.side == ThreadEntry.Side.STORE,
        at=clock_time(entry.said_at, zone, now),
        ended=ended.replace("_", " "),
        tone=TONES.get(ended, "pale"),
    )


def _counted(words: str, locale: str) -> dict[str, Any]:
    counted = text_words(words, locale=locale)
    costly = counted.encoding == UCS2
    taken = counted.segments if words else 0
    return {"segments": taken, "costly": costly, "used": len(words), "longest": LONGEST_SAID}


def _part(thread: Thread) -> FulfillmentOrder | None:
    if thread.fulfillment_id is None:
        return None
    rows = FulfillmentOrder.objects.select_related("order__contact", "store")
    return rows.filter(pk=thread.fulfillment_id).first()


def _who(thread: Thread, part: FulfillmentOrder | None) -> str:
    """The name on the order, unless another phone than the order's is talking."""
    if part and part.order.contact.phone_hash == thread.phone_hash:
        return part.order.contact.name or _("a customer")
    return _("another number")


def _language(thread: Thread) -> str:
    return str(LANGUAGE_NAMES.get(thread.locale.split("-")[0], thread.locale or "–"))


exceptions.add_source(unanswered)
add_badge("notifications.Thread", waiting_on("talks"))
watch(TALKS)
