"""The statements behind the pulse of the boards: what stands on each, counted and signed.

Each returns rows of store, board, how many and the sum of their signs. A sign is a hash of what
a board shows of a row. What depends on the time is a column of the hash: so the pulse changes
when a deadline passes. Kept equal to ``orders.picking.queue`` (bands of the promise) and
``orders.admin.exceptions`` (what needs a person), whose tests compare them.
"""

from __future__ import annotations

LIVE_PARTS = """
SELECT part.store_id, board.name, count(*),
       sum(hash_record_extended((part.id, part.version, board.band), 0))
FROM orders_fulfillmentorder part
CROSS JOIN LATERAL (VALUES
    ('pick', part.status <> 'ready',
     (part.promised_at <= %(now)s)::int + (%(now)s >= part.created_at
         + 0.8 * (part.promised_at - part.created_at))::int),
    ('ready', part.status = 'ready',
     (part.expires_at < %(now)s)::int
         + (part.expires_at < %(now)s + interval '15 minutes')::int),
    ('exceptions',
     CASE WHEN part.status = 'ready' THEN part.expires_at < %(now)s
          ELSE part.promised_at < %(now)s OR (part.status IN ('proposed', 'accepted')
               AND part.promised_at < %(now)s + interval '15 minutes') END,
     (part.promised_at < %(now)s)::int)
) AS board (name, stands, band)
WHERE part.status IN ('proposed', 'accepted', 'picking', 'picked', 'ready')
  AND (%(stores)s::bigint[] IS NULL OR part.store_id = ANY(%(stores)s))
  AND board.stands
GROUP BY part.store_id, board.name
"""

VISITS = """
SELECT visit.store_id, board.name, count(DISTINCT board.counted), sum(board.sign)
FROM orders_visit visit
LEFT JOIN orders_visitpickup pickup ON pickup.visit_id = visit.id AND pickup.active
LEFT JOIN orders_fulfillmentorder part ON part.id = pickup.fulfillment_id
CROSS JOIN LATERAL (VALUES
    ('arrivals', true,
     CASE WHEN visit.status IN ('arrived', 'being_served') THEN visit.id END,
     hash_record_extended((visit.id, visit.version, visit.claimed_at, visit.missing_at,
         visit.spot_asked_at, visit.spot_id, pickup.id, part.version), 0)),
    ('exceptions',
     visit.status = 'arrived' AND visit.arrived_at < %(now)s - interval '5 minutes'
         AND part.status IN ('proposed', 'accepted', 'picking', 'picked', 'ready'),
     pickup.id, hash_record_extended((visit.id, pickup.id), 0))
) AS board (name, stands, counted, sign)
WHERE visit.status IN ('on_my_way', 'nearby', 'arrived', 'being_served')
  AND (%(stores)s::bigint[] IS NULL OR visit.store_id = ANY(%(stores)s))
  AND board.stands
GROUP BY visit.store_id, board.name
"""

