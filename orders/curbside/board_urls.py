"""Where boards ask whether anything changed: outside the admin, so that no session is read."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from orders.curbside.pulse import TicketOver, pulse_of_ticket


@require_safe
def pulse_view(_: HttpRequest, ticket: str) -> HttpResponse:
    """The pulse of a ticket as plain text; 410 when the ticket is over."""
    try:
        reply = HttpResponse(pulse_of_ticket(ticket), content_type="text/plain")
    except TicketOver:
        reply = HttpResponse(status=HTTPStatus.GONE)
    reply["Cache-Control"] = "no-store"
    return reply


urlpatterns = [path("<str:ticket>", pulse_view, name="board-pulse")]
