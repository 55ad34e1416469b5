"""What every request goes through: its trace, its measurement, and who acts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware

from hub import metrics
from hub.trace import acting, from_header, to_header, tracing

logger = logging.getLogger("hub.access")

READING = ("GET", "HEAD", "OPTIONS")
REFUSED = 400
PROBES = ("/live", "/ready", "/metrics")
GetResponse = Callable[[HttpRequest], HttpResponse]


class TraceMiddleware:
    """The request's trace id (the caller's, or a fresh one) is in force until the reply is made.

    The reply tells it in ``traceparent``; count and duration go to the metrics under the
    route's template, never the address itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer inside the trace."""
        started = time.perf_counter()
        with tracing(from_header(request.META.get("HTTP_TRACEPARENT", ""))):
            response = self.get_response(request)
            response["traceparent"] = to_header()
            _record(request, response.status_code, time.perf_counter() - started)
        return response


def _record(request: HttpRequest, status: int, seconds: float) -> None:
    """Measure the request, and log it when it wrote or was refused: reads are too many."""
    match = request.resolver_match
    method, route = str(request.method), match.route if match else ""
    metrics.observe(method=method, route=route, status=status, seconds=seconds)
    if status >= REFUSED or method not in READING:
        extra = {
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "actor": getattr(request, "actor", ""),
        }
        logger.info("%s %s", method, status, extra=extra)


class HostMiddleware(CommonMiddleware):
    """Django's own, which refuses a host name that is not the hub's; except that probes may ask
    any process by its address: balancers and Prometheus know no name for it."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """None, or a redirect; raises DisallowedHost."""
        return None if request.path_info in PROBES else super().process_request(request)


class StaffActorMiddleware:
    """Facts published while a person works in the admin carry ``staff:<id>`` as their actor."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the person as actor; only the admin's addresses read the session."""
        if request.path_info.startswith("/admin/") and request.user.is_authenticated:
            request.actor = f"staff:{request.user.pk}"  # type: ignore[attr-defined]
            with acting(f"staff:{request.user.pk}"):
                return self.get_response(request)
        return self.get_response(request)
