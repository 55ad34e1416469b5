"""Whether a call is what it says it is: by Standard Webhooks, on its raw bytes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from hub.connectors.signing import SignatureError, new_secret, verify
from hub.inbox.errors import BadSignature, UnknownShape

logger = logging.getLogger("hub.inbox")

TYPE_CHARACTERS = 60
_NOBODYS_SECRET = new_secret()


def authenticate(*, secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> str:
    """The message id of a call signed with one of ``secrets``; raises BadSignature.

    Without any secret the same work is done, so that an unknown sender cannot be told from a
    wrong signature.
    """
    try:
        message_id = verify(secrets=secrets or [_NOBODYS_SECRET], headers=headers, body=body)
    except SignatureError as error:
        logger.warning("inbound call refused: %s", error)
        raise BadSignature from None
    if not secrets:
        raise BadSignature
    return message_id


def check_shape(value: dict[str, Any]) -> None:
    """Raise UnknownShape for anything but ``{"type": "…", "data": {…}}``."""
    kind = value.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= TYPE_CHARACTERS:
        raise UnknownShape("type must be a short text")
    if not isinstance(value.get("data"), dict):
        raise UnknownShape("data must be an object")
