"""A kept call as the text it carries; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

RECEIVED = "message.received"


@dataclass(frozen=True, kw_only=True)
class Text:
    """One inbound text. ``opt_out`` is what its provider took it for and answered, else empty."""

    sender: str
    words: str
    opt_out: str = ""


def text_in(body: str) -> Text | None:
    """The text that the body of an inbound call carries, or None when it carries none."""
    try:
        call = json.loads(body)
        data: Any = call["data"]
        sender, words, opt_out = data["from"], data["text"], data.get("opt_out", "")
        is_text = call["type"] == RECEIVED and all(
            isinstance(one, str) for one in (sender, words, opt_out)
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return Text(sender=sender, words=words, opt_out=opt_out) if is_text else None
