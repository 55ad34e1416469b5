"""The base of every API view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.api.auth import caller
from hub.api.errors import InvalidText, QuotaExceeded
from hub.api.parsing import check_length
from hub.api.throttle import WINDOW_SECONDS, Standing
from hub.trace import acting

HTTP_METHOD_NOT_ALLOWED = 405


class HubView(APIView):
    """A view behind an API key: strict JSON in, JSON or a problem out, counted and traced.

    ``scopes`` names the scope that each method needs; ``request.auth`` is the Caller. Facts
    published while the method runs carry ``key:<public id>`` as their actor. A view that asks
    for no key sets ``authentication_classes = ()``.
    """

    scopes: ClassVar[dict[str, str]] = {}
    metadata_class = None
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the caller, run the method, turn whatever it raises into a problem."""
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = rest = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(rest, *args, **kwargs)
            request.actor = f"key:{caller(rest).public_id}" if rest.auth else ""  # type: ignore[attr-defined]
            with acting(request.actor):  # type: ignore[attr-defined]
                reply = self._method(rest)(rest, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  the API never answers with a traceback
            reply = self.handle_exception(error)
        self.response = self.finalize_response(rest, reply, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Everything that can refuse the request before its method sees it."""
        self.format_kwarg = None
        check_length(request.META)
        _check_address(request)
        negotiated = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = negotiated
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what every API reply carries: the quota, and that nobody may cache it."""
        standing: Standing | None = getattr(request._request, "rate_standing", None)
        if standing:
            response["RateLimit-Policy"] = f'"default";q={standing.limit};w={WINDOW_SECONDS}'
            response["RateLimit"] = f'"default";r={standing.remaining};t={standing.reset}'
        response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code == HTTP_METHOD_NOT_ALLOWED:
            response["Allow"] = ", ".join(self.allowed_methods)
        return super().finalize_response(request, response, *args, **kwargs)

    def throttled(self, request: Request, wait: float | None) -> NoReturn:  # noqa: ARG002
        """Refuse with 429 until the window ends."""
        standing: Standing = request._request.rate_standing  # type: ignore[attr-defined]
        raise QuotaExceeded(retry_after=standing.reset)

    def _method(self, request: Request) -> Callable[..., HttpResponseBase]:
        name = str(request.method).lower()
        known = name in self.http_method_names
        method: Callable[..., HttpResponseBase] = getattr(
            self, name if known else "", self.http_method_not_allowed
        )
        return method


def _check_address(request: Request) -> None:
    if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        raise InvalidText("the address holds a NUL")
