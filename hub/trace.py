"""One trace id from the API call through facts and deliveries to the provider's call."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_trace_id: ContextVar[str] = ContextVar("trace_id", default="")
_actor: ContextVar[str] = ContextVar("actor", default="")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\Z")


def trace_id() -> str:
    """The id of the work in hand: 32 hex digits, or empty outside of any."""
    return _trace_id.get()


@contextmanager
def tracing(trace: str = "") -> Iterator[str]:
    """Work inside the block belongs to ``trace``, or to a fresh trace when it is empty."""
    token = _trace_id.set(trace or secrets.token_hex(16))
    try:
        yield _trace_id.get()
    finally:
        _trace_id.reset(token)


def actor() -> str:
    """Who acts: ``key:key_…``, ``staff:7``, ``customer``, ``system`` or empty."""
    return _actor.get()


@contextmanager
def acting(who: str) -> Iterator[None]:
    """Facts published inside the block say that ``who`` did it."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


def from_header(traceparent: str) -> str:
    """The trace id of a W3C ``traceparent`` header, or empty when it is none."""
    found = _TRACEPARENT.match(traceparent)
    return found[1] if found and found[1] != "0" * 32 else ""


def to_header() -> str:
    """A W3C ``traceparent`` for an outgoing call."""
    return f"00-{trace_id() or secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
