-- name: order_number_once_per_channel | A site's order number belongs to one order.
SELECT channel_id, is_test, external_id, count(*) AS orders
FROM orders_order
GROUP BY channel_id, is_test, external_id
HAVING count(*) > 1;

-- name: no_more_set_aside_than_ordered | What all stores set aside for a line, with its substitutes, is no more than was bought and not canceled; of weighed goods a tenth more.
SELECT line.id AS order_line_id, line.quantity, line.canceled, sum(work.allocated - work.short) AS set_aside
FROM orders_orderline AS line
JOIN orders_fulfillmentline AS work ON work.order_line_id = line.id
JOIN orders_fulfillmentorder AS part ON part.id = work.fulfillment_id
JOIN inventory_item AS item ON item.id = line.item_id
WHERE part.status NOT IN ('rejected', 'canceled', 'expired')
GROUP BY line.id, item.unit
HAVING sum(work.allocated - work.short) > line.quantity - line.canceled
    + CASE item.unit WHEN 'gram' THEN line.quantity / 10 ELSE 0 END;

-- name: open_order_is_in_somebodys_hands | Every open order has a part that is under way, or an open block that calls for a person.
SELECT shop_order.id AS order_id
FROM orders_order AS shop_order
WHERE shop_order.status = 'open'
  AND NOT EXISTS (
    SELECT FROM orders_fulfillmentorder AS part
    WHERE part.order_id = shop_order.id
      AND part.status IN ('proposed', 'accepted', 'picking', 'picked', 'ready'))
  AND NOT EXISTS (
    SELECT FROM orders_block AS block
    WHERE block.order_id = shop_order.id AND block.lifted_at IS NULL);

-- name: ended_order_has_no_part_under_way | No store works on an order that is over.
SELECT shop_order.id AS order_id, part.id AS fulfillment_id, part.status
FROM orders_order AS shop_order
JOIN orders_fulfillmentorder AS part ON part.order_id = shop_order.id
WHERE shop_order.status <> 'open'
  AND part.status IN ('proposed', 'accepted', 'picking', 'picked', 'ready');

-- name: completed_order_was_handed_over | A completed order has a part that was given to the customer, a canceled one has none.
SELECT shop_order.id AS order_id, shop_order.status
FROM orders_order AS shop_order
WHERE shop_order.status <> 'open'
  AND (shop_order.status = 'completed') <> EXISTS (
    SELECT FROM orders_fulfillmentorder AS part
    WHERE part.order_id = shop_order.id AND part.status = 'completed');

-- name: work_agrees_with_stock | What a part still needs, or has to put back, is what inventory has set aside for it.
SELECT coalesce(work.reference, stock.reference) AS reference, work.units AS needed, stock.units AS set_aside
FROM (
    SELECT part.public_id AS reference, line.item_id,
        sum(CASE WHEN part.status IN ('proposed', 'accepted', 'picking', 'picked', 'ready')
            THEN line.allocated - line.short ELSE 0 END + line.to_put_back) AS units
    FROM orders_fulfillmentorder AS part
    JOIN orders_fulfillmentline AS line ON line.fulfillment_id = part.id
    GROUP BY part.public_id, line.item_id
) AS work
FULL JOIN (
    SELECT reference, item_id, quantity - released - handed_off AS units
    FROM inventory_allocation
    WHERE starts_with(reference, 'ful_')
) AS stock ON stock.reference = work.reference AND stock.item_id = work.item_id
WHERE coalesce(work.units, 0) <> coalesce(stock.units, 0);

-- name: pickup_is_active_with_its_visit | A visit that is under way has come for something, and one that is over for nothing more.
SELECT visit.id AS visit_id, visit.status
FROM orders_visit AS visit
WHERE (visit.status IN ('on_my_way', 'nearby', 'arrived', 'being_served')) <> EXISTS (
    SELECT FROM orders_visitpickup AS pickup WHERE pickup.visit_id = visit.id AND pickup.active);

