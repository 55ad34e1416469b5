"""Where boards ask whether anything changed: outside the admin, so that no session is read."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from orders.pulse import TicketOver, pulse_of_ticket


@require_safe
def pulse_view(_: HttpRequest, ticket: str) -> HttpResponse:
    """``{"pulse": …, "counts": {board: …}}`` of a ticket; 410 when the ticket is over."""
    try:
        pulse = pulse_of_ticket(ticket)
    except TicketOver:
        reply = HttpResponse(status=HTTPStatus.GONE)
    else:
        reply = JsonResponse({"pulse": pulse.sign, "counts": pulse.counts})
    reply["Cache-Control"] = "no-store"
    return reply


urlpatterns = [path("<str:ticket>", pulse_view, name="board-pulse")]
