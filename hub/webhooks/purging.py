"""Old events and calls are deleted, so that the tables stay as large as three months."""

from __future__ import annotations

from hub.events.retention import delete_in_batches

EVENT_DAYS = 90

# Only the oldest stretch of a feed goes, so that what is left has no gaps; a call that is still
# tried keeps its event and all later ones.
_OLD_EVENTS = """
WITH kept AS (
    SELECT feed.channel_id, coalesce(
        (SELECT min(event.position) FROM webhooks_channelevent AS event
         WHERE event.channel_id = feed.channel_id
           AND (event.occurred_at >= statement_timestamp() - make_interval(days => %s)
                OR EXISTS (SELECT 1 FROM webhooks_webhookcall AS call
                           WHERE call.event_id = event.id AND call.state = 'pending'))),
        feed.last_position + 1) AS first
    FROM webhooks_channelfeed AS feed
), doomed AS (
    SELECT event.id FROM webhooks_channelevent AS event
    JOIN kept ON kept.channel_id = event.channel_id AND event.position < kept.first
    ORDER BY event.position LIMIT %s
), calls AS (
    DELETE FROM webhooks_webhookcall WHERE event_id IN (SELECT id FROM doomed)
)
DELETE FROM webhooks_channelevent WHERE id IN (SELECT id FROM doomed)
"""


def purge_events() -> int:
    """Delete events older than 90 days from the old end of each feed, with their calls."""
    return delete_in_batches(_OLD_EVENTS, EVENT_DAYS)
