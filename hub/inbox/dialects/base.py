"""The ways in which providers call the hub: each proves itself, and speaks, differently.

A dialect verifies a call on its raw bytes and says what it means in one canonical form:
``{"type": "message.received", "data": {...}, "raw": "…"}``, where the type is one of ``KINDS``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.inbox.errors import OddCall
from hub.providers.services import Account

RECEIVED = "message.received"
ACCEPTED = "message.accepted"
SENT = "message.sent"
PENDING = "message.pending"  # a carrier has it, and could not hand it over at once
DELIVERED = "message.delivered"
UNDELIVERED = "message.undelivered"
FAILED = "message.failed"
OPENED = "message.opened"
COMPLAINED = "message.complained"
UNSUBSCRIBED = "message.unsubscribed"
RECEIPTS = frozenset({ACCEPTED, SENT, PENDING, DELIVERED, UNDELIVERED, FAILED})
KINDS = RECEIPTS | {RECEIVED, OPENED, COMPLAINED, UNSUBSCRIBED}

OF_TEXTS = ("from", "to", "text", "id", "opt_out")
OF_RECEIPTS = ("reference", "provider_reference", "code", "detail")
OPT_OUTS = frozenset({"", "STOP", "START", "HELP"})
EVENT_ID_CHARACTERS = 120
CODE_CHARACTERS = 20
DETAIL_CHARACTERS = 200
_ODD = re.compile("[\\x00\\ud800-\\udfff]")
_BARE_NUMBER = re.compile(r"[1-9][0-9]{9,14}\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as it came: lower-case header names, path and query unchanged, the raw body."""

    method: str
    headers: Mapping[str, str]
    path: str
    query: str
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an authentic call means; ``event_id`` is the same on each repeat of it."""

    event_id: str
    kind: str
    data: Mapping[str, str] = field(repr=False)
    raw: str = field(repr=False)

    def canonical(self) -> bytes:
        """The form in which the inbox keeps it, UTF-8 JSON."""
        whole = {"type": self.kind, "data": dict(self.data), "raw": clean(self.raw)}
        return json.dumps(whole, ensure_ascii=False).encode()


class Dialect(Protocol):
    """How one kind of provider calls. Safe to share between threads."""

    @property
    def answer(self) -> tuple[int, str, bytes] | None:
        """(Status, media type, body) of the reply to a call that was taken; None: the usual."""

    def understand(self, call: Call, account: Account | None) -> list[Said]:
        """What the call says, once it is sure that the account's provider has sent it.

        Raises BadSignature, also where there is no such account, and BadRequest in one of its
        forms; never anything else, whatever was sent.
        """


def clean(text: str) -> str:
    """The text without what no text can hold (NUL, halves of pairs)."""
    return _ODD.sub("", text)


def number(text: str) -> str:
    """A telephone number with its ``+``, which some networks leave out; else the text itself."""
    text = clean(text).strip()
    return "+" + text if _BARE_NUMBER.match(text) else text


def a_text(*, sender: str, to: str, text: str, reference: str, opt_out: str = "") -> dict[str, str]:
    """The data of ``message.received``."""
    managed = opt_out.strip().upper()
    return {
        "from": number(sender),
        "to": number(to),
        "text": clean(text),
        "id": clean(reference)[:EVENT_ID_CHARACTERS],
        "opt_out": managed if managed in OPT_OUTS else "",
    }


def a_receipt(
    *, reference: str = "", provider_reference: str = "", code: str = "", detail: str = ""
) -> dict[str, str]:
    """The data of a receipt; raises OddCall when it names no message."""
    if not (reference or provider_reference):
        raise OddCall("the receipt names no message")
    return {
        "reference": clean(reference)[:EVENT_ID_CHARACTERS],
        "provider_reference": clean(provider_reference)[:EVENT_ID_CHARACTERS],
        "code": clean(code)[:CODE_CHARACTERS],
        "detail": clean(detail)[:DETAIL_CHARACTERS],
    }
