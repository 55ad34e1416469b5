"""The customer's page: reading it changes nothing, one POST acts.

Customers have no account and no cookie: the link is the key. A form carries a stamp signed for
its link, so that a POST can only come from a page that was opened through it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core import signing
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from hub.api.client import client_address
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.links.models import Link
from hub.links.services import may_act, open_link
from hub.trace import acting
from orders.curbside.errors import EtaOutOfRange
from orders.curbside.pages.context import page_context
from orders.curbside.pages.moves import newest
from orders.curbside.pages.questions import NO, YES, answers_in
from orders.curbside.pages.words import language_of
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder, MoveOffer
from orders.placing.moving import OfferOver, answer_move
from orders.substitution.answering import answer_offers
from orders.substitution.errors import AnswerMissing, RoundOver

PURPOSE = "pickup"
SUBJECT = "fulfillment:"
STAMP_SALT = "orders.curbside.pages"
STAMP_SECONDS = 24 * 3600
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}

View = Callable[[HttpRequest, str], HttpResponse]


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


def _private(view: View) -> Callable[..., HttpResponseBase]:
    """Answer for customers only: nothing is kept, referred or indexed, and errors are pages.

    Links that are not there, or not any more, all get one and the same page.
    """

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            with acting("customer"):
                response = view(request, token)
        except NotFound:
            response = render(request, "curbside/gone.html", status=404)
        except HubError as error:
            response = render(request, "curbside/busy.html", status=error.status)
            response["Retry-After"] = "600"
        for header, value in HEADERS.items():
            response[header] = value
        return response

    return answer


@require_safe
@_private
def pickup_page(request: HttpRequest, token: str) -> HttpResponse:
    """The whole page."""
    return _shown(request, token, *_opened(request, token))


@require_safe
@_private
def page_state(request: HttpRequest, token: str) -> HttpResponse:
    """The page's changing part; 204 when it is still at the version ``v``."""
    link, fulfillment = _opened(request, token)
    context = _context(request, token, link, fulfillment)
    if request.GET.get("v") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "curbside/_live.html", context)


@csrf_exempt  # no cookie speaks for the customer; the form's stamp stands in
@require_http_methods(["GET", "HEAD", "POST"])
@_private
def on_my_way(request: HttpRequest, token: str) -> HttpResponse:
    """Take over in how many ``minutes`` the customer will be there."""
    return _acted(request, token, _say_on_my_way)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@_private
def i_am_here(request: HttpRequest, token: str) -> HttpResponse:
    """Take over where the customer stands: ``spot`` or ``place``, and the ``vehicle``."""
    return _acted(request, token, _arrive)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@_private
def answer_question(request: HttpRequest, token: str) -> HttpResponse:
    """Take the ``yes`` or ``no`` to every offer of a substitute: ``answer_1``, ``answer_2``, …"""
    return _acted(request, token, _answer)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@_private
def answer_move_offer(request: HttpRequest, token: str) -> HttpResponse:
    """Take the ``answer``, yes or no, to the question whether another store may prepare it."""
    return _acted(request, token, _answer_move)


def _say_on_my_way(fulfillment: FulfillmentOrder, form: Any) -> None:
    minutes = form.get("minutes", "")
    if not minutes.isdecimal() or len(minutes) > len("1440"):
        raise EtaOutOfRange
    say_on_my_way(fulfillment=fulfillment, minutes=int(minutes))


def _arrive(fulfillment: FulfillmentOrder, form: Any) -> None:
    arrive(
        fulfillment=fulfillment,
        spot=form.get("spot", ""),
        place=form.get("place", ""),
        vehicle=form.get("vehicle", ""),
    )


def _answer(fulfillment: FulfillmentOrder, form: Any) -> None:
    asked = fulfillment.rounds.filter(public_id=form.get("round", "").replace("\0", "")).first()
    if asked is None:
        raise RoundOver
    answer_offers(asked=asked, answers=answers_in(form, asked))


