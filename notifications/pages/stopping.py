"""Unsubscribing from e-mail with one click: a POST acts at once, a GET asks first.

Mail programs POST to the address in the letter's List-Unsubscribe header (RFC 8058); scanners
that open every link of a letter only GET, and change nothing.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods

from hub.api.client import client_address
from hub.customers.consent import EVERY_PURPOSE, is_refused, stop
from hub.customers.letters import UNSUBSCRIBE, preferences_path
from hub.customers.models import Channel, Contact, Profile
from hub.customers.preferences import locale_for
from hub.errors import NotFound
from hub.links.models import Link
from hub.links.services import open_link
from notifications.pages.acts import WORDING
from notifications.pages.context import store_of
from notifications.pages.masking import mask_email
from notifications.pages.words import WORDS
from orders.curbside.pages.answering import private
from orders.curbside.pages.assets import asset_urls
from orders.curbside.pages.words import language_of

METHOD = "unsubscribe"
_SUBJECT = re.compile(r"contact:(\d+)(?: profile:(\d+))?\Z")


@csrf_exempt  # mail programs send no token of ours; the address itself is the secret
@require_http_methods(["GET", "HEAD", "POST"])
@gzip_page
@private
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to end all e-mail to the address, or, posted to, end it; whatever is posted."""
    link = open_link(token, purpose=UNSUBSCRIBE, address=client_address(request))
    contact, profile = _whose(link)
    language = _language(request, profile)
    done = request.method == "POST"
    if done:
        _end(contact, link, language)
    # the way to the other choices is made for who has decided, not for each scanner that looks
    more = preferences_path(profile) if done and profile else ""
    context = _context(token, contact, profile, language) | {"done": done, "more": more}
    response = render(request, "telling/unsubscribe.html", context)
    response["Content-Language"] = language
    return response


def _whose(link: Link) -> tuple[Contact, Profile | None]:
    """The address a letter went to, and the customer it was for."""
    match = _SUBJECT.match(link.subject)
    contact = Contact.objects.filter(pk=int(match[1])).first() if match else None
    if match is None or contact is None:
        raise NotFound
    return contact, Profile.objects.filter(pk=int(match[2] or 0)).first()


def _end(contact: Contact, link: Link, language: str) -> None:
    """Once is enough: the same click again adds nothing to the log."""
    if contact.email_hash and not is_refused(contact.email_hash, Channel.EMAIL, EVERY_PURPOSE):
        stop(
            address_hash=contact.email_hash,
            channel=Channel.EMAIL,
            method=METHOD,
            reference=f"link:{link.pk}:{secrets.token_hex(4)}",
            locale=language,
            wording=WORDING,
        )


def _language(request: HttpRequest, profile: Profile | None) -> str:
    known = locale_for(profile) if profile else ""
    return language_of(known, request.headers.get("Accept-Language", ""))


def _context(
    token: str, contact: Contact, profile: Profile | None, language: str
) -> dict[str, Any]:
    words, masked = WORDS[language], mask_email(contact.email)
    store = store_of(profile) if profile else None
    return {
        "language": language,
        "words": words,
        "brand": store.brand.name if store else "",
        "text": words["off_text"].format(address=masked),
        "said": words["off_done"].format(address=masked),
        "address": reverse("unsubscribe", args=[token]),
        "assets": asset_urls(),
    }
