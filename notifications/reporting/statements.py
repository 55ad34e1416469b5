"""The statements behind the measures of messages: of what is written, and of days made up of it.

``{live}`` is which messages are looked at by themselves; the days before come as they were made
up. Percentiles of days come from buckets (``orders.reporting.buckets``): within 5 %.
"""

from __future__ import annotations

from orders.reporting.buckets import BUCKET, PACKED

# Each message with the store it belongs to: that of its part, or of its order's newest part.
STORE = """
    LEFT JOIN orders_fulfillmentorder AS own ON own.id = CASE
        WHEN message.subject LIKE 'fulfillment:%%' THEN substr(message.subject, 13)::bigint END
    LEFT JOIN LATERAL (
        SELECT part.store_id FROM orders_fulfillmentorder AS part
        WHERE part.order_id = message.order_id ORDER BY part.id DESC LIMIT 1
    ) AS newest ON own.id IS NULL
"""
MINE = " AND coalesce(own.store_id, newest.store_id) = ANY(%(stores)s)"

SUMS = (
    *("written", "accepted", "delivered", "failed", "stale", "late", "unsure", "followed"),
    *("texts", "segments", "micros"),
)
NAMES = ("channel", "provider", "purpose", "words")

# By all names together: what is told by one of them is a sum over these few rows.
_COUNTED = f"""
    SELECT message.channel, message.provider, message.purpose,
        split_part(message.template, '@', 1) AS words,
        coalesce(own.store_id, newest.store_id) AS store,
        {{step}} AS step,
        count(*) AS written, count(*) FILTER (WHERE taken.over) AS accepted,
        count(*) FILTER (WHERE message.outcome = 'delivered') AS delivered,
        count(*) FILTER (WHERE taken.over AND message.outcome IN ('undelivered', 'failed'))
            AS failed,
        count(*) FILTER (WHERE message.stale_at IS NOT NULL) AS stale,
        count(*) FILTER (WHERE message.delivered_late) AS late,
        sum(message.unsure_tries) AS unsure,
        count(*) FILTER (WHERE message.follows_id IS NOT NULL) AS followed,
        count(*) FILTER (WHERE taken.over AND message.channel = 'sms') AS texts,
        coalesce(sum(message.segments) FILTER (WHERE taken.over AND message.channel = 'sms'), 0)
            AS segments,
        sum(message.cost_micros) AS micros
    FROM notifications_message AS message {STORE}
    CROSS JOIN LATERAL (SELECT message.accepted_at IS NOT NULL OR message.outcome
        IN ('accepted', 'sent', 'delivered', 'undelivered', 'unknown') AS over) AS taken
    WHERE {{live}} {{mine}}
    GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608  made of constants
_OF_STORES = "(%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s::bigint[]))"
_SETTLED = "day >= %(first)s AND day < %(settled)s"

# ``grouping`` has a bit for each name that a row is not told by, the last name's the lowest.
TALLIES = f"""
WITH counted AS ({_COUNTED}
    UNION ALL
    SELECT {", ".join(NAMES)}, store_id,
        date_trunc(%(step)s, day::timestamp) AT TIME ZONE 'UTC', {", ".join(SUMS)}
    FROM notifications_daymessages WHERE {_SETTLED} AND {_OF_STORES}
)
SELECT grouping(channel, provider, purpose, words, store, step),
    channel, provider, purpose, words, store, step, sum(written), sum(accepted), sum(delivered),
    sum(failed), sum(delivered + failed), sum(stale), sum(late), sum(unsure), sum(followed),
    sum(texts), sum(segments), sum(micros)
FROM counted
GROUP BY GROUPING SETS ((), (channel), (provider), (purpose), (words), (store), (step))
"""  # noqa: S608  made of constants

# Ready, and told for the first time. What waits for the morning is quiet until 8:00 there.
_TOLD = """
    SELECT part.store_id, {step} AS step,
        extract(epoch FROM message.accepted_at - part.ready_at) AS whole,
        extract(epoch FROM message.accepted_at
            - coalesce(message.submitted_at, message.accepted_at)) AS provider,
        CASE WHEN message.purpose = ANY(%(waiting)s) THEN extract(epoch FROM
            least(message.accepted_at, morning.at) - message.created_at) ELSE 0 END AS quiet
    FROM notifications_message AS message
    JOIN orders_fulfillmentorder AS part ON part.id = substr(message.subject, 13)::bigint
    JOIN stores_store AS store ON store.id = part.store_id
    CROSS JOIN LATERAL (SELECT message.created_at AT TIME ZONE store.timezone AS at) AS local
    CROSS JOIN LATERAL (
        SELECT CASE WHEN local.at::time >= '21:00' THEN local.at::date + 1 + time '8:00'
            WHEN local.at::time < '8:00' THEN local.at::date + time '8:00'
            ELSE local.at END AT TIME ZONE store.timezone AS at
    ) AS morning
    WHERE {live}
      AND message.purpose = 'ready' AND message.follows_id IS NULL
      AND message.subject LIKE 'fulfillment:%%'
      AND message.accepted_at >= part.ready_at {mine}
