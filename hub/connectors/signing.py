"""Standard Webhooks signatures: what the hub puts on its calls and demands of others.

The headers are ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``: ``v1,`` and the
base64 of HMAC-SHA256 over ``id.timestamp.body``; several, parted by spaces, while a secret is
being replaced. The check is strict: nothing that this page does not name is accepted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import time
from collections.abc import Mapping, Sequence

from hub import crypto

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
_ID = re.compile(r"[\x21-\x7e]{1,120}\Z")
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z", re.ASCII)
_MOST_SIGNATURES = 10


class SignatureError(Exception):
    """The call is not authentic; the text says what was wrong, for the log only."""


def new_secret() -> str:
    """A fresh secret: ``whsec_`` and the base64 of 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def derived_secret(purpose: str) -> str:
    """The secret of a party that has no row of its own: the same on every machine.

    It is derived from the oldest of settings.DATA_KEYS, as look-up hashes are.
    """
    digits = crypto.lookup_hash("webhook-secret", purpose)
    return _PREFIX + base64.b64encode(digits.encode()).decode()


def key_of(secret: str) -> bytes:
    """The key inside a ``whsec_…`` secret; raises ValueError when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _SECRET_BYTES:
        raise ValueError("a secret is whsec_ and the base64 of 24 to 64 bytes")
    return key


def sign(
    *, secrets: Sequence[str], message_id: str, body: bytes, at: float | None = None
) -> dict[str, str]:
    """The three headers for a body, signed now with each of the secrets."""
    timestamp = str(int(time.time() if at is None else at))
    signatures = [
        "v1," + base64.b64encode(_digest(key_of(secret), message_id, timestamp, body)).decode()
        for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def verify(
    *, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float | None = None
) -> str:
    """The message id of an authentic call; raises SignatureError, and nothing else.

    ``headers`` is looked up by the lower-case names. The signature is checked on the raw bytes
    against every secret in constant time; the timestamp may be five minutes off.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not _ID.match(message_id):
        raise SignatureError("webhook-id is missing or malformed")
    if not _TIMESTAMP.match(timestamp):
        raise SignatureError("webhook-timestamp is missing or malformed")
    given = _signatures(headers.get("webhook-signature", ""))
    expected = [_digest(key, message_id, timestamp, body) for key in _keys(secrets)]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]
    if not any(matches):
        raise SignatureError("no signature matches")
    moment = time.time() if now is None else now
    if abs(moment - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureError("webhook-timestamp is too far from now")
    return message_id


def _keys(secrets: Sequence[str]) -> list[bytes]:
    try:
        return [key_of(secret) for secret in secrets]
    except ValueError:
        raise SignatureError("a secret on the hub's side is malformed") from None


def _signatures(header: str) -> list[bytes]:
    if not header.isascii():
        raise SignatureError("webhook-signature is malformed")
    found = []
    for part in header.split(" ")[:_MOST_SIGNATURES]:
        version, _, encoded = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(encoded, validate=True))
            except binascii.Error:
                raise SignatureError("webhook-signature is malformed") from None
    return found


def _digest(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