-- name: part_is_in_one_visit | Nobody can collect the same part on two visits at once.
SELECT fulfillment_id, count(*) AS visits
FROM orders_visitpickup
WHERE active
GROUP BY fulfillment_id
HAVING count(*) > 1;

-- name: status_has_its_times | A part carries the time of every stage it has passed, in their order.
SELECT id AS fulfillment_id, status
FROM orders_fulfillmentorder
WHERE (status IN ('accepted', 'picking', 'picked', 'ready', 'completed', 'expired') AND accepted_at IS NULL)
   OR (status IN ('picked', 'ready', 'completed', 'expired') AND picked_at IS NULL)
   OR (status IN ('ready', 'completed', 'expired') AND (ready_at IS NULL OR expires_at IS NULL))
   OR ((status = 'completed') <> (completed_at IS NOT NULL))
   OR picked_at < accepted_at OR ready_at < picked_at OR completed_at < ready_at;

-- name: ready_part_has_place_and_code | Ready goods stand somewhere, in bags, and can be asked for with a PIN.
SELECT part.id AS fulfillment_id
FROM orders_fulfillmentorder AS part
LEFT JOIN orders_pickupcode AS code ON code.fulfillment_id = part.id
WHERE part.status IN ('ready', 'completed')
  AND (code.id IS NULL OR part.staging_location = '' OR part.bags = 0);

-- name: hand_off_is_proven | A part is completed exactly when there is proof that something of it was given; one of which all was refused at the curb is canceled.
SELECT part.id AS fulfillment_id, part.status
FROM orders_fulfillmentorder AS part
LEFT JOIN orders_handoff AS proof ON proof.fulfillment_id = part.id
WHERE (part.status = 'completed') <> (proof.id IS NOT NULL)
  AND NOT (part.status = 'canceled' AND NOT EXISTS (
    SELECT FROM orders_handoffline AS told
    WHERE told.hand_off_id = proof.id AND told.outcome = 'given'));

-- name: handed_off_is_what_was_picked | The customer was given all that was picked and not refused, and nothing before the hand-off.
SELECT line.id AS fulfillment_line_id, line.picked, line.handed_off
FROM orders_fulfillmentline AS line
JOIN orders_fulfillmentorder AS part ON part.id = line.fulfillment_id
LEFT JOIN LATERAL (
    SELECT sum(told.units) AS units FROM orders_handoffline AS told
    WHERE told.line_id = line.id AND told.outcome IN ('refused', 'damaged', 'age_refused')
) AS kept ON true
WHERE line.handed_off <> CASE WHEN part.status = 'completed'
    THEN line.picked - coalesce(kept.units, 0) ELSE 0 END;

-- name: proof_accounts_for_every_unit | The outcomes in a proof add up to what was picked of the part, line by line; what is collected later belongs to another part.
SELECT line.id AS fulfillment_line_id, line.picked, sum(told.units) AS told
FROM orders_handoff AS proof
JOIN orders_fulfillmentline AS line ON line.fulfillment_id = proof.fulfillment_id
LEFT JOIN orders_handoffline AS told
    ON told.hand_off_id = proof.id AND told.line_id = line.id AND told.outcome <> 'later'
WHERE EXISTS (SELECT FROM orders_handoffline AS listed WHERE listed.hand_off_id = proof.id)
GROUP BY line.id
HAVING coalesce(sum(told.units), 0) <> line.picked;

-- name: age_was_checked | Nothing with a minimum age was given without a look at a proof of age.
SELECT told.id AS hand_off_line_id
FROM orders_handoffline AS told
JOIN orders_handoff AS proof ON proof.id = told.hand_off_id
JOIN orders_fulfillmentline AS line ON line.id = told.line_id
JOIN inventory_item AS item ON item.id = line.item_id
WHERE told.outcome = 'given' AND item.minimum_age > 0 AND NOT proof.age_checked;

