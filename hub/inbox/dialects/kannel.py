"""Kannel: GET requests to addresses that the hub gave it, for it can sign nothing.

Each address carries a ``key``, an HMAC under the account's callback secret: of the hub's reference
in the address of a text's receipts, of the word ``texts`` in the one for what customers write.
https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html (chapters 6 and 10)
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from hub.connectors.sms.kannel import TEXTS, callback_key
from hub.inbox.dialects import base
from hub.inbox.dialects.base import Call, Said, a_receipt, a_text, clean
from hub.inbox.errors import BadSignature, OddCall
from hub.providers.services import Account

MOST_FIELDS = 40
_KIND_OF_STATUS = {
    "1": base.DELIVERED,
    "2": base.UNDELIVERED,
    "4": base.PENDING,
    "8": base.SENT,
    "16": base.FAILED,
}
_CODE = re.compile(r"\berr:\s*([0-9A-Za-z]{1,20})")


class KannelDialect:
    """An empty answer: words in it would be texted back to the customer."""

    answer = (200, "text/plain; charset=utf-8", b"")

    def understand(self, call: Call, account: Account | None) -> list[Said]:
        """As in ``Dialect``."""
        fields = _fields(call.query)
        reference = _plain(fields.get("ref", b""))
        secrets = account.callback_secrets if account else ()
        _check_key(_plain(fields.get("key", b"")), reference or TEXTS, secrets)
        raw = call.query.encode("ascii", errors="replace").decode()
        if "status" in fields:
            return [_receipt(fields, reference, raw)]
        if reference or "text" not in fields:
            raise OddCall("neither a receipt nor a text")
        return [_text(fields, raw)]


def _fields(query: str) -> dict[str, bytes]:
    """The fields by name, as bytes: the character set of a text is named beside it."""
    fields = {}
    for part in query.split("&")[:MOST_FIELDS]:
        name, _, value = part.partition("=")
        fields[name] = unquote_to_bytes(value.replace("+", " "))
    return fields


def _check_key(given: str, purpose: str, secrets: Sequence[str]) -> None:
    expected = [callback_key(secret, purpose) for secret in secrets or ["nobody's"]]
    theirs = given.encode(errors="replace")
    matches = [hmac.compare_digest(ours.encode(), theirs) for ours in expected]
    if not secrets or not any(matches):
        raise BadSignature


def _receipt(fields: dict[str, bytes], reference: str, raw: str) -> Said:
    status = _plain(fields["status"])
    kind = _KIND_OF_STATUS.get(status)
    if kind is None or not reference:
        raise OddCall("the receipt's status is none of dlr-mask's, or it names no text")
    detail = _plain(fields.get("answer", b""))
    code = _CODE.search(detail)
    data = a_receipt(reference=reference, code=code[1] if code else "", detail=detail)
    return Said(event_id=f"{reference}.{status}", kind=kind, data=data, raw=raw)


def _text(fields: dict[str, bytes], raw: str) -> Said:
    told = _plain(fields.get("id", b""))
    usable = told.isascii() and told.isprintable() and 0 < len(told) < base.EVENT_ID_CHARACTERS
    event_id = told if usable else hashlib.sha256(raw.encode()).hexdigest()
    data = a_text(
        sender=_plain(fields.get("from", b"")),
        to=_plain(fields.get("to", b"")),
        text=_decoded(fields["text"], _plain(fields.get("charset", b""))),
        reference=event_id,
    )
    return Said(event_id=event_id, kind=base.RECEIVED, data=data, raw=raw)


def _decoded(text: bytes, charset: str) -> str:
    """The words of a text: UTF-16 where Kannel says so, else UTF-8, else Western letters."""
    wide = charset.upper() in ("UTF-16BE", "UTF-16", "UCS-2")
    for encoding in ("utf-16-be",) if wide else ("utf-8", "cp1252"):
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text.decode("utf-8", errors="replace")


def _plain(value: bytes) -> str:
    return clean(value.decode("utf-8", errors="replace"))
