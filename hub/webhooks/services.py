"""Telling a site: one event in its feed, one call to each of its endpoints."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from hub.errors import Invalid
from hub.events.outbox import OutsideTransaction, wake_on_commit
from hub.webhooks.models import ChannelEvent

MAX_BODY_BYTES = 20_000

_NEXT_POSITION = """
INSERT INTO webhooks_channelfeed (channel_id, last_position) VALUES (%s, 1)
ON CONFLICT (channel_id) DO UPDATE SET last_position = webhooks_channelfeed.last_position + 1
RETURNING last_position
"""

_APPEND = """
WITH event AS (
    INSERT INTO webhooks_channelevent (public_id, channel_id, position, type, occurred_at, data)
    VALUES (%(event_id)s, %(channel_id)s, %(position)s, %(type)s, %(occurred_at)s, %(data)s)
    ON CONFLICT (public_id) DO NOTHING
    RETURNING id
), calls AS (
    INSERT INTO webhooks_webhookcall
        (event_id, endpoint_id, lane, ordering_key, attempts, state, last_error, finished_at)
    SELECT event.id, endpoint.id, 'webhook:' || endpoint.public_id, '', 0,
        CASE WHEN active THEN 'pending' ELSE 'parked' END,
        CASE WHEN active THEN '' ELSE 'endpoint disabled: ' || disabled_reason END,
        CASE WHEN active THEN NULL ELSE statement_timestamp() END
    FROM event, webhooks_webhookendpoint AS endpoint
    WHERE endpoint.channel_id = %(channel_id)s
)
SELECT id FROM event
"""

_GIVE_BACK = (
    "UPDATE webhooks_channelfeed SET last_position = last_position - 1 WHERE channel_id = %s"
)


def announce(
    *,
    channel_id: int,
    event_id: str,
    type: str,  # noqa: A002  the word of the Standard Webhooks specification
    occurred_at: datetime,
    data: dict[str, Any],
) -> ChannelEvent:
    """Append an event to a channel's feed and queue a call to each of its endpoints.

    The event has the next position of its channel, without gaps and visible in order: the
    feed's row stays locked until the surrounding transaction ends. The same ``event_id`` again
    changes nothing and returns the first event. ``data`` holds public ids and plain values. The
    call to an endpoint that is switched off is parked, to be replayed when it is back.
    Raises Invalid when the call would be larger than 20 kB, OutsideTransaction without one.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{type} announced outside a transaction")
    event = ChannelEvent(
        public_id=event_id, channel_id=channel_id, type=type, occurred_at=occurred_at, data=data
    )
    if len(body_of(event)) > MAX_BODY_BYTES:
        raise Invalid(f"{type} is too large for a webhook")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NEXT_POSITION, [channel_id])
        event.position = cursor.fetchone()[0]
        cursor.execute(_APPEND, _row(event))
        created = cursor.fetchone()
        if created is None:
            cursor.execute(_GIVE_BACK, [channel_id])
            return ChannelEvent.objects.get(public_id=event_id)
        event.pk = created[0]
    event._state.adding = False
    wake_on_commit()
    return event


def body_of(event: ChannelEvent, *, data: dict[str, Any] | None = None) -> bytes:
    """The bytes of a webhook call: the same for every try, whatever process sends them.

    ``data`` stands in for the event's own, where a person has edited it.
    """
    value = {
        "id": event.public_id,
        "type": event.type,
        "timestamp": event.occurred_at.isoformat(),
        "data": event.data if data is None else data,
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _row(event: ChannelEvent) -> dict[str, Any]:
    return {
        "event_id": event.public_id,
        "channel_id": event.channel_id,
        "position": event.position,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "data": json.dumps(event.data),
    }
