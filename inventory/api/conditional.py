"""Answers that a site may keep and ask again about, at the price of their headers alone."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

IF_NONE_MATCH = OpenApiParameter(
    name="If-None-Match",
    location=OpenApiParameter.HEADER,
    required=False,
    type=str,
    description="The ETag of an earlier answer; 304 when it still holds.",
)
NOT_MODIFIED = OpenApiResponse(description="The answer with that ETag still holds.")


def conditional(request: Request, data: dict[str, Any]) -> Response:
    """The answer with its ETag, or 304 without a body when If-None-Match names that tag."""
    tag = f'W/"{hashlib.blake2b(_bytes(data), digest_size=12).hexdigest()}"'
    named = request.META.get("HTTP_IF_NONE_MATCH", "")
    known = named.strip() == "*" or tag in [each.strip() for each in named.split(",")]
    reply = Response(status=304) if known else Response(data)
    reply["ETag"] = tag
    reply["Cache-Control"] = "private, no-cache"
    return reply


def _bytes(data: dict[str, Any]) -> bytes:
    return json.dumps(data, default=str, separators=(",", ":")).encode()