"""

SPEED = f"""
WITH told AS ({_TOLD})
SELECT step, count(*),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY whole),
    percentile_cont(ARRAY[0.5, 0.95])
        WITHIN GROUP (ORDER BY greatest(whole - quiet - provider, 0)),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(quiet, 0)),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(provider, 0))
FROM told GROUP BY GROUPING SETS ((), (step)) HAVING count(*) > 0 ORDER BY step NULLS FIRST
"""  # noqa: S608  made of constants

_BUCKETED = f"""
WITH told AS ({_TOLD}), stretch AS (
    SELECT told.store_id, told.step, one.name, greatest(one.seconds, 0) AS seconds
    FROM told CROSS JOIN LATERAL (VALUES ('whole', whole), ('queue', whole - quiet - provider),
        ('quiet', quiet), ('provider', provider)) AS one (name, seconds)
), counted AS (
    SELECT {{store}} AS store_id, step, name, {BUCKET.format(seconds="seconds")} AS bucket,
        count(*) AS n, sum(seconds) AS seconds
    FROM stretch GROUP BY 1, 2, 3, 4
)
"""  # noqa: S608  made of constants
SPREAD = f"""{_BUCKETED}
SELECT step, name, bucket, n FROM counted
UNION ALL
SELECT day::timestamp AT TIME ZONE 'UTC', stretch, one.bucket, sum(one.n)
FROM notifications_messagetimes, unnest(buckets, counts) AS one (bucket, n)
WHERE {_SETTLED} AND {{of}} GROUP BY 1, 2, 3
"""  # noqa: S608  made of constants

SUPPRESSED = f"""
SELECT outcome, reason, sum(count) FROM (
    SELECT message.outcome, message.outcome_reason AS reason, count(*) AS count
    FROM notifications_message AS message {{join}}
    WHERE {{live}} AND message.outcome IN ('suppressed', 'canceled', 'expired') {{mine}}
    GROUP BY 1, 2
    UNION ALL
    SELECT outcome, reason, count FROM notifications_dayunsent
    WHERE {_SETTLED} AND {_OF_STORES}
) AS unsent GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %(most)s
"""  # noqa: S608  made of constants

_OF_DAY = """message.created_at >= %(day)s::date::timestamp AT TIME ZONE 'UTC'
    AND message.created_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'"""
_DAY = "%(day)s::date"

DAY = (
    *(
        f"DELETE FROM {table} WHERE day = {_DAY}"  # noqa: S608  made of constants
        for table in (
            *("notifications_daymessages", "notifications_dayunsent"),
            "notifications_messagetimes",
        )
    ),
    f"""INSERT INTO notifications_daymessages
        ({", ".join(NAMES)}, store_id, day, {", ".join(SUMS)})
    {_COUNTED.format(step=_DAY, live=_OF_DAY, mine="")}""",
    f"""INSERT INTO notifications_dayunsent (store_id, day, outcome, reason, count)
    SELECT coalesce(own.store_id, newest.store_id), {_DAY}, message.outcome,
        message.outcome_reason, count(*)
    FROM notifications_message AS message {STORE}
    WHERE {_OF_DAY} AND message.outcome IN ('suppressed', 'canceled', 'expired')
    GROUP BY 1, 3, 4""",  # noqa: S608  made of constants
    *(
        f"""{_BUCKETED.format(step=_DAY, live=_OF_DAY, mine="", store=store)}
        INSERT INTO notifications_messagetimes
            (store_id, day, stretch, count, seconds, buckets, counts)
        SELECT store_id, step, name, {PACKED} FROM counted GROUP BY store_id, step, name"""  # noqa: S608
        for store in ("store_id", "NULL::bigint")
    ),
)
