"""Bodies of any size: read in a stream, at a bearable pace, and only a few at once.

A web worker serves one request at a time, so one upload keeps one worker. Uploads never take the
last one, and a sender that drips is let go.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, UnreadablePostError

from hub.api.errors import BadRequest, Busy, LengthRequired
from hub.errors import HubError
from inventory.feeds.errors import FeedsUnwritable, FileTooLarge
from inventory.feeds.keeping import MOST_BYTES

logger = logging.getLogger("hub.inventory")

READ_BYTES = 256 * 1024
GRACE_SECONDS = 30
LEAST_BYTES_PER_SECOND = 64 * 1024
_LENGTH_DIGITS = 18

_TAKE = "SELECT pg_try_advisory_lock(hashtext('inventory.upload'), %s)"
_GIVE_BACK = "SELECT pg_advisory_unlock(hashtext('inventory.upload'), %s)"


class CutOff(BadRequest):
    code = "cut_off"
    title = "The body ended before its Content-Length"


class TooSlow(HubError):
    code = "too_slow"
    status = 408
    title = "The body comes too slowly"


def length_of(meta: Mapping[str, Any]) -> int:
    """The body's length; raises LengthRequired and FileTooLarge before any of it is read."""
    text = meta.get("CONTENT_LENGTH") or ""
    if not text.isdecimal() and (text or meta.get("HTTP_TRANSFER_ENCODING")):
        raise LengthRequired
    length = int(text[:_LENGTH_DIGITS] or 0)
    if length > MOST_BYTES:
        raise FileTooLarge(f"a stock file has at most {MOST_BYTES} bytes")
    return length


@contextmanager
def without_length(meta: MutableMapping[str, Any]) -> Iterator[None]:
    """Inside the block the request seems to have no body."""
    before = meta.pop("CONTENT_LENGTH", "")
    try:
        yield
    finally:
        meta["CONTENT_LENGTH"] = before


@contextmanager
def one_of_few() -> Iterator[None]:
    """Inside the block this is one of the uploads that may run at once; raises Busy for more."""
    places = range(max(1, settings.ENV.workers - 1))
    place = next((place for place in places if _asked(_TAKE, place)), None)
    if place is None:
        raise Busy("other files are being uploaded; try again shortly")
    try:
        yield
    finally:
        _asked(_GIVE_BACK, place)


@contextmanager
def disk_trouble_told() -> Iterator[None]:
    """What goes wrong with our disk is logged with its path, and told without; 503, not a fault."""
    try:
        yield
    except (OSError, FeedsUnwritable) as error:
        logger.error("a stock file could not be kept: %s", error)
        raise FeedsUnwritable from error


def blocks_of(request: HttpRequest, length: int) -> Iterator[bytes]:
    """The body in blocks, never held as a whole; raises CutOff when it ends early, TooSlow."""
    left, begun = length, monotonic()
    while left:
        block = _read(request, min(left, READ_BYTES))
        if not block:
            raise CutOff(f"{left} of {length} bytes are missing")
        left -= len(block)
        seconds = monotonic() - begun
        if seconds > GRACE_SECONDS and length - left < seconds * LEAST_BYTES_PER_SECOND:
            raise TooSlow(f"less than {LEAST_BYTES_PER_SECOND} bytes a second; compress the file")
        yield block


def _read(request: HttpRequest, most: int) -> bytes:
    try:
        return request.read(most)
    except UnreadablePostError:  # the sender is gone
        return b""


def _asked(query: str, place: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [place])
        (done,) = cursor.fetchone() or (False,)
    return bool(done)
