"""The simulators' addresses that machines call: JSON in, JSON or a problem out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub import clock
from hub.api.errors import BodyTooLarge
from hub.api.parsing import check_length
from hub.api.problems import handle
from hub.simulators import phones as telephones
from hub.simulators import services
from hub.simulators.models import (
    SimulatedPickList,
    SimulatedReceipt,
    SimulatedSiteCall,
    SimulatedStock,
    SimulatedText,
)

MAX_BODY_BYTES = 262_144
NEWEST = 100
LONGEST_KEY = 19
View = Callable[..., HttpResponse]


def door(view: View) -> View:
    """Let machines in without a form token; what the view raises becomes a problem."""

    @csrf_exempt
    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  a vendor answers, whatever happened inside
            return handle(error)

    return answer


@door
@require_http_methods(["GET", "HEAD", "POST"])
def pick_lists(request: HttpRequest, connection: str) -> HttpResponse:
    """POST: take a signed pick list, answer its reference. GET: what the till has.

    A signed GET asks for one (``fulfillment``) or pages through the open ones (``open``, from
    ``cursor``); without either it shows the newest, to anybody.
    """
    if request.method == "POST":
        ticket, is_new = services.take_pick_list(
            connection_id=connection, headers=_headers(request), body=_body(request)
        )
        reply = {"reference": services.till_reference(ticket)}
        return JsonResponse(reply, status=201 if is_new else 200)
    if "fulfillment" in request.GET or "open" in request.GET:
        _check_question(request, connection, "/pick-lists")
    rows = SimulatedPickList.objects.filter(connection=connection)
    if "open" in request.GET:
        return _page(
            "pick_lists", rows.filter(canceled_at=None), request.GET.get("cursor"), _ticket
        )
    if "fulfillment" in request.GET:
        rows = rows.filter(reference=_query(request, "fulfillment"))
    found = rows.order_by("-pk")[:NEWEST]
    return JsonResponse({"pick_lists": [_ticket(ticket) for ticket in found]})


@door
@require_POST
def amend_pick_list(request: HttpRequest, connection: str, reference: str) -> HttpResponse:
    """Put a later revision in the place of a pick list; a repeat changes nothing."""
    services.amend_pick_list(
        connection_id=connection,
        reference=reference,
        headers=_headers(request),
        body=_body(request),
    )
    return JsonResponse({"reference": reference})


@door
@require_safe
def receipts(request: HttpRequest, connection: str) -> HttpResponse:
    """A signed question: the receipts printed since a cursor, oldest first."""
    _check_question(request, connection, "/receipts")
    rows = SimulatedReceipt.objects.filter(connection=connection)
    return _page("receipts", rows, request.GET.get("since"), lambda row: row.body, keep_place=True)


@door
@require_safe
def stock(request: HttpRequest, connection: str) -> HttpResponse:
    """A signed question: what the till believes is on its shelves, page by page."""
    _check_question(request, connection, "/stock")
    rows = SimulatedStock.objects.filter(connection=connection)
    return _page(
        "stock",
        rows,
        request.GET.get("cursor"),
        lambda row: {"sku": row.sku, "on_hand": row.on_hand},
        as_of=clock.now().isoformat(),
    )


@door
@require_POST
def cancel_pick_list(request: HttpRequest, connection: str, reference: str) -> HttpResponse:
    """Withdraw a pick list by the till's reference; a repeat changes nothing."""
    services.withdraw_pick_list(
        connection_id=connection,
        reference=reference,
        headers=_headers(request),
        body=_body(request),
    )
    return JsonResponse({"reference": reference, "status": "canceled"})


@door
@require_POST
def take_text(request: HttpRequest) -> HttpResponse:
    """Take a text for a phone; a repeat of a reference changes nothing."""
    text, is_new = telephones.take_text(body=_body(request))
    return JsonResponse({"reference": text.reference}, status=201 if is_new else 200)


@door
@require_safe
def find_text(request: HttpRequest, reference: str) -> HttpResponse:  # noqa: ARG001
    """Whether the network has a text of that reference."""
    return JsonResponse({"found": telephones.has_text(reference)})


@door
@require_POST
def take_back(request: HttpRequest, reference: str) -> HttpResponse:  # noqa: ARG001
    """Drop a text that is on its way still."""
    return JsonResponse({"canceled": telephones.take_back(reference)})


@door
@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """The newest texts that phones show, newest first; with ?phone= those on one phone."""
    rows = SimulatedText.objects.filter(by_customer=False, shown_at__lte=clock.now())
    if phone := request.GET.get("phone", "").replace("\x00", ""):
        rows = rows.filter(phone=phone)
    found = rows.order_by("-pk")[:NEWEST].values("reference", "phone", "body", "received_at")
    return JsonResponse({"messages": list(found)})


@door
@require_http_methods(["GET", "HEAD", "POST"])
def site_webhooks(request: HttpRequest) -> HttpResponse:
    """POST: keep a call; 204 when its signature holds, else 401. GET: the newest calls."""
    if request.method == "POST":
        if not services.take_site_call(headers=_headers(request), body=_body(request)):
            raise services.NotSigned
        return HttpResponse(status=204)
    return site_calls(request)


@door
@require_safe
def site_calls(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The newest calls that the site got, newest first."""
    rows = SimulatedSiteCall.objects.order_by("-pk")[:NEWEST]
    found = rows.values("webhook_id", "verified", "body", "received_at")
    return JsonResponse({"webhooks": list(found)})


def _check_question(request: HttpRequest, connection: str, path: str) -> None:
    target = f"{path}?{request.META.get('QUERY_STRING', '')}"
    services.check_question(connection_id=connection, headers=_headers(request), target=target)


def _page(
    member: str,
    rows: QuerySet[Any],
    cursor: str | None,
    shown: Callable[[Any], Any],
    *,
    keep_place: bool = False,
    **more: Any,
) -> JsonResponse:
    """A hundred rows from a cursor, and the next; with ``keep_place`` also after the last."""
    after = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < LONGEST_KEY else 0
    found = list(rows.filter(pk__gt=after).order_by("pk")[: NEWEST + 1])
    some = found[:NEWEST]
    goes_on = len(found) > NEWEST or (keep_place and some)
    following = str(some[-1].pk) if goes_on else ""
    return JsonResponse({member: [shown(row) for row in some], "next": following, **more})


def _query(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "")


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _body(request: HttpRequest) -> bytes:
    check_length(request.META)
    if len(request.body) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"more than {MAX_BODY_BYTES} bytes")
    return request.body


def _ticket(ticket: SimulatedPickList) -> dict[str, Any]:
    return {
        "reference": services.till_reference(ticket),
        "fulfillment_id": ticket.reference,
        "status": "canceled" if ticket.canceled_at else "received",
        "revision": services.revision_of(ticket.body),
        "lines": ticket.body.get("lines"),
        "received_at": ticket.received_at,
        "body": ticket.body,
    }
