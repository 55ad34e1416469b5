-- name: message_settled | A message that is done has an outcome.
SELECT id, outcome
FROM notifications_message
WHERE state = 'done' AND outcome IN ('created', 'submitting', 'ambiguous');

-- name: message_accepted_told_once | An accepted message has exactly one fact that says so.
SELECT message.id, count(fact.id) AS facts
FROM notifications_message AS message
LEFT JOIN events_fact AS fact
    ON fact.subject = 'order:' || message.order_id
    AND fact.name = 'message.accepted'
    AND (fact.data ->> 'message_id')::bigint = message.id
WHERE message.accepted_at IS NOT NULL
GROUP BY message.id
HAVING count(fact.id) <> 1;

-- name: message_not_sent_told | A message that was not sent has a fact that says so.
SELECT message.id, message.outcome
FROM notifications_message AS message
WHERE message.outcome IN ('suppressed', 'canceled', 'expired', 'failed', 'undelivered')
  AND NOT EXISTS (
      SELECT 1 FROM events_fact AS fact
      WHERE fact.subject = 'order:' || message.order_id
        AND fact.name = 'message.not_sent'
        AND (fact.data ->> 'message_id')::bigint = message.id
  );

-- name: message_accepted_has_words | What a provider took over had words, a template and an address channel.
SELECT id
FROM notifications_message
WHERE accepted_at IS NOT NULL AND (template = '' OR channel = '' OR provider = '');

-- name: ready_is_told | No ready pickup whose telling was carried out lacks its message.
SELECT fact.id
FROM events_fact AS fact
JOIN events_delivery AS delivery
    ON delivery.fact_id = fact.id
    AND delivery.handler = 'notifications.handlers.tell_ready'
    AND delivery.state = 'done'
WHERE fact.name = 'fulfillment.ready_for_pickup'
  AND NOT EXISTS (
      SELECT 1 FROM notifications_message AS message
      WHERE message.subject = 'fulfillment:' || (fact.data ->> 'fulfillment_id')
        AND message.purpose = 'ready'
  );
