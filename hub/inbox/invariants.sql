-- name: kept_calls_were_told | every call in the inbox has been published as a fact
SELECT call.id, call.source, call.event_id
FROM inbox_inboundcall AS call
LEFT JOIN events_fact AS fact
  ON fact.name = 'inbound.received' AND (fact.data ->> 'call_id')::bigint = call.id
WHERE fact.id IS NULL;
