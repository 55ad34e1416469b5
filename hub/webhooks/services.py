"""Telling a site: one event in its feed, one call to each of its endpoints."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from hub.errors import Invalid
from hub.events.outbox import OutsideTransaction, wake_on_commit
from hub.webhooks.models import ChannelEvent

MAX_BODY_BYTES = 20_000

# The feed's row stays locked from here on: who appends to a channel does so one after another.
_LOCK_FEED = """
INSERT INTO webhooks_channelfeed (channel_id, last_position) VALUES (%s, 0)
ON CONFLICT (channel_id) DO UPDATE SET last_position = webhooks_channelfeed.last_position
RETURNING last_position
"""

_APPEND = """
WITH event AS (
    INSERT INTO webhooks_channelevent (public_id, channel_id, position, type, occurred_at, data)
    SELECT public_id, %(channel_id)s, position, type, occurred_at, data
    FROM json_to_recordset(%(events)s) AS asked (
        public_id text, position bigint, type text, occurred_at timestamptz, data jsonb)
    ORDER BY position
    RETURNING id
), moved AS (
    UPDATE webhooks_channelfeed SET last_position = %(last)s WHERE channel_id = %(channel_id)s
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
SELECT count(*) FROM event
"""


def announce(
    *,
    channel_id: int,
    event_id: str,
    type: str,  # noqa: A002  the word of the Standard Webhooks specification
    occurred_at: datetime,
    data: dict[str, Any],
) -> ChannelEvent:
    """Append one event as ``announce_all`` does, and return it; the same ``event_id`` again
    changes nothing and returns the first event."""
    announce_all(
        [
            ChannelEvent(
                public_id=event_id,
                channel_id=channel_id,
                type=type,
                occurred_at=occurred_at,
                data=data,
            )
        ]
    )
    return ChannelEvent.objects.get(public_id=event_id)


def announce_all(events: Sequence[ChannelEvent]) -> None:
    """Append events to their channels' feeds and queue a call to each of the endpoints.

    Each has the next position of its channel, without gaps and visible in order: the feeds' rows
    stay locked until the surrounding transaction ends. Events that are there already change
    nothing. ``data`` holds public ids and plain values. The call to an endpoint that is switched
    off is parked, to be replayed when it is back. Three statements for each channel, however many
    events. Raises Invalid when a call would be larger than 20 kB, OutsideTransaction without one.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{events[0].type} announced outside a transaction")
    by_channel: dict[int, list[ChannelEvent]] = defaultdict(list)
    for event in events:
        if len(body_of(event)) > MAX_BODY_BYTES:
            raise Invalid(f"{event.type} is too large for a webhook")
        by_channel[event.channel_id].append(event)
    for channel_id, rows in sorted(by_channel.items()):
        _append(channel_id, rows)
    wake_on_commit()


def _append(channel_id: int, events: Sequence[ChannelEvent]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_FEED, [channel_id])
        (last,) = cursor.fetchone()
        wanted = {event.public_id: event for event in events}  # each once
        known = ChannelEvent.objects.filter(public_id__in=wanted)
        for public_id in known.values_list("public_id", flat=True):
            del wanted[public_id]
        for event in wanted.values():
            last += 1
            event.position = last
        if wanted:
            rows = json.dumps([_row(event) for event in wanted.values()])
            cursor.execute(_APPEND, {"channel_id": channel_id, "events": rows, "last": last})


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
        "public_id": event.public_id,
        "position": event.position,
        "type": event.type,
        "occurred_at": event.occurred_at.isoformat(),
        "data": event.data,
    }
