-- name: settled_work_has_no_lease | a delivery that is done or parked holds no lease and says when it ended
SELECT id, handler, state FROM events_delivery
WHERE state <> 'pending' AND (lease IS NOT NULL OR finished_at IS NULL);

-- name: attempts_are_bounded | no delivery was tried more often than allowed
SELECT id, handler, attempts FROM events_delivery WHERE attempts > 8;

-- name: nothing_is_stuck | no delivery that could be done has been due for more than five minutes
SELECT id, handler, due_at FROM events_delivery AS mine
WHERE state = 'pending' AND due_at < statement_timestamp() - interval '5 minutes'
  AND (ordering_key = '' OR NOT EXISTS (
      SELECT 1 FROM events_delivery AS earlier
      WHERE earlier.state = 'pending' AND earlier.lane = mine.lane
        AND earlier.ordering_key = mine.ordering_key AND earlier.id < mine.id));

-- name: facts_carry_ids_only | no fact's data holds a long text, a phone number or an e-mail address
SELECT id, name FROM events_fact
WHERE data::text ~ '\+[0-9]{8,}' OR data::text LIKE '%@%' OR length(data::text) > 2000;