-- name: work_belongs_to_its_order | A part works on lines of its own order, on the items bought or on their substitutes.
SELECT work.id AS fulfillment_line_id
FROM orders_fulfillmentline AS work
JOIN orders_fulfillmentorder AS part ON part.id = work.fulfillment_id
JOIN orders_orderline AS line ON line.id = work.order_line_id
WHERE line.order_id <> part.order_id
   OR (work.stands_for_id IS NULL AND work.item_id <> line.item_id);

-- name: every_order_was_routed | For every order it is known why its store was chosen.
SELECT shop_order.id AS order_id
FROM orders_order AS shop_order
WHERE NOT EXISTS (
    SELECT FROM orders_routingdecision AS decision
    JOIN orders_fulfillmentorder AS part
        ON part.order_id = decision.order_id AND part.store_id = decision.store_id
    WHERE decision.order_id = shop_order.id);

-- name: order_state_has_its_fact | The fact of an order's status was published once.
SELECT shop_order.id AS order_id, must.name
FROM orders_order AS shop_order
JOIN (VALUES ('open', 'order.placed'), ('completed', 'order.placed'), ('canceled', 'order.placed'),
             ('completed', 'order.completed'), ('canceled', 'order.canceled')
) AS must (status, name) ON must.status = shop_order.status
WHERE 1 <> (
    SELECT count(*) FROM events_fact AS fact
    WHERE fact.subject = 'order:' || shop_order.id AND fact.name = must.name);

-- name: fulfillment_state_has_its_fact | The fact of every stage that a part has passed was published once.
SELECT part.id AS fulfillment_id, must.name
FROM orders_fulfillmentorder AS part
CROSS JOIN LATERAL (VALUES
    (true, 'fulfillment.proposed'),
    (part.accepted_at IS NOT NULL, 'fulfillment.accepted'),
    (part.picked_at IS NOT NULL, 'fulfillment.picking_started'),
    (part.picked_at IS NOT NULL, 'fulfillment.picked'),
    (part.ready_at IS NOT NULL, 'fulfillment.ready_for_pickup'),
    (part.status = 'completed', 'fulfillment.handed_off'),
    (part.status = 'rejected', 'fulfillment.rejected'),
    (part.status = 'canceled', 'fulfillment.canceled'),
    (part.status = 'expired', 'fulfillment.expired')
) AS must (passed, name)
WHERE must.passed AND 1 <> (
    SELECT count(*) FROM events_fact AS fact
    WHERE fact.subject = 'order:' || part.order_id AND fact.name = must.name
      AND (fact.data ->> 'fulfillment_id')::bigint = part.id);

-- name: put_backs_agree_with_lines | What a line has to put back is the sum of its open put-back tasks.
SELECT line.id AS fulfillment_line_id, line.to_put_back, coalesce(sum(task.units), 0) AS asked
FROM orders_fulfillmentline AS line
LEFT JOIN orders_putback AS task ON task.line_id = line.id AND task.done_at IS NULL
GROUP BY line.id
HAVING line.to_put_back <> coalesce(sum(task.units), 0);

-- name: window_has_its_place | A part whose customer has yet to come in a window has its place there, and nowhere else.
SELECT part.id AS fulfillment_id, part.window_start, place.start AS place
FROM orders_fulfillmentorder AS part
LEFT JOIN orders_windowbooking AS place ON place.reference = part.public_id
WHERE part.status IN ('proposed', 'accepted', 'picking', 'picked', 'ready')
  AND part.window_start > now()
  AND (place.id IS NULL OR place.start <> part.window_start OR place.store_id <> part.store_id);

