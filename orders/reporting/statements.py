"""The statements that make up days: of given stores and days, from what happened, once more.

Each reads only by index: parts by store and time of creation, visits by store and arrival, all
else by the part it belongs to. Nothing is locked but the rows of the reports themselves.
"""

from __future__ import annotations

from orders.models.reporting import DayFigures
from orders.reporting.buckets import BUCKET, PACKED

COUNTS = [
    field.attname
    for field in DayFigures._meta.concrete_fields
    if field.attname not in ("id", "store_id", "day")
]

# The days asked for, with their beginning and end; and the parts that the stores got on them.
# OFFSET 0 keeps the look-ups apart, one by index for each day: how few rows lie between two
# moments that are not known yet the planner cannot guess, and would read the tables whole.
_TOUCHED = """
WITH touched AS MATERIALIZED (
    SELECT pair.store_id, pair.day, store.timezone AS zone,
        pair.day::timestamp AT TIME ZONE store.timezone AS starts,
        (pair.day + 1)::timestamp AT TIME ZONE store.timezone AS ends
    FROM unnest(%(stores)s::bigint[], %(days)s::date[]) AS pair (store_id, day)
    JOIN stores_store AS store ON store.id = pair.store_id
), part AS MATERIALIZED (
    SELECT touched.store_id, touched.day, touched.zone, own.id, own.order_id, own.status,
        own.created_at AS placed, own.accepted_at, own.picked_at, own.ready_at, own.promised_at,
        coalesce(own.promised_first, own.promised_at) AS first_promise
    FROM touched CROSS JOIN LATERAL (
        SELECT found.* FROM orders_fulfillmentorder AS found
        JOIN orders_order AS bought ON bought.id = found.order_id AND NOT bought.is_test
        WHERE found.store_id = touched.store_id
          AND found.created_at >= touched.starts AND found.created_at < touched.ends
        OFFSET 0
    ) AS own
), visit AS MATERIALIZED (
    SELECT touched.store_id, touched.day, trip.arrived_at, trip.status,
        coalesce(trip.served_at, CASE WHEN trip.status = 'done' THEN trip.ended_at END) AS met_at,
        CASE WHEN trip.status = 'done' THEN trip.ended_at END AS done_at
    FROM touched CROSS JOIN LATERAL (
        SELECT found.* FROM orders_visit AS found
        WHERE found.store_id = touched.store_id
          AND found.arrived_at >= touched.starts AND found.arrived_at < touched.ends
        OFFSET 0
    ) AS trip
    WHERE EXISTS (
        SELECT FROM orders_visitpickup AS pickup
        JOIN orders_fulfillmentorder AS own ON own.id = pickup.fulfillment_id
        JOIN orders_order AS bought ON bought.id = own.order_id
        WHERE pickup.visit_id = trip.id AND NOT bought.is_test)
)"""

# Of goods by weight a line is one unit: grams and pieces do not add up.
_UNITS = "CASE WHEN item.unit = 'each' THEN {0} ELSE ({0} > 0)::int END"

FIGURES = f"""{_TOUCHED}, whole AS (
    SELECT part.store_id, part.day, count(*) AS placed, count(accepted_at) AS accepted,
        count(rejection.id) AS rejected, count(ready_at) AS ready,
        count(*) FILTER (WHERE part.status = 'completed') AS completed,
        count(*) FILTER (WHERE part.status = 'expired') AS expired,
        count(*) FILTER (WHERE ready_at IS NOT NULL OR (promised_at <= %(as_of)s
            AND part.status IN ('proposed', 'accepted', 'picking', 'picked'))) AS due,
        count(*) FILTER (WHERE ready_at <= promised_at) AS in_time,
        count(*) FILTER (WHERE ready_at <= first_promise) AS kept,
        count(list.id) AS pos_lists, count(list.pushed_at) AS pos_pushed
    FROM part
    LEFT JOIN orders_rejection AS rejection ON rejection.fulfillment_id = part.id
    LEFT JOIN orders_poslist AS list ON list.fulfillment_id = part.id
    GROUP BY part.store_id, part.day
), goods AS (
    SELECT part.store_id, part.day,
        sum({_UNITS.format("line.allocated")}) FILTER (WHERE line.stands_for_id IS NULL) AS asked,
        sum({_UNITS.format("line.picked")}) FILTER (WHERE line.stands_for_id IS NULL) AS filled,
        sum({_UNITS.format("line.picked")})
            FILTER (WHERE line.stands_for_id IS NOT NULL) AS substituted,
        sum({_UNITS.format("line.short")})
            FILTER (WHERE line.stands_for_id IS NULL AND line.short_reason <> 'weight') AS short
    FROM part
    JOIN orders_fulfillmentline AS line ON line.fulfillment_id = part.id
        AND (part.picked_at IS NOT NULL OR line.short > 0)
    JOIN inventory_item AS item ON item.id = line.item_id
    GROUP BY part.store_id, part.day
), offers AS (
    SELECT part.store_id, part.day, count(*) AS answered,
        count(*) FILTER (WHERE offer.outcome = 'accepted') AS taken
    FROM part
    JOIN orders_substitutionround AS round ON round.fulfillment_id = part.id
    JOIN orders_substitutionoffer AS offer ON offer.round_id = round.id
        AND offer.outcome IN ('accepted', 'declined')
    GROUP BY part.store_id, part.day
), trips AS (
    SELECT store_id, day, count(*) AS arrived, count(*) FILTER (WHERE status = 'left') AS gone
    FROM visit GROUP BY store_id, day
), falls AS (
    SELECT touched.store_id, touched.day, count(*) AS shortfalls
    FROM touched
    JOIN inventory_shortfallcase AS found ON found.store_id = touched.store_id
        AND found.opened_at >= touched.starts AND found.opened_at < touched.ends
    GROUP BY touched.store_id, touched.day
)
INSERT INTO orders_dayfigures (store_id, day, {", ".join(COUNTS)})
SELECT store_id, day, {", ".join(f"coalesce({name}, 0)" for name in COUNTS)}
FROM touched
LEFT JOIN whole USING (store_id, day)
LEFT JOIN goods USING (store_id, day)
LEFT JOIN offers USING (store_id, day)
LEFT JOIN trips USING (store_id, day)
LEFT JOIN falls USING (store_id, day)
WHERE coalesce(placed, arrived, shortfalls) IS NOT NULL
"""  # noqa: S608  made of constants

