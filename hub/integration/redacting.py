"""Payloads and errors as they may be shown: without secrets and without personal data. Pure."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "•••"
_PRIVATE = frozenset({
    *("name", "first_name", "last_name", "customer", "phone", "mobile", "msisdn", "to", "from"),
    *("sender", "recipient", "email", "street", "address", "postal_code", "plate", "vehicle"),
    *("note", "body", "text", "words", "secret", "token", "password", "pin", "code"),
    *("authorization", "signature", "api_key", "key", "account", "delegate"),
    *("latitude", "longitude"),
})  # fmt: skip
_PATTERNS = [
    (re.compile(r"\b(whsec_|cbk_(?:live|test)_)[A-Za-z0-9+/=_-]+"), r"\1" + HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{6,}"), r"\1 " + HIDDEN),
    (re.compile(r"(://)[^/@\s]+@"), r"\1" + HIDDEN + "@"),
    (re.compile(r"(?i)\b((?:password|secret|token|pin|api_?key)[\"']?\s*[=:]\s*)[^\s,;&\"']+"),
     r"\1" + HIDDEN),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), HIDDEN),
    (re.compile(r"(?<![\w-])\+?\d(?:[ ()/-]?\d){8,14}(?!\w)"), HIDDEN),
]  # fmt: skip


def redacted_text(text: str) -> str:
    """An error without secrets, e-mail addresses and phone numbers."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redacted(value: Any) -> Any:
    """A JSON value with what is private by its name or its look put out of sight."""
    if isinstance(value, dict):
        return {
            name: HIDDEN if _is_private(name) and child not in (None, "") else redacted(child)
            for name, child in value.items()
        }
    if isinstance(value, list):
        return [redacted(child) for child in value]
    return redacted_text(value) if isinstance(value, str) else value


def has_private(value: Any) -> bool:
    """Whether something of the value is out of sight when it is shown."""
    return bool(redacted(value) != value)


def _is_private(name: str) -> bool:
    return name.lower() in _PRIVATE
