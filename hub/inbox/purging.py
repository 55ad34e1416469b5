"""Old inbound calls are deleted: they may hold personal data and have long been understood."""

from __future__ import annotations

from hub.events.retention import delete_in_batches

CALL_DAYS = 30

# A call whose deliveries are still open is kept: its handler has not read it yet.
_OLD_CALLS = """
WITH open AS (
    SELECT (fact.data ->> 'call_id')::bigint AS call_id
    FROM events_delivery AS delivery JOIN events_fact AS fact ON fact.id = delivery.fact_id
    WHERE delivery.state <> 'done' AND fact.name = 'inbound.received'
)
DELETE FROM inbox_inboundcall WHERE id IN (
    SELECT call.id FROM inbox_inboundcall AS call
    WHERE call.received_at < statement_timestamp() - make_interval(days => %s)
      AND NOT EXISTS (SELECT 1 FROM open WHERE open.call_id = call.id)
    LIMIT %s)
"""


def purge_calls() -> int:
    """Delete calls received 30 days ago or earlier that nothing waits for any more."""
    return delete_in_batches(_OLD_CALLS, CALL_DAYS)
