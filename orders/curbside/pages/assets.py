"""The page's script and style: one compressed file each, named by what is in it.

The page is read on the road: what it needs must be small on the wire, and come once.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

PARTS = {
    "js": ["unfold/js/htmx/htmx.js", "curbside/pickup.js"],
    "css": ["curbside/pickup.css"],
}
KINDS = {"js": "text/javascript", "css": "text/css"}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: ``name`` changes with its content."""

    name: str
    plain: bytes
    packed: bytes


@cache
def asset(kind: str) -> Asset:
    """The page's ``js`` or ``css``, put together once per process."""
    plain = b"\n".join(Path(_found(part)).read_bytes() for part in PARTS[kind])
    mark = hashlib.sha256(plain).hexdigest()[:12]
    return Asset(f"{mark}.{kind}", plain, gzip.compress(plain, compresslevel=9, mtime=0))


def asset_urls() -> dict[str, str]:
    """Where the page finds its script and its style."""
    return {kind: reverse("pickup-asset", args=[asset(kind).name]) for kind in PARTS}


@require_safe
def pickup_asset(request: HttpRequest, name: str) -> HttpResponse:
    """The file, compressed for browsers that take that; an older name gets today's, not kept."""
    kind = name.rpartition(".")[2]
    if kind not in PARTS:
        raise Http404
    found = asset(kind)
    packs = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if packs else found.plain, content_type=KINDS[kind])
    if packs:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    response["Cache-Control"] = FOR_EVER if name == found.name else "no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _found(part: str) -> str:
    path = finders.find(part)
    if not path:
        raise FileNotFoundError(part)
    return path
