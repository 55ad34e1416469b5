"""What a sign's QR code leads to: the own pickup page, or how to get to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hub.errors import HubError
from hub.links.services import may_act
from orders.curbside.pages.answering import opened, private
from orders.curbside.pages.assets import asset_urls
from orders.curbside.pages.cookies import forget_others, kept_tokens
from orders.curbside.pages.words import WORDS, language_of
from orders.curbside.signs import find_sign
from orders.models import FulfillmentOrder, Sign
from orders.states import LIVE

Own = dict[str, FulfillmentOrder]


@require_safe
@private
def sign_page(request: HttpRequest, code: str) -> HttpResponse:
    """Lead to the pickup page this browser has opened, with the spot filled in.

    Who has opened several chooses; who has opened none is told how to say where he stands.
    """
    sign = find_sign(code)
    own = _own(request)
    here = {token: part for token, part in own.items() if part.store_id == sign.store_id} or own
    if len(here) == 1:
        response: HttpResponse = HttpResponseRedirect(_address(next(iter(here)), sign))
    else:
        response = render(request, "curbside/sign.html", _context(request, sign, here))
    forget_others(request, response, list(own))
    return response


def _own(request: HttpRequest) -> Own:
    """The pickups of this browser that are not over, by their tokens."""
    found: Own = {}
    for token in kept_tokens(request):
        try:
            link, part = opened(request, token)
        except HubError:
            continue  # ended, or never was
        if may_act(link) and part.status in LIVE:
            found[token] = part
    return found


def _address(token: str, sign: Sign) -> str:
    return f"{reverse('pickup-page', args=[token])}?sign={sign.code}"


def _context(request: HttpRequest, sign: Sign, own: Own) -> dict[str, Any]:
    wish = language_of(request.headers.get("Accept-Language", ""), sign.store.locale)
    languages = sorted(WORDS, key=lambda language: language != wish)
    return {
        "language": wish,
        "w": WORDS[wish],
        "store": sign.store,
        "choices": [
            {
                "address": _address(token, sign),
                "label": WORDS[wish]["order"].format(number=part.order.external_id),
                "store": part.store.name,
            }
            for token, part in own.items()
        ],
        "ways": [_way(language, sign) for language in languages],
        "assets": asset_urls(),
    }


def _way(language: str, sign: Sign) -> dict[str, str]:
    words, label = WORDS[language], sign.spot.label if sign.spot else ""
    area = "" if label else "_area"
    return {
        "language": language,
        "title": words[f"sign_title{area}"].format(label=label),
        "open": words[f"sign_open{area}"].format(label=label),
        "text": words["sign_text"].format(words=f"HERE {label}".strip()),
    }
