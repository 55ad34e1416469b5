"""Reading JSON strictly: what two parsers could understand differently is refused."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from hub.api.errors import (
    BodyTooLarge,
    DuplicateKey,
    InvalidText,
    LengthRequired,
    MalformedJson,
    NotAnObject,
    NumberOutOfRange,
    TooDeep,
    UnsupportedMediaType,
)

MOST_LEVELS = 32
# of the stream-safe text format (UAX 15): normalising takes the square of a run of marks
MOST_MARKS = 30
_LARGEST = 2**63 - 1
_ODD = re.compile("[\\x00\\ud800-\\udfff]")


class StrictJsonParser(BaseParser):
    """``application/json`` in UTF-8, an object at the top, text normalised to NFC."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Any = None,  # noqa: ARG002  the framework's shape
    ) -> dict[str, Any]:
        """The body as a dictionary; raises the errors of this module's import list."""
        check_media_type(media_type or "", stream.META)
        return load_object(stream.body)


def check_length(meta: Mapping[str, str]) -> None:
    """Refuse a body that is too large, or whose length is not told in digits, before it is read."""
    length = meta.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() and (length or meta.get("HTTP_TRANSFER_ENCODING")):
        raise LengthRequired
    if length and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge(f"more than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes")


def check_media_type(media_type: str, meta: Mapping[str, str]) -> None:
    """Refuse anything but plain UTF-8 JSON."""
    essence, *parameters = (part.strip().lower() for part in media_type.split(";"))
    odd = [part for part in parameters if part not in ("", "charset=utf-8", 'charset="utf-8"')]
    encoding = meta.get("HTTP_CONTENT_ENCODING", "identity").lower()
    if essence != StrictJsonParser.media_type or odd or encoding != "identity":
        raise UnsupportedMediaType


def load_object(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``, checked member by member."""
    value = load(body)
    if not isinstance(value, dict):
        raise NotAnObject
    return value


def load(body: bytes) -> Any:
    """The JSON value in ``body``: no duplicate names, no odd numbers, no odd text, not deep."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedJson(f"not UTF-8 at byte {error.start}") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise TooDeep(f"more than {MOST_LEVELS} levels") from None
    except ValueError:  # an integer of more digits than Python is willing to read
        raise NumberOutOfRange from None
    return _checked(value, "", 0)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DuplicateKey(f"{twice[:40]!a} is named twice")
    return members


def _no_constant(name: str) -> Any:
    raise NumberOutOfRange(f"{name} is not JSON")


def _checked(value: Any, path: str, level: int) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() and "\x00" not in value else _text(value, path)
    if kind is dict:
        _not_deeper(level)
        return _unique(
            [
                (_checked(name, path, level), _checked(inner, f"{path}/{name}", level + 1))
                for name, inner in value.items()
            ]
        )
    if kind is list:
        _not_deeper(level)
        return [_checked(inner, f"{path}/{at}", level + 1) for at, inner in enumerate(value)]
    if (kind is int and abs(value) > _LARGEST) or (kind is float and not math.isfinite(value)):
        raise NumberOutOfRange(pointer=ascii(path)[1:-1])
    return value


def _not_deeper(level: int) -> None:
    if level >= MOST_LEVELS:
        raise TooDeep(f"more than {MOST_LEVELS} levels")


def _text(value: str, path: str) -> str:
    if _ODD.search(value) or _longest_run_of_marks(value) > MOST_MARKS:
        raise InvalidText(pointer=ascii(path)[1:-1])
    return unicodedata.normalize("NFC", value)


def _longest_run_of_marks(value: str) -> int:
    longest = run = 0
    for character in value:
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    return longest
