"""Finding what a person may work on, and answering a tap of theirs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from hub.errors import HubError
from hub.staff.scope import stores_for, works_in_stores
from hub.stores.models import Store
from orders.models import FulfillmentOrder

LONGEST_KEY = 18  # digits that fit a bigint


def person_of(request: HttpRequest) -> User:
    """Who taps; 404 for people who work in no store."""
    if not works_in_stores(request):
        raise Http404
    return cast(User, request.user)


def part_for(request: HttpRequest, pk: int) -> FulfillmentOrder:
    """The part, if it is of one of the person's stores; else 404, as for one that is not there."""
    person_of(request)
    if len(str(pk)) > LONGEST_KEY:
        raise Http404
    rows = FulfillmentOrder.objects.filter(store__in=stores_for(request))
    return get_object_or_404(rows.select_related("order__contact", "store"), pk=pk)


def store_for(request: HttpRequest, code: str) -> Store | None:
    """The store of that code, or the only one the person works in; None when that is not clear."""
    stores = stores_for(request).order_by("code")
    if code:
        return get_object_or_404(stores, code=code.replace("\0", ""))
    few = list(stores[:2])
    return few[0] if len(few) == 1 else None


def tapped(request: HttpRequest, act: Callable[[], str], back: str) -> HttpResponseRedirect:
    """Do what was tapped, say how it went on the page it came from, and go back there (303)."""
    try:
        done = act()
    except HubError as error:
        messages.error(request, sentence(error.detail))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)


def sentence(text: str) -> str:
    """A detail as a sentence: with a capital and a full stop."""
    first = text[:1].upper() + text[1:]
    return first if first.endswith((".", "!", "?")) else first + "."
