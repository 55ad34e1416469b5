"""The page on which a customer says how he is told: reading it changes nothing, one POST acts.

Who has the link has no more than the page: addresses are masked, and no order is named.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from hub.api.client import client_address
from hub.customers.letters import PREFERENCES
from hub.customers.models import Profile
from hub.customers.preferences import locale_for
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.links.models import Link
from hub.links.services import may_act, open_link
from hub.stores.models import Store
from notifications.pages.acts import ACTS, Tap
from notifications.pages.context import preference_context, store_of
from orders.curbside.pages.answering import ReadOnly, new_stamp, private, read_form
from orders.curbside.pages.assets import asset_urls
from orders.curbside.pages.words import NAMES, language_of

SUBJECT = "profile:"


@require_safe
@gzip_page
@private
def preference_page(request: HttpRequest, token: str) -> HttpResponse:
    """What the customer chose, and what may be changed."""
    link, profile = _opened(request, token)
    return _shown(request, token, link, profile)


@csrf_exempt  # no cookie speaks for the customer; the form's stamp stands in
@require_http_methods(["GET", "HEAD", "POST"])
@private
def act(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """Act once and lead back to the page, or show it with what was wrong.

    A GET of an act's address (a reload, a robot) only leads to the page.
    """
    link, profile = _opened(request, token)
    if name not in ACTS:
        raise NotFound
    language = _language(request, profile, store_of(profile))
    if request.method != "POST":
        return HttpResponseRedirect(_address(token, {"lang": language}))
    try:
        if not may_act(link):
            raise ReadOnly
        form, nonce = read_form(request, link)
        ACTS[name](Tap(profile, form, language, nonce))
    except (Invalid, Conflict) as error:
        return _shown(request, token, link, profile, error)
    if name == "language":
        profile.refresh_from_db()
        language = language_of(profile.chosen_locale)
    return HttpResponseRedirect(_address(token, {"lang": language, "done": name}), status=303)


def _opened(request: HttpRequest, token: str) -> tuple[Link, Profile]:
    """What the token leads to; raises NotFound, or TooManyWrongLinks to those who guess."""
    link = open_link(token, purpose=PREFERENCES, address=client_address(request))
    key = link.subject.removeprefix(SUBJECT)
    rows = Profile.objects.select_related("contact").filter(pk=int(key) if key.isdecimal() else 0)
    if (profile := rows.first()) is None:
        raise NotFound
    return link, profile


def _language(request: HttpRequest, profile: Profile, store: Store | None) -> str:
    browser = request.headers.get("Accept-Language", "")
    usual = store.locale if store else ""
    return language_of(request.GET.get("lang", ""), locale_for(profile), browser, usual)


def _address(token: str, query: dict[str, str]) -> str:
    return f"{reverse('preference-page', args=[token])}?{urlencode(query)}"


def _shown(
    request: HttpRequest,
    token: str,
    link: Link,
    profile: Profile,
    refused: HubError | None = None,
) -> HttpResponse:
    store = store_of(profile)
    language = _language(request, profile, store)
    context = preference_context(profile, language=language, store=store)
    response = render(
        request,
        "telling/preferences.html",
        context | _frame(token, link, language, store) | _news(request, context["words"], refused),
        status=refused.status if refused else 200,
    )
    response["Content-Language"] = language
    return response


def _frame(token: str, link: Link, language: str, store: Store | None) -> dict[str, Any]:
    """What the frame around the page needs beside what the page shows."""
    return {
        "languages": NAMES,
        "brand": store.brand.name if store else "",
        "page": reverse("preference-page", args=[token]),
        "query": "?" + urlencode({"lang": language}),
        "stamp": new_stamp(link),
        "assets": asset_urls(),
    }


def _news(request: HttpRequest, words: dict[str, str], refused: HubError | None) -> dict[str, str]:
    """What has just happened, in words."""
    if refused:
        return {"error": words.get(f"error_{refused.code}", words["error_other"])}
    done = request.GET.get("done", "")
    return {"done": words[f"done_{done}"]} if done in ACTS else {}
