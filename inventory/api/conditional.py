"""Answers that a site may keep and ask again about, at the price of their headers alone."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from hub.api.rendering import JsonRenderer, to_bytes

IF_NONE_MATCH = OpenApiParameter(
    name="If-None-Match",
    location=OpenApiParameter.HEADER,
    required=False,
    type=str,
    description="The ETag of an earlier answer; 304 when it still holds.",
)
NOT_MODIFIED = OpenApiResponse(description="The answer with that ETag still holds.")


def conditional(request: Request, data: dict[str, Any]) -> HttpResponse:
    """The answer with its ETag, or 304 without a body when If-None-Match names that tag.

    The body is made once, for the tag and for sending.
    """
    body = to_bytes(data)
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    named = request.META.get("HTTP_IF_NONE_MATCH", "")
    known = named.strip() == "*" or tag in [each.strip() for each in named.split(",")]
    if known:
        reply = HttpResponse(status=304)
        del reply["Content-Type"]
    else:
        reply = HttpResponse(body, content_type=JsonRenderer.media_type)
    reply["ETag"] = tag
    reply["Cache-Control"] = "private, no-cache"
    return reply
