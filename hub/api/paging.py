"""Cursors: where a list went on, as text that callers keep but need not understand."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from hub.api.errors import InvalidCursor

MOST_CHARACTERS = 500


def encode_cursor(value: Any) -> str:
    """An opaque text for a JSON value. Unsigned, so that it outlives any change of secrets:
    it must hold nothing that widens what its bearer may see."""
    packed = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(text: str) -> Any:
    """The value inside; raises InvalidCursor. The caller checks its type and meaning."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidCursor
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return json.loads(packed)
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursor from None
