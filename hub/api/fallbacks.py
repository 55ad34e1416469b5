"""Replies to requests that reach no view, or whose view fails: problems for API addresses."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views import defaults
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api import problems
from hub.api.client import sent_from
from hub.api.errors import BadRequest, Busy
from hub.api.views import HubView
from hub.errors import Forbidden, NotFound

_API = ("/v1/", "/hooks/", "/sim/")


def is_api(request: HttpRequest) -> bool:
    """Whether the address is one of programs, not of people."""
    return request.path_info.startswith(_API)


class NoSuchAddressView(HubView):
    """The 404 of every API address that no view answers, counted against the caller's address."""

    authentication_classes = ()
    schema = None

    def get(self, _request: Request, **_: str) -> Response:
        """Refuse."""
        raise NotFound("no such address")

    post = put = patch = delete = get


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handler of 400."""
    if is_api(request):
        return problems.render(BadRequest())
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handler of 403."""
    return (
        problems.render(Forbidden())
        if is_api(request)
        else defaults.permission_denied(request, exception)
    )


def csrf_failed(request: HttpRequest, **_reason: str) -> HttpResponse:
    """What a form without its token gets; settings.CSRF_FAILURE_VIEW. A person is led back to the
    page: it was opened before somebody logged in or out."""
    if is_api(request):
        return problems.render(Forbidden())
    status = HTTPStatus.FORBIDDEN
    return render(request, "403_csrf.html", {"page": sent_from(request)}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handler of 404."""
    if is_api(request):
        return problems.render(NotFound())
    return defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Handler of 500; a database that is away for a moment is told as 503, to people too."""
    error = sys.exc_info()[1]
    if is_api(request):
        known = problems.as_hub_error(error) if isinstance(error, Exception) else None
        return problems.render(known or problems.InternalError())
    if isinstance(error, Exception) and problems.is_retryable(error):
        return HttpResponse(
            gettext("This page cannot be shown right now. Please try again in a moment."),
            status=Busy.status,
            headers=Busy.headers,
            content_type="text/plain; charset=utf-8",
        )
    return defaults.server_error(request)