-- name: substitute_stands_for_its_own_line | A substitute stands for a line of the same part, for the same thing bought, and was accepted.
SELECT work.id AS fulfillment_line_id
FROM orders_fulfillmentline AS work
JOIN orders_fulfillmentline AS original ON original.id = work.stands_for_id
WHERE original.fulfillment_id <> work.fulfillment_id
   OR original.order_line_id <> work.order_line_id
   OR original.stands_for_id IS NOT NULL
   OR NOT EXISTS (
    SELECT FROM orders_substitutionoffer AS offer
    JOIN orders_fulfillmentline AS asked ON asked.id = offer.line_id
    WHERE offer.outcome = 'accepted' AND offer.item_id = work.item_id
      AND ((offer.supplied_id = work.id AND asked.id = original.id)
        -- what is collected later left the part whose customer was asked
        OR (offer.supplied_id <> work.id AND asked.order_line_id = work.order_line_id
          AND asked.fulfillment_id <> work.fulfillment_id)));

-- name: settled_question_has_all_answers | A question about substitutes is open exactly as long as one of its offers is.
SELECT asked.id AS round_id
FROM orders_substitutionround AS asked
WHERE (asked.closed_at IS NULL) <> EXISTS (
    SELECT FROM orders_substitutionoffer AS offer
    WHERE offer.round_id = asked.id AND offer.outcome = '');

-- name: silence_took_nothing_with_a_warning | Nobody got by silence what he should have been warned of.
SELECT id AS offer_id
FROM orders_substitutionoffer
WHERE outcome = 'accepted' AND answered_by = 'silence'
  AND (on_silence <> 'accept' OR jsonb_array_length(warnings) > 0);

-- name: no_more_returned_than_handed_off | What came back of a line was handed over before.
SELECT line.id AS fulfillment_line_id, line.handed_off, sum(back.units) AS returned
FROM orders_returnedline AS back
JOIN orders_fulfillmentline AS line ON line.id = back.line_id
GROUP BY line.id
HAVING sum(back.units) > line.handed_off;

-- name: refunds_within_what_was_due | The site is told to refund no more of a settled part than was ordered or supplied.
SELECT settled.fulfillment_id, sum(refund.amount_minor) AS refunded
FROM orders_settlement AS settled
JOIN orders_refund AS refund ON refund.fulfillment_id = settled.fulfillment_id
WHERE refund.reason <> 'canceled'
GROUP BY settled.fulfillment_id, settled.ordered_minor, settled.supplied_minor
HAVING sum(refund.amount_minor) > greatest(settled.ordered_minor, settled.supplied_minor);

-- name: changed_amount_was_held_back | A settled part has been ready, and one whose amount changed has waited for the site.
SELECT settled.id AS settlement_id
FROM orders_settlement AS settled
JOIN orders_fulfillmentorder AS part ON part.id = settled.fulfillment_id
WHERE part.ready_at IS NULL
   OR (settled.ordered_minor <> settled.supplied_minor AND settled.block_id IS NULL);

-- name: replaced_parts_have_ended | A part in whose place another came to stand has ended, and only one took its place.
SELECT before.id AS fulfillment_id, before.status, count(*) AS replacements
FROM orders_fulfillmentorder AS part
JOIN orders_fulfillmentorder AS before ON before.id = part.replaces_id
GROUP BY before.id
HAVING before.status <> 'rejected' OR count(*) > 1;

-- name: offers_of_a_move_are_of_parts_that_ended | A customer is asked to move only what the store has rejected and nobody else prepares.
SELECT offer.id AS move_offer_id, part.status
FROM orders_moveoffer AS offer
JOIN orders_fulfillmentorder AS part ON part.id = offer.fulfillment_id
WHERE offer.state = 'open' AND (part.status <> 'rejected' OR EXISTS (
    SELECT FROM orders_fulfillmentorder AS successor WHERE successor.replaces_id = part.id));

-- name: receipt_is_of_its_store | A POS prints receipts for goods of its own store only.
SELECT receipt.id AS receipt_id
FROM orders_posreceipt AS receipt
JOIN stores_posconnection AS pos ON pos.id = receipt.connection_id
JOIN orders_fulfillmentorder AS part ON part.id = receipt.fulfillment_id
WHERE part.store_id <> pos.store_id;

