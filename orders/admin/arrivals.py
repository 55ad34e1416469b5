"""The arrivals board: who stands outside, since when, what to bring, and the taps on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import HubError, Invalid
from hub.staff.chosen import chosen_stores
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from orders.admin import boards
from orders.admin.arrivals_open import NAME, board_link, do_open_view, open_view
from orders.admin.curb_cards import curb_board
from orders.admin.live import frame, live, must_see
from orders.admin.parts import LONGEST_KEY, person_of, sentence, tapped
from orders.curbside.alerts import mark_shown
from orders.curbside.errors import AlreadyClaimed
from orders.curbside.strays import put_aside
from orders.curbside.texting import TEXTS, first_part, send_text
from orders.curbside.visits import (
    ask_spot,
    begin_service,
    claim,
    customer_missing,
    leave,
    move_spot,
)
from orders.errors import IllegalMove
from orders.models import StrayArrival, Visit

MOST_SHOWN = 200
EMPTY = gettext_lazy("Nobody is at the curb or on the way.")


class TapForm(forms.Form):
    """What a tap on a card may carry; each field is bounded."""

    act = forms.CharField(max_length=20)
    token = forms.CharField(max_length=64, required=False)
    spot = forms.CharField(max_length=40, required=False)
    text = forms.CharField(max_length=20, required=False)


@dataclass(frozen=True)
class Tap:
    """Who taps, on what, with what."""

    visit: Visit
    user: User
    fields: dict[str, Any]

    @property
    def once(self) -> dict[str, Any]:
        """What makes the same tap in another tab harmless."""
        return {"by": self.user, "token": self.fields["token"]}


def arrival_urls() -> list[URLPattern]:
    """The board, its fragment, and where its buttons lead."""
    wrap = admin.site.admin_view
    return [
        path("arrivals/", wrap(board_view), name=NAME),
        path("arrivals/cards/", wrap(cards_view), name=f"{NAME}_cards"),
        path("arrivals/open/", wrap(open_view), name=f"{NAME}_open"),
        path("arrivals/<int:pk>/open/", wrap(do_open_view), name=f"{NAME}_do_open"),
        path("arrivals/shown/", wrap(shown_view), name=f"{NAME}_shown"),
        path("arrivals/<int:pk>/tap/", wrap(tap_view), name=f"{NAME}_tap"),
        path("arrivals/stray/<int:pk>/", wrap(stray_view), name=f"{NAME}_stray"),
    ]


def board_view(request: HttpRequest) -> HttpResponse:
    """The whole page; its cards renew themselves."""
    must_see(request)
    board = _board(request)
    context = {
        **admin.site.each_context(request),
        **board,
        **frame(request, "arrivals", board["counts"]),
    }
    return TemplateResponse(request, "admin/orders/arrivals.html", context)


def cards_view(request: HttpRequest) -> HttpResponse:
    """What changes on the board alone."""
    must_see(request)
    return _cards(request)


@require_POST
def shown_view(request: HttpRequest) -> HttpResponse:
    """A live board says which arrivals it has on the screen; 204."""
    person_of(request)
    keys = [key for key in request.POST.getlist("visit")[:MOST_SHOWN] if _is_key(key)]
    mark_shown(visits=list(map(int, keys)), stores=stores_for(request))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_POST
def tap_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what was tapped; a live board gets its cards as they are now, others go back (303)."""
    user = person_of(request)
    visits = Visit.objects.filter(store__in=stores_for(request)).select_related("store")
    visit = get_object_or_404(visits, pk=_bounded(pk))
    return _answer(request, lambda: _take(request, visit, user))


@require_POST
def stray_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the note of a stray aside."""
    person_of(request)
    notes = StrayArrival.objects.filter(store__in=stores_for(request))
    stray = get_object_or_404(notes, pk=_bounded(pk))

    def act() -> str:
        put_aside(stray=stray)
        return _("Put aside.")

    return _answer(request, act)


def _answer(request: HttpRequest, act: Callable[[], str]) -> HttpResponse:
    if request.headers.get("HX-Request") != "true":
        return tapped(request, act, board_link(request))
    try:
        done, failed = act(), ""
    except HubError as error:
        done, failed = "", sentence(refused(error))
    return _cards(request, done=done, failed=failed)


def _take(request: HttpRequest, visit: Visit, user: User) -> str:
    form = TapForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field}: {errors[0]}")
    step = STEPS.get(form.cleaned_data["act"])
    if step is None:
        raise Invalid("there is no such step")
    return step(Tap(visit, user, form.cleaned_data))


def _claim(tap: Tap) -> str:
    try:
        claim(visit=tap.visit, **tap.once)
    except AlreadyClaimed as error:
        who = error.extra["claimed_by"]
        raise AlreadyClaimed(f"{who} goes already; you may take over") from None
    return _("You go. The others see it.")


def _take_over(tap: Tap) -> str:
    claim(visit=tap.visit, take_over=True, **tap.once)
    return _("You go now. The others see it.")


def _serve(tap: Tap) -> str:
    try:
        begin_service(fulfillment=first_part(tap.visit), token=tap.fields["token"])
    except IllegalMove:
        raise IllegalMove("somebody brings it out already, or the visit is over") from None
    return _("The customer sees that somebody is coming.")


def _missing(tap: Tap) -> str:
    customer_missing(visit=tap.visit, **tap.once)
    return _("Noted. The customer is asked where he is.")


def _ask(tap: Tap) -> str:
    ask_spot(visit=tap.visit, **tap.once)
    return _("The spot is free again. The customer is asked where he stands.")


def _move(tap: Tap) -> str:
    label = tap.fields["spot"]
    move_spot(visit=tap.visit, spot=label, **tap.once)
    return _("Now at spot {label}.").format(label=label)


def _text(tap: Tap) -> str:
    key = tap.fields["text"]
    minute = int(clock.now().timestamp() // 60)  # the same text twice in a minute is a slip
    send_text(visit=tap.visit, text=key, token=f"{key}-{tap.visit.pk}-{minute}")
    return _("Sent: {text}.").format(text=TEXTS[key])


def _gone(tap: Tap) -> str:
    leave(fulfillment=first_part(tap.visit))
    return _("The visit is over. The order waits on.")


STEPS: dict[str, Callable[[Tap], str]] = {
    "claim": _claim,
    "take_over": _take_over,
    "serve": _serve,
    "missing": _missing,
    "ask_spot": _ask,
    "move": _move,
    "text": _text,
    "gone": _gone,
}


def _cards(request: HttpRequest, *, done: str = "", failed: str = "") -> HttpResponse:
    context = _board(request) | {"done": done, "failed": failed}
    return TemplateResponse(request, "admin/orders/arrivals_cards.html", context)


def _board(request: HttpRequest) -> dict[str, Any]:
    size = boards.SIZES["arrivals"]
    context = live(request, "arrivals")
    curb = curb_board(chosen_stores(request), number=context["page"], size=size)
    return context | {
        "cards": curb.arrivals,
        "curb": curb,
        "strays": curb.strays,
        "has_more": len(curb.arrivals) >= size,
        "texts": TEXTS,
        "me": _name(request),
        "my_key": request.user.pk,
        "empty": EMPTY,
    }


def _name(request: HttpRequest) -> str:
    user = cast(User, request.user)
    return user.get_full_name() or user.get_username()


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


def _bounded(pk: int) -> int:
    if len(str(pk)) > LONGEST_KEY:
        raise Http404
    return pk
