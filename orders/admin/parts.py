"""Finding what a person may work on, and answering a tap of theirs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from hub.errors import HubError
from hub.staff.refusals import refused
from hub.staff.scope import stores_for, works_in_stores
from hub.stores.models import Store
from orders.models import FulfillmentOrder

LONGEST_KEY = 18  # digits that fit a bigint
# What the tablet's script sends beside a tap: the key of the person who made it, and whether it
# waited for contact. It asks for JSON, and sends again until it gets some: so a tap whose answer
# was lost acts once (by its token), and none is ever sent under somebody else's name.
MADE_BY, QUEUED = "made_by", "queued"
MADE_BY_ANOTHER = "made_by_another"
JSON_TYPE = "application/json"


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


def tapped(
    request: HttpRequest, act: Callable[[], str], back: str | Callable[[], str]
) -> HttpResponse:
    """Do what was tapped, say how it went on the page it came from, and go back there (303).

    A script that keeps taps is answered in JSON: ``done``, ``code``, ``words``, ``next``. What was
    refused for good is an answer too (200); 409 means that the tap waits for whoever made it.
    """
    scripted = request.headers.get("Accept") == JSON_TYPE
    if is_anothers(request):
        said: dict[str, Any] = {
            "done": False,
            "code": MADE_BY_ANOTHER,
            "words": _("It waits for who made it."),
        }
        if scripted:
            return JsonResponse(said, status=HTTPStatus.CONFLICT)
    else:
        said = outcome_of(act)
    if not (scripted and request.POST.get(QUEUED)):  # the tablet's list tells of what waited
        tell = messages.success if said["done"] else messages.error
        tell(request, said["words"])
    next_page = back if isinstance(back, str) else back()
    if scripted:
        return JsonResponse({**said, "next": next_page})
    return HttpResponseRedirect(next_page, status=HTTPStatus.SEE_OTHER)


def is_anothers(request: HttpRequest) -> bool:
    """Whether the tap was made by somebody else than the one who is logged in now."""
    made_by = request.POST.get(MADE_BY, "")
    return bool(made_by) and made_by != str(request.user.pk)


def outcome_of(act: Callable[[], str]) -> dict[str, Any]:
    """What came of a step: whether it is done, the code of the refusal, and the words for it."""
    try:
        return {"done": True, "code": "", "words": act()}
    except HubError as error:
        return {"done": False, "code": error.code, "words": sentence(refused(error))}


def sentence(text: str) -> str:
    """A detail as a sentence: with a capital and a full stop."""
    first = text[:1].upper() + text[1:]
    return first if first.endswith((".", "!", "?")) else first + "."
