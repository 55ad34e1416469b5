"""Who is at the other end of the connection, when some of the way is ours."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's IP address as the outermost of the trusted proxies saw it.

    Each of ``settings.TRUSTED_PROXIES`` proxies appends one entry to X-Forwarded-For; what
    stands left of those was written by the caller and is not believed.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    trusted: int = settings.TRUSTED_PROXIES
    if not trusted:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return hops[-trusted] if len(hops) >= trusted and hops[-trusted] else peer


def sent_from(request: HttpRequest) -> str:
    """The page of ours on which a form was sent, as a path with its query; empty when unknown."""
    referer = request.headers.get("Referer", "")
    origin = f"{request.scheme}://{request.get_host()}"
    return referer.removeprefix(origin) if referer.startswith(f"{origin}/") else ""
