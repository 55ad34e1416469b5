"""Free text from people, made safe to store and to show."""

from __future__ import annotations

import unicodedata

from hub.errors import Invalid

# Marks that turn the reading direction and could make a text show something else than it says.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DROPPED = {"Cs", "Co", "Cn"}


class TextTooLong(Invalid):
    """``limit`` is the number of characters that fit."""

    code = "text_too_long"
    title = "The text is too long"


def clean(text: str, *, limit: int, what: str) -> str:
    """One line of NFC text without control or direction characters, at most ``limit`` long.

    Raises TextTooLong, naming ``what``, rather than cutting what somebody meant to say.
    """
    kept = "".join(map(_kept, unicodedata.normalize("NFC", text[: limit * 40])))
    line = " ".join(kept.split())
    if len(line) > limit:
        raise TextTooLong(f"{what} has at most {limit} characters", limit=limit)
    return line


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category in _DROPPED or character in _DIRECTION else character
