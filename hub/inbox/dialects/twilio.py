"""Twilio: forms signed with HMAC-SHA1 over the public address and the sorted fields.

The address is the one that settings give, never the one a proxy made of it. JSON bodies carry
their SHA-256 in the query instead. https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from hub.inbox.dialects import base
from hub.inbox.dialects.base import Call, Said, a_receipt, a_text, clean
from hub.inbox.errors import BadSignature, OddCall
from hub.providers.services import Account

MOST_FIELDS = 200
_FORM = "application/x-www-form-urlencoded"
_USUAL_PORT = {"http": 80, "https": 443}
_KIND_OF_STATUS = {
    "accepted": base.ACCEPTED,
    "scheduled": base.ACCEPTED,
    "queued": base.ACCEPTED,
    "sending": base.ACCEPTED,
    "sent": base.SENT,
    "partially_delivered": base.SENT,
    "delivered": base.DELIVERED,
    "read": base.DELIVERED,
    "undelivered": base.UNDELIVERED,
    "failed": base.FAILED,
    "canceled": base.FAILED,
}

Fields = Mapping[str, Sequence[str]]


class TwilioDialect:
    """Receipts name the hub's reference in their address (``ref``), which is signed with it."""

    answer = (200, "text/xml; charset=utf-8", b"<Response/>")

    def understand(self, call: Call, account: Account | None) -> list[Said]:
        """As in ``Dialect``."""
        fields = _authentic(call, account.callback_secrets if account else ())
        given = {name: values[-1] for name, values in fields.items()}
        sid = given.get("MessageSid") or given.get("SmsSid") or ""
        if not sid:
            raise OddCall("MessageSid is missing")
        raw = call.body.decode("ascii", errors="replace")
        status = given.get("MessageStatus") or given.get("SmsStatus") or ""
        if status in ("received", "") and "Body" in given:
            return [_text(given, sid, raw)]
        kind = _KIND_OF_STATUS.get(status)
        if kind is None:
            raise OddCall("MessageStatus is none that the hub knows")
        named = dict(parse_qsl(call.query, errors="replace", max_num_fields=MOST_FIELDS))
        data = a_receipt(
            reference=named.get("ref", ""),
            provider_reference=sid,
            code=given.get("ErrorCode", ""),
            detail=given.get("ErrorMessage", "") or status,
        )
        return [Said(event_id=_event_id(f"{sid}.{status}"), kind=kind, data=data, raw=raw)]


def signature(*, token: str, url: str, fields: Fields) -> str:
    """What Twilio puts into X-Twilio-Signature for a form posted to ``url``."""
    parts = [url]
    for name in sorted(fields):
        parts += [name + value for value in sorted(set(fields[name]))]
    text = "".join(parts).encode(errors="surrogatepass")
    return base64.b64encode(hmac.digest(token.encode(), text, hashlib.sha1)).decode()


def _authentic(call: Call, tokens: Sequence[str]) -> Fields:
    """The fields of a call that is signed with one of the tokens; raises BadSignature."""
    given = call.headers.get("x-twilio-signature", "").encode(errors="replace")
    if call.media_type == _FORM:
        fields = _parsed(call.body)
        signed: Fields = fields
    else:
        fields, signed = {}, {}
        _check_hash(call)
    url = settings.PUBLIC_BASE_URL + call.path + (f"?{call.query}" if call.query else "")
    expected = [
        signature(token=token, url=address, fields=signed).encode()
        for token in tokens or ["nobody's"]
        for address in _addresses(url)
    ]
    matches = [hmac.compare_digest(ours, given) for ours in expected]
    if not tokens or not any(matches):
        raise BadSignature
    return fields


def _parsed(body: bytes) -> dict[str, list[str]]:
    """The form's fields; raises BadSignature for bytes that no signature can be made over."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise BadSignature from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _check_hash(call: Call) -> None:
    """The body's SHA-256 stands in the query, in hex; raises BadSignature."""
    named = dict(parse_qsl(call.query, errors="replace", max_num_fields=MOST_FIELDS))
    told = named.get("bodySHA256", "").lower().encode(errors="replace")
    if not hmac.compare_digest(hashlib.sha256(call.body).hexdigest().encode(), told):
        raise BadSignature


def _addresses(url: str) -> set[str]:
    """The address as it is, with its port, and without: Twilio signs one or the other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _USUAL_PORT.get(parts.scheme, 80)
    return {url, *(parts._replace(netloc=name).geturl() for name in (host, f"{host}:{port}"))}


def _text(given: Mapping[str, str], sid: str, raw: str) -> Said:
    data = a_text(
        sender=given.get("From", ""),
        to=given.get("To", ""),
        text=given["Body"],
        reference=sid,
        opt_out=given.get("OptOutType", ""),
    )
    return Said(event_id=_event_id(sid), kind=base.RECEIVED, data=data, raw=raw)


def _event_id(text: str) -> str:
    found = clean(text)
    if not found.isascii() or not found.isprintable() or len(found) > base.EVENT_ID_CHARACTERS:
        raise OddCall("MessageSid is malformed")
    return found
