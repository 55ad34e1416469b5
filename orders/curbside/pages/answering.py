"""How the customer's pages answer: privately, by a link, and to a form of the link's own page.

Customers have no account: the link is the key. A form carries a stamp signed for its link, so
that a POST can only come from a page that was opened through it; what the stamp was made with
also names the tap, so that one sent twice acts once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core import signing
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render

from hub.api.client import client_address
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.links.models import Link
from hub.links.services import open_link
from hub.trace import acting
from orders.curbside.pages.moves import newest
from orders.models import FulfillmentOrder

PURPOSE = "pickup"
SUBJECT = "fulfillment:"
STAMP_SALT = "orders.curbside.pages"
STAMP_SECONDS = 24 * 3600
NONCE_BYTES = 8
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}
_PARTS = FulfillmentOrder.objects.select_related(
    "order__profile__vehicle", "store__brand", "pickup_code", "delegate"
)


class PageOld(Conflict):
    """The form's stamp is missing, too old, or another link's."""

    code = "page_old"


class ReadOnly(Conflict):
    """The link can only be read by now."""

    code = "read_only"


class Unreadable(Invalid):
    """The form could not be read at all."""

    code = "other"
    status = 400


def private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Answer for customers only: nothing is kept, referred or indexed, and errors are pages.

    Links and signs that are not there, or not any more, all get one and the same page.
    """

    @wraps(view)
    def answer(request: HttpRequest, **parts: str) -> HttpResponseBase:
        try:
            with acting("customer"):
                response = view(request, **parts)
        except NotFound:
            response = render(request, "curbside/gone.html", status=404)
        except HubError as error:
            response = render(request, "curbside/busy.html", status=error.status)
            response["Retry-After"] = "600"
        for header, value in HEADERS.items():
            response[header] = value
        return response

    return answer


def opened(request: HttpRequest, token: str) -> tuple[Link, FulfillmentOrder]:
    """What the token leads to; raises NotFound, or TooManyWrongLinks to those who guess."""
    link = open_link(token, purpose=PURPOSE, address=client_address(request))
    return link, part_of(link)


def part_of(link: Link) -> FulfillmentOrder:
    """The pickup of a link as it is now, with all that its page needs at hand."""
    key = link.subject.removeprefix(SUBJECT)
    part = _PARTS.filter(pk=int(key)).first() if key.isdecimal() else None
    if part is None:
        raise NotFound
    follower = newest(part)
    return part if follower.pk == part.pk else _PARTS.get(pk=follower.pk)


def new_stamp(link: Link) -> str:
    """What a form must carry to act for this link; good for a day."""
    return signing.dumps([link.pk, secrets.token_hex(NONCE_BYTES)], salt=STAMP_SALT)


def read_form(request: HttpRequest, link: Link) -> tuple[QueryDict, str]:
    """The form's fields and the nonce of its stamp.

    Raises Unreadable for what is no form, PageOld when no page of this link made it.
    """
    request.encoding = "utf-8"  # whatever it claims: another one could smuggle in half characters
    try:
        form = request.POST
    except (SuspiciousOperation, BadRequest, MultiPartParserError) as error:
        raise Unreadable from error
    return form, _nonce(form.get("stamp", ""), link)


def _nonce(stamp: str, link: Link) -> str:
    try:
        stamped: Any = signing.loads(stamp, salt=STAMP_SALT, max_age=STAMP_SECONDS)
    except signing.BadSignature:
        raise PageOld from None
    if not isinstance(stamped, list) or stamped[0] != link.pk:
        raise PageOld
    return str(stamped[1])
