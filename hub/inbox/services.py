"""Taking in calls from outside systems: authentic ones only, each kept once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from hub.api.errors import BadRequest
from hub.api.parsing import load_object
from hub.connectors.registry import valid_secrets
from hub.connectors.signing import SignatureError, derived_secret, new_secret, verify
from hub.errors import HubError
from hub.events.catalog import InboundReceived
from hub.events.outbox import publish
from hub.inbox.models import InboundCall
from hub.metrics import count_duplicate
from hub.stores.models import PosConnection

logger = logging.getLogger("hub.inbox")

TYPE_CHARACTERS = 60
_NOBODYS_SECRET = new_secret()


class BadSignature(HubError):
    """Unknown sender, wrong or missing signature, or a timestamp too far off: never told apart."""

    code = "bad_signature"
    status = 401
    title = "The call is not signed by anybody the hub knows"


class UnknownShape(BadRequest):
    code = "unknown_shape"
    title = 'The body must be {"type": "…", "data": {…}}'


def pos_secrets(connection_id: str) -> tuple[str, ...]:
    """The secrets that calls of a store's POS may be signed with; none when it is unknown."""
    found = PosConnection.objects.filter(public_id=connection_id, active=True).first()
    return valid_secrets(found.secret, found.previous_secret) if found else ()


@transaction.atomic
def rotate_pos_secret(*, connection: PosConnection) -> str:
    """The new secret of a store's POS; the one before stays good until ``end_pos_rotation``."""
    secret = new_secret()
    locked = PosConnection.objects.select_for_update().get(pk=connection.pk)
    locked.previous_secret, locked.secret = locked.secret, secret
    locked.save(update_fields=["secret", "previous_secret"])
    connection.refresh_from_db()
    return secret


def end_pos_rotation(*, connection: PosConnection) -> None:
    """From now on only the newest secret signs and verifies."""
    PosConnection.objects.filter(pk=connection.pk).update(previous_secret=None)
    connection.refresh_from_db()


def sms_secrets(provider: str) -> tuple[str, ...]:
    """The secrets that receipts of an SMS provider may be signed with; none when unknown."""
    return (sms_secret(provider),) if provider in settings.CONNECTORS["sms"] else ()


def sms_secret(provider: str) -> str:
    """What the hub and an SMS provider share; an operator reads it once, to enter it there."""
    return derived_secret(f"sms:{provider}")


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


@transaction.atomic
def keep(*, source: str, event_id: str, body: bytes) -> bool:
    """Store an authentic call and publish InboundReceived; False when it was here before.

    Raises BadRequest in one of its forms for a body that is not ``{"type", "data"}``.
    """
    _check_shape(load_object(body))
    call, is_new = InboundCall.objects.get_or_create(
        source=source, event_id=event_id, defaults={"body": body.decode()}
    )
    if is_new:
        publish(InboundReceived(call_id=call.pk, source=source))
    else:
        count_duplicate(source)
    return is_new


def _check_shape(value: dict[str, Any]) -> None:
    kind = value.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= TYPE_CHARACTERS:
        raise UnknownShape("type must be a short text")
    if not isinstance(value.get("data"), dict):
        raise UnknownShape("data must be an object")