# Opening times as hub.stores.calendar reads them: an exception replaces its day's hours, 23:59
# means midnight. A stretch is looked at for two months at most.
TIMES = f"""{_TOUCHED}, stretch AS MATERIALIZED (
    SELECT part.store_id, part.day, part.zone, part.id, told.name, told.since,
        least(told.until, told.since + interval '60 days') AS until
    FROM part
    LEFT JOIN LATERAL (
        SELECT min(fact.occurred_at) AS at FROM events_fact AS fact
        WHERE fact.subject = 'order:' || part.order_id AND fact.subject <> ''
          AND fact.name = 'fulfillment.picking_started'
          AND (fact.data ->> 'fulfillment_id')::bigint = part.id
    ) AS started ON part.picked_at IS NOT NULL
    CROSS JOIN LATERAL (VALUES
        ('accept', part.placed, part.accepted_at),
        ('pick', coalesce(started.at, part.accepted_at), part.picked_at),
        ('ready', part.placed, part.ready_at)
    ) AS told (name, since, until)
    WHERE told.since IS NOT NULL AND told.until IS NOT NULL
), stood AS MATERIALIZED (
    SELECT DISTINCT store_id, zone, date::date AS date
    FROM stretch, generate_series((since AT TIME ZONE zone)::date::timestamp,
        (until AT TIME ZONE zone)::date::timestamp, '1 day') AS date
), span AS MATERIALIZED (
    SELECT stood.store_id, stood.date, (stood.date + hours.opens) AT TIME ZONE zone AS opens,
        CASE WHEN hours.closes >= '23:59' THEN (stood.date + 1)::timestamp AT TIME ZONE zone
             ELSE (stood.date + hours.closes) AT TIME ZONE zone END AS closes
    FROM stood
    LEFT JOIN stores_hoursexception AS other
        ON other.store_id = stood.store_id AND other.date = stood.date
    JOIN LATERAL (
        SELECT usual.opens, usual.closes FROM stores_openinghours AS usual
        WHERE usual.store_id = stood.store_id AND other.id IS NULL
          AND usual.weekday = extract(isodow FROM stood.date) - 1
        UNION ALL
        SELECT other.opens, other.closes WHERE other.opens IS NOT NULL AND other.closes IS NOT NULL
    ) AS hours ON true
), took AS (
    SELECT stretch.store_id, stretch.day, stretch.name,
        coalesce(sum(extract(epoch FROM least(stretch.until, span.closes)
            - greatest(stretch.since, span.opens))) FILTER (WHERE span.date IS NOT NULL), 0)
            AS seconds
    FROM stretch
    LEFT JOIN span ON span.store_id = stretch.store_id
        AND span.closes > stretch.since AND span.opens < stretch.until
    GROUP BY stretch.store_id, stretch.day, stretch.id, stretch.name
    UNION ALL
    SELECT store_id, day, 'late', extract(epoch FROM ready_at - first_promise)
    FROM part WHERE ready_at > first_promise
    UNION ALL
    SELECT store_id, day, 'pos', greatest(0, extract(epoch FROM list.pushed_at - placed))
    FROM part JOIN orders_poslist AS list ON list.fulfillment_id = part.id
        AND list.pushed_at IS NOT NULL
    UNION ALL
    SELECT store_id, day, 'wait', extract(epoch FROM met_at - arrived_at)
    FROM visit WHERE met_at >= arrived_at
    UNION ALL
    SELECT store_id, day, 'dwell', extract(epoch FROM done_at - arrived_at)
    FROM visit WHERE done_at >= arrived_at
), counted AS (
    SELECT store_id, day, name, {BUCKET.format(seconds="seconds")} AS bucket,
        count(*) AS n, sum(seconds) AS seconds
    FROM took GROUP BY store_id, day, name, 4
)
INSERT INTO orders_daytimes (store_id, day, stretch, count, seconds, buckets, counts)
SELECT store_id, day, name, {PACKED} FROM counted GROUP BY store_id, day, name
"""  # noqa: S608  made of constants

