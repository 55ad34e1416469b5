"""Entity tags from row versions: read, change, and be told if somebody was faster."""

from __future__ import annotations

import re

from django.http import HttpRequest
from rest_framework.request import Request

from hub.api.errors import VersionMismatch


def etag_of(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"v{version}"'


def wanted_version(request: Request | HttpRequest) -> int | None:
    """The version that If-Match names, to be put into a guarded update; None when it is free.

    Raises VersionMismatch when the header names no version of ours, or several.
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"v([0-9]{1,9})"\s*', header)
    if not found:
        raise VersionMismatch("If-Match must name the one version that was read")
    return int(found[1])
