-- name: ledger_sums_to_the_balance | each stock level is the sum of its ledger lines
SELECT store_id, item_id, sum(on_hand) AS on_hand_off_by, sum(allocated) AS allocated_off_by,
    sum(unavailable) AS unavailable_off_by
FROM (
    SELECT store_id, item_id, on_hand, allocated, unavailable FROM inventory_stocklevel
    UNION ALL
    SELECT store_id, item_id, -sum(on_hand_change), -sum(allocated_change),
        -sum(unavailable_change)
    FROM inventory_inventoryevent GROUP BY store_id, item_id
) AS entries
GROUP BY store_id, item_id
HAVING sum(on_hand) <> 0 OR sum(allocated) <> 0 OR sum(unavailable) <> 0;

-- name: unavailable_units_sum_to_the_level | damaged, checked, shown and recalled units add up
SELECT store_id, item_id, sum(units) AS off_by
FROM (
    SELECT store_id, item_id, unavailable AS units FROM inventory_stocklevel
    WHERE unavailable <> 0
    UNION ALL
    SELECT store_id, item_id, -greatest(0, units) FROM inventory_unavailableunits
) AS entries
GROUP BY store_id, item_id
HAVING sum(units) <> 0;

-- name: only_an_empty_shelf_owes_units | a deficit stands where nothing is left
SELECT store_id, item_id, on_hand, deficit
FROM inventory_stocklevel
WHERE deficit < 0 OR (deficit > 0 AND on_hand > 0);

-- name: promises_are_covered | nothing is promised that is not there, unless a shortfall is open
SELECT level.store_id, level.item_id, level.on_hand, level.unavailable, level.allocated, level.held
FROM inventory_stocklevel AS level
WHERE level.allocated + level.held > greatest(0, level.on_hand - level.unavailable)
  AND NOT EXISTS (
    SELECT 1 FROM inventory_shortfallcase AS shortfall
    WHERE shortfall.store_id = level.store_id AND shortfall.item_id = level.item_id
      AND shortfall.closed_at IS NULL);

-- name: allocations_sum_to_the_level | what orders still have is what the level says is allocated
SELECT store_id, item_id, sum(units) AS off_by
FROM (
    SELECT store_id, item_id, allocated AS units FROM inventory_stocklevel WHERE allocated <> 0
    UNION ALL
    SELECT store_id, item_id, -sum(quantity - released - handed_off)
    FROM inventory_allocation WHERE quantity > released + handed_off
    GROUP BY store_id, item_id
) AS entries
GROUP BY store_id, item_id
HAVING sum(units) <> 0;

-- name: holds_sum_to_the_level | what active holds set aside is what the level says is held
SELECT store_id, item_id, sum(units) AS off_by
FROM (
    SELECT store_id, item_id, held AS units FROM inventory_stocklevel WHERE held <> 0
    UNION ALL
    SELECT hold.store_id, line.item_id, -sum(line.quantity)
    FROM inventory_hold AS hold JOIN inventory_holdline AS line ON line.hold_id = hold.id
    WHERE hold.status = 'active'
    GROUP BY hold.store_id, line.item_id
) AS entries
GROUP BY store_id, item_id
HAVING sum(units) <> 0;

-- name: holds_end_in_time | no hold is active more than five minutes after its time was over
SELECT public_id, store_id, expires_at
FROM inventory_hold
WHERE status = 'active' AND expires_at < now() - interval '5 minutes';

-- name: superseded_lines_change_nothing | a ledger line that does not hold leaves stock alone
SELECT id, source, source_event_id, on_hand_change, allocated_change
FROM inventory_inventoryevent
WHERE superseded AND (on_hand_change <> 0 OR allocated_change <> 0);

-- name: ledger_lines_name_what_is_there | each ledger line is of a store and an item of the hub
SELECT id, source, source_event_id, store_id, item_id
FROM inventory_inventoryevent
WHERE store_id NOT IN (SELECT id FROM stores_store)
   OR item_id NOT IN (SELECT id FROM inventory_item);

-- name: stopped_follows_the_stops | a level is marked as stopped while a stop for all channels holds
SELECT level.store_id, level.item_id, level.stopped
FROM inventory_stocklevel AS level
WHERE level.stopped AND NOT EXISTS (
    SELECT FROM inventory_salesstop AS stop
    WHERE stop.item_id = level.item_id AND stop.channel_id IS NULL
      AND (stop.store_id IS NULL OR stop.store_id = level.store_id))
UNION ALL
SELECT level.store_id, level.item_id, level.stopped
FROM inventory_salesstop AS stop
JOIN inventory_stocklevel AS level ON level.item_id = stop.item_id
    AND (stop.store_id IS NULL OR stop.store_id = level.store_id)
WHERE stop.channel_id IS NULL AND NOT level.stopped;

-- name: open_recalls_stop_the_sale | nothing is sold where an open recall is still to be pulled
SELECT recall.public_id, task.store_id
FROM inventory_recall AS recall
LEFT JOIN inventory_pulltask AS task ON task.recall_id = recall.id AND task.done_at IS NULL
WHERE recall.closed_at IS NULL AND (recall.lot = '' OR task.id IS NOT NULL)
  AND NOT EXISTS (
    SELECT FROM inventory_salesstop AS stop
    WHERE stop.item_id = recall.item_id AND stop.channel_id IS NULL AND stop.reason = 'recalled'
      AND (stop.store_id IS NULL OR recall.lot <> '' AND stop.store_id = task.store_id));
