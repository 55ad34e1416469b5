"""The customer's page: reading it changes nothing, one POST acts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from hub.customers.letters import preferences_path
from hub.customers.preferences import locale_for
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.links.models import Link
from hub.links.services import may_act
from orders.curbside.pages.acts import ACTS, AFTERWARDS, Tap
from orders.curbside.pages.answering import (
    ReadOnly,
    Unreadable,
    new_stamp,
    opened,
    part_of,
    private,
    read_form,
)
from orders.curbside.pages.assets import asset_urls
from orders.curbside.pages.changing import changes_context
from orders.curbside.pages.context import page_context
from orders.curbside.pages.cookies import keep_token
from orders.curbside.pages.words import NAMES, WORDS, language_of
from orders.curbside.signs import find_sign
from orders.models import FulfillmentOrder, Sign
from orders.states import LIVE


@require_safe
@gzip_page
@private
def pickup_page(request: HttpRequest, token: str) -> HttpResponse:
    """The whole page; the browser keeps the token for the signs on the posts."""
    link, fulfillment = opened(request, token)
    response = _shown(request, token, link, fulfillment)
    keep_token(response, token, living=may_act(link))
    return response


@require_safe
@gzip_page
@private
def page_state(request: HttpRequest, token: str) -> HttpResponse:
    """The page's changing part; 204 when it is still at the version ``v``."""
    link, fulfillment = opened(request, token)
    context = _context(request, token, link, fulfillment)
    if request.GET.get("v") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "curbside/_live.html", context)


@require_safe
@gzip_page
@private
def page_json(request: HttpRequest, token: str) -> HttpResponse:
    """What the page shows, as JSON."""
    link, fulfillment = opened(request, token)
    language = _language(request, fulfillment)
    return JsonResponse(page_context(fulfillment, link=link, language=language))


@require_safe
@gzip_page
@private
def changes_page(request: HttpRequest, token: str) -> HttpResponse:
    """What may be changed, with all there is to choose from."""
    link, fulfillment = opened(request, token)
    if not may_act(link) or fulfillment.status not in LIVE:
        return HttpResponseRedirect(_address(request, token, _language(request, fulfillment)))
    language = _language(request, fulfillment)
    context = changes_context(fulfillment, language=language)
    return render(
        request, "curbside/changes.html", context | _frame(request, token, link, fulfillment)
    )


@csrf_exempt  # no cookie speaks for the customer; the form's stamp stands in
@require_http_methods(["GET", "HEAD", "POST"])
@private
def act(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """Act once and lead back to the page, or show the page with what was wrong.

    A GET of an act's address (a reload, a robot) only leads to the page.
    """
    link, fulfillment = opened(request, token)
    if name not in ACTS:
        raise NotFound
    if request.method != "POST":
        return HttpResponseRedirect(_address(request, token, _language(request, fulfillment)))
    refused: HubError | None = None
    language = _language(request, fulfillment)
    try:
        if not may_act(link) and name not in AFTERWARDS:
            raise ReadOnly
        form, nonce = read_form(request, link)
        language = ACTS[name](Tap(fulfillment, form, nonce)) or language
    except (Invalid, Conflict) as error:
        refused = error
    if not _wants_part(request) and refused is None:
        return HttpResponseRedirect(_address(request, token, language), status=303)
    return _shown(request, token, link, part_of(link), refused)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@private
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Lead, by a link of its own, to the page on how this customer is told of all his orders."""
    link, fulfillment = opened(request, token)
    back = _address(request, token, _language(request, fulfillment))
    if request.method != "POST":
        return HttpResponseRedirect(back)
    try:
        read_form(request, link)
    except (Invalid, Conflict):
        return HttpResponseRedirect(back, status=303)
    query = urlencode({"lang": _language(request, fulfillment)})
    where = f"{preferences_path(fulfillment.order.profile)}?{query}"
    return HttpResponseRedirect(where, status=303)


def _wants_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _language(request: HttpRequest, fulfillment: FulfillmentOrder) -> str:
    """The language of the address, else the customer's choice, the order's, the browser's or the
    store's."""
    order, browser = fulfillment.order, request.headers.get("Accept-Language", "")
    known = locale_for(order.profile, said=order.locale)
    return language_of(request.GET.get("lang", ""), known, browser, fulfillment.store.locale)


def _sign(request: HttpRequest) -> Sign | None:
    """The sign that led here; a wrong code is as good as none."""
    try:
        return find_sign(request.GET["sign"]) if "sign" in request.GET else None
    except NotFound:
        return None


def _query(language: str, sign: Sign | None) -> str:
    return "?" + urlencode({"lang": language} | ({"sign": sign.code} if sign else {}))


def _address(request: HttpRequest, token: str, language: str) -> str:
    return reverse("pickup-page", args=[token]) + _query(language, _sign(request))


def _context(
    request: HttpRequest, token: str, link: Link, fulfillment: FulfillmentOrder
) -> dict[str, Any]:
    language, sign = _language(request, fulfillment), _sign(request)
    shown = page_context(fulfillment, link=link, language=language, sign=sign)
    return shown | _frame(request, token, link, fulfillment)


def _frame(
    request: HttpRequest, token: str, link: Link, fulfillment: FulfillmentOrder
) -> dict[str, Any]:
    """What every page of the link needs beside what it shows."""
    language, sign = _language(request, fulfillment), _sign(request)
    return {
        "w": WORDS[language],
        "languages": NAMES,
        "brand": fulfillment.store.brand.name,
        "page": reverse("pickup-page", args=[token]),
        "query": _query(language, sign),
        "stamp": new_stamp(link),
        "assets": asset_urls(),
        "text_number": fulfillment.store.phone,
    }


def _shown(
    request: HttpRequest,
    token: str,
    link: Link,
    fulfillment: FulfillmentOrder,
    refused: HubError | None = None,
) -> HttpResponse:
    """The page, or only its changing part for a script that asks for it, with an error if any.

    What was typed is kept when it was refused.
    """
    context = _context(request, token, link, fulfillment)
    status = 200
    if refused:
        words = context["w"]
        context["error"] = words.get(f"error_{refused.code}", words["error_other"])
        context["typed"] = request.POST if refused.code != Unreadable.code else {}
        for field in context["forms"].get("car", []):
            field["typed"] = context["typed"].get(field["name"], "")
        status = refused.status
    template = "curbside/_live.html" if _wants_part(request) else "curbside/pickup.html"
    response = render(request, template, context, status=status)
    response["Content-Language"] = context["language"]
    return response
