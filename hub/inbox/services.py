"""Taking in calls from outside systems: authentic ones only, each kept once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from hub.api.parsing import load_object
from hub.connectors.registry import valid_secrets
from hub.connectors.signing import new_secret
from hub.events.catalog import InboundReceived
from hub.events.outbox import publish
from hub.inbox.dialects.base import Said
from hub.inbox.models import InboundCall
from hub.inbox.verifying import check_shape
from hub.metrics import count_duplicate
from hub.stores.models import PosConnection


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


@transaction.atomic
def keep(*, source: str, event_id: str, body: bytes) -> bool:
    """Store an authentic call and publish InboundReceived; False when it was here before.

    Raises BadRequest in one of its forms for a body that is not ``{"type", "data"}``.
    """
    value = load_object(body)
    check_shape(value)
    call, is_new = InboundCall.objects.get_or_create(
        source=source, event_id=event_id, defaults={"body": body.decode()}
    )
    if is_new:
        publish(InboundReceived(call_id=call.pk, source=source, kind=value["type"]))
    else:
        count_duplicate(source)
    return is_new


@transaction.atomic
def keep_said(*, source: str, said: Sequence[Said]) -> bool:
    """Store what an authentic call says, each thing once; False when all were here before."""
    new = [keep(source=source, event_id=one.event_id, body=one.canonical()) for one in said]
    return any(new)