REASONS = f"""{_TOUCHED}
INSERT INTO orders_dayreason (store_id, day, kind, reason, item_id, count)
SELECT part.store_id, part.day, 'short', coalesce(nullif(line.short_reason, ''), 'shortage'),
    line.item_id, sum({_UNITS.format("line.short")})
FROM part
JOIN orders_fulfillmentline AS line ON line.fulfillment_id = part.id AND line.short > 0
    AND line.stands_for_id IS NULL AND line.short_reason <> 'weight'
JOIN inventory_item AS item ON item.id = line.item_id
GROUP BY part.store_id, part.day, 4, line.item_id
UNION ALL
SELECT part.store_id, part.day, 'rejected', rejection.reason, NULL, count(*)
FROM part JOIN orders_rejection AS rejection ON rejection.fulfillment_id = part.id
GROUP BY part.store_id, part.day, rejection.reason
UNION ALL
SELECT part.store_id, part.day, 'item', rejection.reason, goods.item_id,
    sum({_UNITS.format("goods.units")})
FROM part
JOIN orders_rejection AS rejection ON rejection.fulfillment_id = part.id
JOIN orders_rejecteditem AS goods ON goods.rejection_id = rejection.id
JOIN inventory_item AS item ON item.id = goods.item_id
GROUP BY part.store_id, part.day, rejection.reason, goods.item_id
"""  # noqa: S608  made of constants

CHAIN_FIGURES = f"""
INSERT INTO orders_dayfigures (store_id, day, {", ".join(COUNTS)})
SELECT NULL, day, {", ".join(f"sum({name})" for name in COUNTS)}
FROM orders_dayfigures WHERE day = ANY(%(days)s::date[]) AND store_id IS NOT NULL GROUP BY day
"""  # noqa: S608  made of constants

CHAIN_TIMES = f"""
INSERT INTO orders_daytimes (store_id, day, stretch, count, seconds, buckets, counts)
SELECT NULL, day, stretch, {PACKED}
FROM (
    SELECT day, stretch, bucket, sum(n) AS n,
        sum(seconds) FILTER (WHERE place = 1) AS seconds
    FROM orders_daytimes,
        unnest(buckets, counts) WITH ORDINALITY AS one (bucket, n, place)
    WHERE day = ANY(%(days)s::date[]) AND store_id IS NOT NULL
    GROUP BY day, stretch, bucket
) AS counted GROUP BY day, stretch
"""  # noqa: S608  made of constants

OLD = tuple(
    f"""DELETE FROM {table} AS old
    USING unnest(%(stores)s::bigint[], %(days)s::date[]) AS pair (store_id, day)
    WHERE old.store_id = pair.store_id AND old.day = pair.day"""  # noqa: S608  made of constants
    for table in ("orders_dayfigures", "orders_daytimes", "orders_dayreason")
)
OLD_CHAIN = tuple(
    f"DELETE FROM {table} WHERE store_id IS NULL AND day = ANY(%(days)s::date[])"  # noqa: S608
    for table in ("orders_dayfigures", "orders_daytimes")
)

# Days on which something has changed since the facts up to ``fact``: of the parts of orders that
# facts tell of, of visits for these parts, of parts whose promise has passed meanwhile, and of
# shortfalls found meanwhile.
TOUCHED_DAYS = """
WITH told AS (
    SELECT DISTINCT substr(subject, 7)::bigint AS order_id FROM events_fact
    WHERE id > %(fact)s AND subject LIKE 'order:%%' AND name NOT LIKE 'message.%%'
), part AS (
    SELECT own.id, own.store_id, own.created_at FROM told
    JOIN orders_fulfillmentorder AS own ON own.order_id = told.order_id
), moment AS (
    SELECT store_id, created_at AS at FROM part
    UNION
    SELECT trip.store_id, trip.arrived_at FROM part
    JOIN orders_visitpickup AS pickup ON pickup.fulfillment_id = part.id
    JOIN orders_visit AS trip ON trip.id = pickup.visit_id
    UNION
    SELECT store_id, created_at FROM orders_fulfillmentorder
    WHERE status IN ('proposed', 'accepted', 'picking', 'picked')
      AND promised_at > %(since)s AND promised_at <= %(as_of)s
    UNION
    SELECT store_id, opened_at FROM inventory_shortfallcase WHERE opened_at > %(since)s
)
SELECT DISTINCT (moment.at AT TIME ZONE store.timezone)::date AS day, moment.store_id
FROM moment JOIN stores_store AS store ON store.id = moment.store_id
WHERE moment.at IS NOT NULL ORDER BY day, store_id
"""

# Facts get their numbers before their transactions end: those of the last minutes may have
# neighbours that cannot be seen yet, and are read once more the next time.
SETTLED = """
SELECT coalesce(max(id), 0) FROM events_fact
WHERE id > %(fact)s AND recorded_at < statement_timestamp() - interval '15 minutes'
"""
