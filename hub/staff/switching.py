"""The tablet's own pages: whose turn it is, by badge or by tile and PIN."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

from hub.errors import HubError
from hub.staff import badges
from hub.staff.entering import enter
from hub.staff.fresh import safe_next
from hub.staff.models import Tablet, TabletPerson
from hub.staff.people import name_of, switchers_of

MOST_PEOPLE = 200
LONGEST_KEY = 18
INITIALS = 2


class SwitchForm(forms.Form):
    """Either a badge's code, or whose tile was tapped and the PIN."""

    badge = forms.CharField(max_length=64, required=False)
    person = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    pin = forms.CharField(max_length=12, required=False)


@require_safe
@never_cache
def people_view(request: HttpRequest) -> HttpResponse:
    """The tiles of the store's people; with ``?person=`` the keys for that person's PIN."""
    device = _device(request)
    if device is None:
        return HttpResponseRedirect(reverse("admin:login"))
    return _people(request, device, request.GET.get("person", ""))


@require_POST
@never_cache
@csrf_protect
def switch_view(request: HttpRequest) -> HttpResponse:
    """The person of the badge or the PIN works on from here; whoever was there has left (303).

    What is refused is said on the people's page, or on the page in hand.
    """
    device = _device(request)
    if device is None:
        return HttpResponseRedirect(reverse("admin:login"), status=HTTPStatus.SEE_OTHER)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return _refused(request, device, _("this badge opens nothing on this tablet"))
    try:
        person = _who(device, form.cleaned_data)
    except HubError as error:
        return _refused(request, device, error.detail)
    back = safe_next(request)
    enter(request, person)
    return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)


@require_POST
@never_cache
@csrf_protect
def leave_view(request: HttpRequest) -> HttpResponse:
    """Nobody is on the tablet; it asks who is there, and leads back to the page in hand (303)."""
    if _device(request) is None:
        raise Http404
    back = safe_next(request)
    logout(request)
    address = f"{reverse('staff:people')}?{urlencode({'next': back})}"
    return HttpResponseRedirect(address, status=HTTPStatus.SEE_OTHER)


@require_POST
@csrf_protect
def here_view(request: HttpRequest) -> HttpResponse:
    """Somebody touches the tablet without asking for a page; 204, or 410 when nobody is on it."""
    on_it = request.user.is_authenticated and getattr(request, "tablet", None) is not None
    return HttpResponse(status=HTTPStatus.NO_CONTENT if on_it else HTTPStatus.GONE)


def _device(request: HttpRequest) -> Tablet | None:
    device: Tablet | None = getattr(request, "device", None)
    return device


def _who(device: Tablet, asked: dict[str, Any]) -> TabletPerson:
    if asked["badge"]:
        return badges.by_badge(tablet=device, code=asked["badge"].strip().upper())
    return badges.by_pin(tablet=device, person_id=asked["person"] or 0, pin=asked["pin"])


def _refused(request: HttpRequest, device: Tablet, why: str) -> HttpResponse:
    said = f"{why[:1].upper()}{why[1:]}."
    if request.user.is_authenticated:
        messages.error(request, said)
        return HttpResponseRedirect(safe_next(request), status=HTTPStatus.SEE_OTHER)
    reply = _people(request, device, request.POST.get("person", ""), refused=said)
    reply.status_code = HTTPStatus.FORBIDDEN
    return reply


def _people(request: HttpRequest, device: Tablet, asked: str, refused: str = "") -> HttpResponse:
    people = list(switchers_of(device)[:MOST_PEOPLE])
    key = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= LONGEST_KEY else 0
    tiles = [_tile(person) for person in people]
    context = {
        **admin.site.each_context(request),
        "title": device.store.name,
        "device": device,
        "tiles": tiles,
        "chosen": next((tile for tile in tiles if tile["key"] == key and tile["has_pin"]), None),
        "refused": refused,
        "why": request.GET.get("why", ""),
        "next": safe_next(request),
        "digits": badges.PIN_DIGITS,
    }
    return TemplateResponse(request, "staff/people.html", context)


def _tile(person: TabletPerson) -> dict[str, Any]:
    name = name_of(person)
    return {
        "key": person.pk,
        "name": name,
        "initials": "".join(word[0] for word in name.split()[:INITIALS]).upper(),
        "has_pin": bool(person.staff_key.pin),
    }