# What else needs a person. Whether a part that a store turned down has found another one shows in
# the last rejections at once, and in PROGRESS soon after.
CASES = """
SELECT rest.store_id, 'exceptions', sum(rest.units), sum(hash_record_extended(
    (rest.kind, rest.id, rest.mark), 0))
FROM (
    SELECT part.store_id, 1 AS kind, part.id, code.failures AS mark, 1 AS units
    FROM orders_fulfillmentorder part JOIN orders_pickupcode code ON code.fulfillment_id = part.id
    WHERE part.status = 'ready' AND code.failures >= 5
    UNION ALL
    SELECT DISTINCT part.store_id, 2, block.id, 0, 1
    FROM orders_block block
    JOIN orders_order whole ON whole.id = block.order_id AND whole.status = 'open'
    JOIN orders_fulfillmentorder part ON part.order_id = block.order_id
    WHERE block.lifted_at IS NULL AND block.reason <> 'move'
    UNION ALL
    SELECT part.store_id, 3, offer.id, 0, 1
    FROM orders_moveoffer offer JOIN orders_fulfillmentorder part ON part.id = offer.fulfillment_id
    WHERE offer.state = 'open'
    UNION ALL
    SELECT part.store_id, 4, mark.id, (part.accept_by <= %(now)s)::int, 1
    FROM orders_fulfillmentorder part JOIN orders_clockmark mark
      ON mark.fulfillment_id = part.id AND mark.kind = 'accept_overdue'
    WHERE part.status = 'proposed'
    UNION ALL
    SELECT store_id, 5, id, 0, 1 FROM inventory_shortfallcase WHERE closed_at IS NULL
    UNION ALL
    SELECT task.store_id, 6, task.id, 0, 1
    FROM inventory_recall recall JOIN inventory_pulltask task ON task.recall_id = recall.id
    WHERE recall.closed_at IS NULL AND task.done_at IS NULL
    UNION ALL
    SELECT part.store_id, 7, complaint.id, 0, 1
    FROM orders_complaint complaint
    JOIN orders_fulfillmentorder part ON part.id = complaint.fulfillment_id
    WHERE complaint.answered_at IS NULL
    UNION ALL
    SELECT part.store_id, 8, zone.id, 0, 1
    FROM orders_zonepick zone JOIN orders_fulfillmentorder part ON part.id = zone.fulfillment_id
    WHERE zone.out_since IS NOT NULL AND zone.in_since IS NULL
      AND part.status IN ('picking', 'picked') AND zone.out_since < %(now)s
          - CASE zone.zone WHEN 'frozen' THEN interval '10 minutes'
                           WHEN 'chilled' THEN interval '20 minutes' END
    UNION ALL
    SELECT part.store_id, 9, round.id, 0, 1
    FROM orders_substitutionround round
    JOIN orders_fulfillmentorder part ON part.id = round.fulfillment_id
    WHERE round.closed_at IS NULL AND round.deadline < %(now)s - interval '5 minutes'
    UNION ALL
    SELECT connected.store_id, 10, breaker.id, 0, 1
    FROM events_breaker breaker JOIN stores_posconnection connected
      ON connected.active AND breaker.key = 'pos:' || connected.store_id
    WHERE breaker.state <> 'closed' AND breaker.opened_at IS NOT NULL
    UNION ALL
    SELECT connected.store_id, 11, delivery.id, 0, 1
    FROM events_delivery delivery JOIN stores_posconnection connected
      ON connected.active AND delivery.lane = 'pos:' || connected.store_id
    WHERE delivery.state = 'parked'
    UNION ALL
    SELECT store_id, 12, id, 0, 0 FROM orders_rejection
    WHERE rejected_at > %(now)s - interval '10 minutes'
) AS rest
WHERE (%(stores)s::bigint[] IS NULL OR rest.store_id = ANY(%(stores)s))
GROUP BY rest.store_id
"""

# How far the pickers are, and who has which zone; and the parts that no store works on.
PROGRESS = """
SELECT part.store_id, 'pick', 0, sum(hash_record_extended((work.kind, work.id, work.mark), 0))
FROM orders_fulfillmentorder part
CROSS JOIN LATERAL (
    SELECT 1 AS kind, line.id, line.picked + 1000003 * line.short::bigint AS mark
    FROM orders_fulfillmentline line
    WHERE line.fulfillment_id = part.id AND part.status = 'picking'
    UNION ALL
    SELECT 2, zone.id, zone.picker_id FROM orders_zonepick zone
    WHERE zone.fulfillment_id = part.id AND zone.claimed_until > %(now)s
) AS work
WHERE part.status IN ('proposed', 'accepted', 'picking', 'picked')
  AND (%(stores)s::bigint[] IS NULL OR part.store_id = ANY(%(stores)s))
GROUP BY part.store_id
UNION ALL
SELECT part.store_id, 'exceptions', count(*), sum(hash_record_extended((part.id, 1), 0))
FROM orders_fulfillmentorder part
JOIN orders_order whole ON whole.id = part.order_id AND whole.status = 'open'
WHERE part.status = 'rejected'
  AND (%(stores)s::bigint[] IS NULL OR part.store_id = ANY(%(stores)s))
  AND NOT EXISTS (SELECT 1 FROM orders_fulfillmentorder other
                  WHERE other.order_id = part.order_id AND other.replaces_id = part.id)
  AND NOT EXISTS (SELECT 1 FROM orders_moveoffer offer
                  WHERE offer.fulfillment_id = part.id AND offer.state = 'open')
GROUP BY part.store_id
"""

SPOTS = """
SELECT rest.store_id, 'arrivals', 0, sum(rest.sign) FROM (
    SELECT store_id, hash_record_extended((1, id), 0) AS sign
    FROM orders_strayarrival WHERE seen_at IS NULL
    UNION ALL
    SELECT store_id, hash_record_extended((2, id, label, active, closed_for), 0)
    FROM orders_spot
) AS rest
WHERE (%(stores)s::bigint[] IS NULL OR rest.store_id = ANY(%(stores)s))
GROUP BY rest.store_id
"""
