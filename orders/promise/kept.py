"""How long preparation took, in open minutes, beside what was promised: per store and hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from hub.stores.models import Store

MOST_PARTS = 50_000

# Opening times as hub.stores.calendar reads them: an exception replaces its day's hours, 23:59
# means midnight. Of a very long list the newest parts count.
_KEPT = """
WITH part AS (
    SELECT id, created_at AS placed, ready_at AS ready,
        coalesce(promised_first, promised_at) AS promised
    FROM orders_fulfillmentorder
    WHERE store_id = %(store)s AND ready_at >= %(since)s AND ready_at < %(until)s
    ORDER BY ready_at DESC LIMIT %(most)s
), day AS (
    SELECT part.*, day::date AS day
    FROM part, generate_series(
        (placed AT TIME ZONE %(zone)s)::date::timestamp,
        (greatest(ready, promised) AT TIME ZONE %(zone)s)::date::timestamp, '1 day') AS day
), span AS (
    SELECT day.*, (day.day + hours.opens) AT TIME ZONE %(zone)s AS opens,
        CASE WHEN hours.closes >= '23:59' THEN (day.day + 1)::timestamp AT TIME ZONE %(zone)s
             ELSE (day.day + hours.closes) AT TIME ZONE %(zone)s END AS closes
    FROM day
    LEFT JOIN stores_hoursexception other ON other.store_id = %(store)s AND other.date = day.day
    LEFT JOIN LATERAL (
        SELECT opens, closes FROM stores_openinghours
        WHERE store_id = %(store)s AND other.id IS NULL
          AND weekday = extract(isodow FROM day.day) - 1
        UNION ALL SELECT other.opens, other.closes WHERE other.id IS NOT NULL
    ) hours ON true
), took AS (
    SELECT id, placed, ready, promised,
        sum(extract(epoch FROM greatest('0', least(ready, closes) - greatest(placed, opens))))
            FILTER (WHERE closes IS NOT NULL) / 60 AS minutes,
        sum(extract(epoch FROM greatest('0', least(promised, closes) - greatest(placed, opens))))
            FILTER (WHERE closes IS NOT NULL) / 60 AS told
    FROM span GROUP BY id, placed, ready, promised
)
SELECT extract(hour FROM placed AT TIME ZONE %(zone)s)::int AS hour, count(*),
    percentile_cont(ARRAY[0.5, 0.8, 0.95]) WITHIN GROUP (ORDER BY coalesce(minutes, 0)),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(told, 0)),
    100.0 * count(*) FILTER (WHERE ready <= promised) / count(*)
FROM took GROUP BY GROUPING SETS ((1), ()) HAVING count(*) > 0 ORDER BY 1 NULLS FIRST
"""


class Kept(NamedTuple):
    """Parts placed in one hour of the store's day (None: in all): open minutes until ready.

    Half of them took ``p50`` at most; ``promised`` is the median of what was said; ``kept`` is
    the share, in percent, that was ready by then.
    """

    hour: int | None
    parts: int
    p50: float
    p80: float
    p95: float
    promised: float
    kept: float


def preparation(*, store: Store, since: datetime, until: datetime) -> list[Kept]:
    """How long the parts that became ready from ``since`` to ``until`` had taken.

    All together first, then by the hour in which they were placed; nothing when there are none.
    """
    values: dict[str, Any] = {
        "store": store.pk,
        "zone": store.timezone,
        "since": since,
        "until": until,
        "most": MOST_PARTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, values)
        rows = cursor.fetchall()
    return [
        Kept(hour, parts, float(p50), float(p80), float(p95), float(promised), float(kept))
        for hour, parts, (p50, p80, p95), promised, kept in rows
    ]
