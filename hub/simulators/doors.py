"""The simulators' addresses that machines call: JSON in, JSON or a problem out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.api.errors import BodyTooLarge
from hub.api.parsing import check_length
from hub.api.problems import handle
from hub.simulators import services
from hub.simulators.models import SimulatedPickList, SimulatedSiteCall, SimulatedText

MAX_BODY_BYTES = 262_144
NEWEST = 100
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
    """POST: take a signed pick list, answer its reference. GET: the newest that the till has."""
    if request.method == "POST":
        ticket, is_new = services.take_pick_list(
            connection_id=connection, headers=_headers(request), body=_body(request)
        )
        reply = {"reference": services.till_reference(ticket)}
        return JsonResponse(reply, status=201 if is_new else 200)
    tickets = SimulatedPickList.objects.filter(connection=connection).order_by("-pk")[:NEWEST]
    return JsonResponse({"pick_lists": [_ticket(ticket) for ticket in tickets]})


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
    text, is_new = services.take_text(body=_body(request))
    return JsonResponse({"reference": text.reference}, status=201 if is_new else 200)


@door
@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """The newest texts, newest first; with ?phone= those on one phone."""
    rows = SimulatedText.objects.order_by("-pk")
    if phone := request.GET.get("phone", "").replace("\x00", ""):
        rows = rows.filter(phone=phone)
    found = rows[:NEWEST].values("reference", "phone", "body", "received_at")
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
        "received_at": ticket.received_at,
        "body": ticket.body,
    }
