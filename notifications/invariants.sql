-- name: message_settled | A message that is done has an outcome, and none that is parked went well.
SELECT id, outcome
FROM notifications_message
WHERE (state = 'done'
        AND outcome IN ('created', 'deferred', 'submitting', 'retry_wait', 'ambiguous'))
   OR (state = 'parked' AND outcome IN ('accepted', 'sent', 'delivered', 'canceled', 'unknown'));

-- name: message_accepted_told_once | An accepted message has exactly one fact that says so.
SELECT message.id, count(fact.id) AS facts
FROM notifications_message AS message
LEFT JOIN events_fact AS fact
    ON fact.subject = coalesce('order:' || message.order_id, '')
    AND fact.name = 'message.accepted'
    AND (fact.data ->> 'message_id')::bigint = message.id
WHERE message.accepted_at IS NOT NULL
GROUP BY message.id
HAVING count(fact.id) <> 1;

-- name: message_not_sent_told | A message that was not sent has a fact that says so.
SELECT message.id, message.outcome
FROM notifications_message AS message
WHERE message.outcome IN (
    'suppressed', 'canceled', 'expired', 'failed', 'dead', 'undelivered')
  AND NOT EXISTS (
      SELECT 1 FROM events_fact AS fact
      WHERE fact.subject = coalesce('order:' || message.order_id, '')
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

-- name: message_delivered_timed | Exactly the delivered messages have a time of delivery; only such can have come too late.
SELECT id, outcome
FROM notifications_message
WHERE (outcome = 'delivered') <> (delivered_at IS NOT NULL)
   OR (stale_at IS NOT NULL AND delivered_at IS NULL);

-- name: message_receipts_folded | The best that a matched receipt says of a message is its outcome.
SELECT receipt.id, receipt.status, message.outcome
FROM notifications_receipt AS receipt
JOIN notifications_message AS message ON message.id = receipt.message_id
WHERE (receipt.status = 'delivered' AND message.outcome <> 'delivered')
   OR (receipt.status IN ('undelivered', 'failed')
        AND message.outcome NOT IN ('undelivered', 'delivered'));

-- name: receipt_matched_has_message | A receipt is matched if and only if its message is known.
SELECT id FROM notifications_receipt WHERE matched <> (message_id IS NOT NULL);

-- name: message_followed_up | What stands in for a message was written by following it up.
SELECT follower.id
FROM notifications_message AS follower
JOIN notifications_message AS first ON first.id = follower.follows_id
WHERE first.followed_at IS NULL OR first.purpose <> follower.purpose
   OR first.subject <> follower.subject;

-- name: message_not_chased | Nothing waits to leave in place of what has arrived, and nobody is to call about it.
SELECT follower.id
FROM notifications_message AS follower
JOIN notifications_message AS first ON first.id = follower.follows_id
WHERE first.outcome = 'delivered' AND follower.state = 'pending'
  AND follower.outcome IN ('created', 'deferred', 'retry_wait')
UNION ALL
SELECT task.message_id
FROM notifications_calltask AS task
JOIN notifications_message AS message ON message.id = task.message_id
WHERE task.closed_at IS NULL AND message.outcome = 'delivered';

-- name: message_failure_followed | A failure that must be followed up was, once its reaction was carried out.
SELECT message.id, message.purpose
FROM notifications_message AS message
JOIN events_fact AS fact
    ON fact.subject = 'order:' || message.order_id
    AND fact.name = 'message.not_sent'
    AND (fact.data ->> 'message_id')::bigint = message.id
JOIN events_delivery AS delivery
    ON delivery.fact_id = fact.id
    AND delivery.handler = 'notifications.reaching.handlers.follow_at_once'
    AND delivery.state = 'done'
WHERE message.outcome IN ('undelivered', 'failed', 'dead')
  AND message.purpose IN ('ready', 'substitutes_offered', 'move_offered')
  AND message.followed_at IS NULL;

-- name: call_told_once | Each call that a store was asked for has exactly one fact that says so.
SELECT task.id, count(fact.id) AS facts
FROM notifications_calltask AS task
LEFT JOIN events_fact AS fact
    ON fact.subject = 'order:' || task.order_id
    AND fact.name = 'fulfillment.customer_not_reached'
    AND (fact.data ->> 'task_id')::bigint = task.id
GROUP BY task.id
HAVING count(fact.id) <> 1;

-- name: call_closed_with_outcome | A call is closed by somebody and with what came of it.
SELECT id
FROM notifications_calltask
WHERE closed_at IS NOT NULL
  AND (outcome IN ('', 'no_answer') OR closed_by = '');

-- name: message_words_dropped_whole | Of dropped words nothing but their seal is left.
SELECT id FROM notifications_message WHERE words_seal <> '' AND title <> '';

-- name: message_words_were_published | A message keeps a version of its own purpose and channel that has been in force, with the words it was published with.
SELECT message.id, version.id AS version
FROM notifications_message AS message
JOIN notifications_templateversion AS version ON version.id = message.template_version_id
WHERE version.state = 'draft'
   OR (version.purpose, version.channel) <> (message.purpose, message.channel)
   OR version.digest
      <> encode(sha256(convert_to(version.title || E'\n' || version.body, 'UTF8')), 'hex');