def _answer_move(fulfillment: FulfillmentOrder, form: Any) -> None:
    said = form.get("answer", "")
    reference = form.get("offer", "").replace("\0", "")
    offer = MoveOffer.objects.select_related("order", "store", "fulfillment__store").filter(
        order=fulfillment.order_id, public_id=reference
    )
    if said not in (YES, NO):
        raise AnswerMissing
    if not (asked := offer.first()):
        raise OfferOver
    answer_move(offer=asked, yes=said == YES, by="customer")


def _acted(
    request: HttpRequest, token: str, act: Callable[[FulfillmentOrder, Any], None]
) -> HttpResponse:
    """Act once and lead back to the page, or show the page with what was wrong.

    A GET of an action's address (a reload, a robot) only leads to the page.
    """
    link, fulfillment = _opened(request, token)
    page = f"{reverse('pickup-page', args=[token])}?lang={_language(request, fulfillment)}"
    if request.method != "POST":
        return HttpResponseRedirect(page)
    refused: HubError | None = None
    try:
        act(fulfillment, _form(request, link))
    except (Invalid, Conflict) as error:
        refused = error
    if request.headers.get("X-Part") != "live" and refused is None:
        return HttpResponseRedirect(page, status=303)
    return _shown(request, token, link, newest(fulfillment), refused)


def _form(request: HttpRequest, link: Link) -> Any:
    """The form's fields, if it was made by a page of this link; raises Conflict or Invalid."""
    if not may_act(link):
        raise ReadOnly
    request.encoding = "utf-8"  # whatever it claims: another one could smuggle in half characters
    try:
        form = request.POST
    except (SuspiciousOperation, BadRequest, MultiPartParserError) as error:
        raise Unreadable from error
    try:
        stamped = signing.loads(form.get("stamp", ""), salt=STAMP_SALT, max_age=STAMP_SECONDS)
    except signing.BadSignature:
        raise PageOld from None
    if stamped != link.pk:
        raise PageOld
    return form


def _opened(request: HttpRequest, token: str) -> tuple[Link, FulfillmentOrder]:
    """What the token leads to; raises NotFound, or TooManyWrongLinks to those who guess."""
    link = open_link(token, purpose=PURPOSE, address=client_address(request))
    rows = FulfillmentOrder.objects.select_related("order", "store__brand")
    key = link.subject.removeprefix(SUBJECT)
    fulfillment = rows.filter(pk=int(key)).first() if key.isdecimal() else None
    if fulfillment is None:
        raise NotFound
    return link, newest(fulfillment)


def _language(request: HttpRequest, fulfillment: FulfillmentOrder) -> str:
    """The chosen language, else the order's, the browser's or the store's."""
    browser = request.headers.get("Accept-Language", "")
    wishes = request.GET.get("lang", ""), fulfillment.order.locale, browser
    return language_of(*wishes, fulfillment.store.locale)


def _context(
    request: HttpRequest, token: str, link: Link, fulfillment: FulfillmentOrder
) -> dict[str, Any]:
    language = _language(request, fulfillment)
    return page_context(fulfillment, link=link, language=language) | {
        "brand": fulfillment.store.brand.name,
        "page": reverse("pickup-page", args=[token]),
        "stamp": signing.dumps(link.pk, salt=STAMP_SALT),
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
    if refused:
        fulfillment.refresh_from_db()
    context = _context(request, token, link, fulfillment)
    status = 200
    if refused:
        words = context["w"]
        context["error"] = words.get(f"error_{refused.code}", words["error_other"])
        context["typed"] = request.POST if refused.code != Unreadable.code else {}
        status = refused.status
    part = request.headers.get("X-Part") == "live"
    response = render(
        request, "curbside/_live.html" if part else "curbside/pickup.html", context, status=status
    )
    response["Content-Language"] = context["language"]
    return response
