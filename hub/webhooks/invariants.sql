-- name: feed_positions_are_gapless | the positions kept of a channel's feed follow one another
SELECT channel_id, min(position) AS first, max(position) AS last, count(*) AS events
FROM webhooks_channelevent
GROUP BY channel_id
HAVING max(position) - min(position) + 1 <> count(*);

-- name: feed_counter_is_its_last_event | a channel's counter stands at the last event of its feed
SELECT event.channel_id, max(event.position) AS last, min(feed.last_position) AS counter
FROM webhooks_channelevent AS event
LEFT JOIN webhooks_channelfeed AS feed ON feed.channel_id = event.channel_id
GROUP BY event.channel_id
HAVING min(feed.last_position) IS DISTINCT FROM max(event.position);

-- name: each_endpoint_has_a_call_per_event | from its first event on an endpoint misses none
SELECT event.id AS event_id, since.endpoint_id
FROM (SELECT call.endpoint_id, told.channel_id, min(told.position) AS first
      FROM webhooks_webhookcall AS call
      JOIN webhooks_channelevent AS told ON told.id = call.event_id
      GROUP BY call.endpoint_id, told.channel_id) AS since
JOIN webhooks_channelevent AS event
  ON event.channel_id = since.channel_id AND event.position > since.first
WHERE NOT EXISTS (SELECT 1 FROM webhooks_webhookcall AS call
                  WHERE call.event_id = event.id AND call.endpoint_id = since.endpoint_id);