-- name: pos_has_a_list_it_was_given | What is at a POS for certain has a reference there.
SELECT part.id AS fulfillment_id
FROM orders_poslist AS list
JOIN orders_fulfillmentorder AS part ON part.id = list.fulfillment_id
WHERE list.revision > 0 AND NOT list.in_doubt AND part.pos_reference = '';

-- name: bags_stand_where_they_belong | A bag stands in a place of its own store and temperature; those of a ready part all stand somewhere.
SELECT bag.id AS bag_id, bag.barcode
FROM orders_bag AS bag
JOIN orders_fulfillmentorder AS part ON part.id = bag.fulfillment_id
LEFT JOIN orders_staginglocation AS place ON place.id = bag.location_id
WHERE place.store_id <> part.store_id OR place.zone <> bag.zone
   OR (place.id IS NULL AND part.status = 'ready');

-- name: nobody_shares_a_spot | One visit under way stands on a spot at most, and on one of its own store.
SELECT visit.id AS visit_id, visit.spot_id
FROM orders_visit AS visit
JOIN orders_spot AS spot ON spot.id = visit.spot_id
WHERE visit.status IN ('on_my_way', 'nearby', 'arrived', 'being_served')
  AND (spot.store_id <> visit.store_id OR EXISTS (
    SELECT FROM orders_visit AS other
    WHERE other.spot_id = visit.spot_id AND other.id <> visit.id
      AND other.status IN ('on_my_way', 'nearby', 'arrived', 'being_served')));

-- name: visit_has_its_times | A visit carries the time of every stage it has reached, and an end exactly when it is over.
SELECT id AS visit_id, status
FROM orders_visit
WHERE (status IN ('arrived', 'being_served') AND arrived_at IS NULL)
   OR (status = 'being_served' AND served_at IS NULL)
   OR (status = 'nearby' AND nearby_at IS NULL)
   OR ((status IN ('on_my_way', 'nearby', 'arrived', 'being_served')) <> (ended_at IS NULL));

-- name: visit_comes_for_its_own_store | Nobody collects at one store what another has, or real goods together with test orders.
SELECT pickup.id AS pickup_id, pickup.visit_id
FROM orders_visitpickup AS pickup
JOIN orders_visit AS visit ON visit.id = pickup.visit_id
JOIN orders_fulfillmentorder AS part ON part.id = pickup.fulfillment_id
JOIN orders_order AS bought ON bought.id = part.order_id
WHERE pickup.active AND (part.store_id <> visit.store_id OR EXISTS (
    SELECT FROM orders_visitpickup AS beside
    JOIN orders_fulfillmentorder AS theirs ON theirs.id = beside.fulfillment_id
    JOIN orders_order AS other ON other.id = theirs.order_id
    WHERE beside.visit_id = pickup.visit_id AND other.is_test <> bought.is_test));

-- name: visit_is_of_one_customer | Orders that are collected on one visit are of one account, or of one name and phone.
SELECT pickup.id AS pickup_id, pickup.visit_id
FROM orders_visitpickup AS pickup
JOIN orders_fulfillmentorder AS part ON part.id = pickup.fulfillment_id
JOIN orders_order AS bought ON bought.id = part.order_id
JOIN customers_contact AS who ON who.id = bought.contact_id
WHERE pickup.active AND EXISTS (
    SELECT FROM orders_visitpickup AS beside
    WHERE beside.visit_id = pickup.visit_id AND beside.id <> pickup.id)
  AND NOT EXISTS (
    SELECT FROM orders_visitpickup AS beside
    JOIN orders_fulfillmentorder AS theirs ON theirs.id = beside.fulfillment_id
    JOIN orders_order AS other ON other.id = theirs.order_id
    JOIN customers_contact AS whose ON whose.id = other.contact_id
    WHERE beside.visit_id = pickup.visit_id AND beside.id <> pickup.id
      AND (other.profile_id = bought.profile_id
        OR (whose.phone_hash = who.phone_hash AND whose.name_hash = who.name_hash)));
