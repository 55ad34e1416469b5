"""What the messages of a stretch of time came to: one statement for each group of figures.

All of them count messages *written* in the window, so that numerator and denominator are of the
same messages. Times are seconds, money is millionths of the provider's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from notifications.purposes import PURPOSES

MOST_ROWS = 40
OPT_OUT_HOURS = 72
WAITING = sorted(name for name, purpose in PURPOSES.items() if purpose.waits_at_night)


@dataclass(frozen=True, kw_only=True)
class Window:
    """From when (inclusive) to when, in which steps, and of which stores; None: of the chain."""

    start: datetime
    end: datetime
    step: str
    stores: tuple[int, ...] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """As parameters of the statements."""
        return {
            "start": self.start,
            "end": self.end,
            "step": self.step,
            "stores": list(self.stores) if self.stores is not None else None,
            "waiting": WAITING,
            "later": self.end + timedelta(hours=OPT_OUT_HOURS),
            "most": MOST_ROWS,
        }


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of messages: of the whole (``by`` empty), or of one value of what they are told by.

    ``heard`` have a final receipt, ``unsure`` are tries that may have doubled a message.
    """

    by: str
    value: str
    written: int
    accepted: int
    delivered: int
    failed: int
    heard: int
    stale: int
    late: int
    unsure: int
    followed: int
    texts: int
    segments: int
    micros: int

    @property
    def delivery_rate(self) -> float | None:
        """Delivered of those that providers took over, in percent."""
        return share(self.delivered, self.accepted)

    @property
    def coverage(self) -> float | None:
        """Those with a final receipt of those that providers took over, in percent."""
        return share(self.heard, self.accepted)

    @property
    def stale_rate(self) -> float | None:
        """Delivered when it was not true any more, of the delivered, in percent."""
        return share(self.stale, self.delivered)

    @property
    def parts_of_text(self) -> float | None:
        """How many parts a text has on average."""
        return self.segments / self.texts if self.texts else None


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How long it took from ready to taken over, by day (``value``), or in the whole."""

    value: str
    count: int
    p50: float
    p95: float
    queue_p50: float
    queue_p95: float
    quiet_p50: float
    quiet_p95: float
    provider_p50: float
    provider_p95: float


# Messages of the window, each with the store it belongs to; that is looked up only when asked.
_STORE = """
    LEFT JOIN orders_fulfillmentorder AS own ON own.id = CASE
        WHEN message.subject LIKE 'fulfillment:%%' THEN substr(message.subject, 13)::bigint END
    LEFT JOIN (
        SELECT DISTINCT ON (part.order_id) part.order_id, part.store_id
        FROM orders_fulfillmentorder AS part
        WHERE part.created_at >= %(start)s - interval '90 days'
        ORDER BY part.order_id, part.id DESC
    ) AS newest ON own.id IS NULL AND newest.order_id = message.order_id
"""
_MINE = " AND coalesce(own.store_id, newest.store_id) = ANY(%(stores)s)"

# Counted once by all names together: the sets are sums over these few thousand rows.
_TALLIES = """
WITH counted AS (
    SELECT message.channel, message.provider, message.purpose, message.template,
        {store} AS store, date_trunc(%(step)s, message.created_at, 'UTC') AS step,
        count(*) AS written, count(*) FILTER (WHERE taken.over) AS accepted,
        count(*) FILTER (WHERE message.outcome = 'delivered') AS delivered,
        count(*) FILTER (WHERE taken.over AND message.outcome IN ('undelivered', 'failed'))
            AS failed,
        count(*) FILTER (WHERE message.stale_at IS NOT NULL) AS stale,
        count(*) FILTER (WHERE message.delivered_late) AS late,
        sum(message.unsure_tries) AS unsure,
        count(*) FILTER (WHERE message.follows_id IS NOT NULL) AS followed,
        count(*) FILTER (WHERE taken.over AND message.channel = 'sms') AS texts,
        sum(message.segments) FILTER (WHERE taken.over AND message.channel = 'sms') AS segments,
        sum(message.cost_micros) AS micros
    FROM notifications_message AS message {join}
    CROSS JOIN LATERAL (SELECT message.accepted_at IS NOT NULL OR message.outcome
        IN ('accepted', 'sent', 'delivered', 'undelivered', 'unknown') AS over) AS taken
    WHERE message.created_at >= %(start)s AND message.created_at < %(end)s {mine}
    GROUP BY 1, 2, 3, 4, 5, 6
), named AS (
    SELECT *, split_part(template, '@', 1) AS words FROM counted
)
SELECT grouping(channel, provider, purpose, words, store, step),
    channel, provider, purpose, words, store, step, sum(written), sum(accepted), sum(delivered),
    sum(failed), sum(delivered + failed), sum(stale), sum(late), sum(unsure), sum(followed),
    sum(texts), sum(segments), sum(micros)
FROM named
GROUP BY GROUPING SETS ((), (channel), (provider), (purpose), (words), (store), (step))
"""
_BY = ("channel", "provider", "purpose", "template", "store", "step")
# ``grouping`` has a bit for each name that a row is not told by, the last name's the lowest.
_SETS = {63: "", **{63 - (1 << (5 - place)): name for place, name in enumerate(_BY)}}

# Ready, and told for the first time. What waits for the morning is quiet until 8:00 there.
_SPEED = """
WITH told AS (
    SELECT date_trunc(%(step)s, message.created_at, 'UTC') AS step,
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
    WHERE message.created_at >= %(start)s AND message.created_at < %(end)s
      AND message.purpose = 'ready' AND message.follows_id IS NULL
      AND message.subject LIKE 'fulfillment:%%'
      AND message.accepted_at >= part.ready_at
      AND (%(stores)s::bigint[] IS NULL OR part.store_id = ANY(%(stores)s))
)
SELECT step, count(*),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY whole),
    percentile_cont(ARRAY[0.5, 0.95])
        WITHIN GROUP (ORDER BY greatest(whole - quiet - provider, 0)),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(quiet, 0)),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(provider, 0))
FROM told GROUP BY GROUPING SETS ((), (step)) HAVING count(*) > 0 ORDER BY step NULLS FIRST
"""

_SUPPRESSED = """
SELECT message.outcome, message.outcome_reason, count(*)
FROM notifications_message AS message {join}
WHERE message.created_at >= %(start)s AND message.created_at < %(end)s
  AND message.outcome IN ('suppressed', 'canceled', 'expired') {mine}
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %(most)s
"""

# Few say STOP: from each of them back to what had reached him in the three days before.
_OPT_OUTS = """
WITH refused AS (
    SELECT DISTINCT address_hash, channel, occurred_at FROM customers_consentevent
    WHERE status = 'revoked' AND programme = 'orders'
      AND occurred_at >= %(start)s AND occurred_at < %(later)s
)
SELECT message.purpose, count(DISTINCT (refused.address_hash, refused.channel))
FROM refused
JOIN customers_contact AS contact ON
    (refused.channel = 'sms' AND contact.phone_hash = refused.address_hash)
    OR (refused.channel = 'email' AND contact.email_hash = refused.address_hash)
JOIN notifications_message AS message
    ON message.contact_id = contact.id AND message.channel = refused.channel
    AND message.delivered_at <= refused.occurred_at
    AND message.delivered_at > refused.occurred_at - interval '72 hours'
    AND message.created_at >= %(start)s AND message.created_at < %(end)s {join}
WHERE true {mine}
GROUP BY GROUPING SETS ((), (message.purpose)) ORDER BY 2 DESC LIMIT %(most)s
"""

_ADDRESSES = """
SELECT count(*) FROM (
    SELECT DISTINCT message.contact_id, message.channel
    FROM notifications_message AS message {join}
    WHERE message.created_at >= %(start)s AND message.created_at < %(end)s
      AND message.delivered_at IS NOT NULL {mine}
) AS address
"""

_CALLS = """
SELECT outcome, count(*), count(*) FILTER (WHERE closed_at IS NULL)
FROM notifications_calltask
WHERE opened_at >= %(start)s AND opened_at < %(end)s
  AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
GROUP BY outcome ORDER BY 2 DESC
"""

_PICKUPS = """
SELECT count(*) FROM orders_fulfillmentorder
WHERE ready_at >= %(start)s - interval '7 days' AND completed_at >= %(start)s
  AND completed_at < %(end)s AND status = 'completed'
  AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
"""


def tallies(window: Window) -> dict[str, list[Tally]]:
    """The counts in the whole (under the empty name), and by channel, provider, purpose,
    template, store (its key) and step (ISO time)."""
    found: dict[str, list[Tally]] = {"": []}
    for row in _rows(_scoped(_TALLIES, window, always=True), window):
        by = _SETS[row[0]]
        key = row[1 + _BY.index(by)] if by else ""
        if key is not None:
            found.setdefault(by, []).append(_tally(by, key, row[1 + len(_BY) :]))
    return {by: _sorted(by, rows) for by, rows in found.items()}


def speeds(window: Window) -> tuple[Speed | None, list[Speed]]:
    """From ready to taken over: in the whole, and by step; None when nothing was ready."""
    rows = [_speed(row) for row in _rows(_SPEED, window)]
    return (rows[0], rows[1:]) if rows else (None, [])


def suppressions(window: Window) -> list[tuple[str, str, int]]:
    """(outcome, reason, how many) of what was decided not to be sent, the most frequent first."""
    return [(row[0], row[1], row[2]) for row in _rows(_scoped(_SUPPRESSED, window), window)]


def opt_outs(window: Window) -> tuple[int, int, list[tuple[str, int]]]:
    """How many addresses said STOP within 72 hours of a message, of how many that got one, and
    by the purpose of those messages."""
    rows = list(_rows(_scoped(_OPT_OUTS, window), window))
    whole = sum(count for purpose, count in rows if purpose is None)
    by_purpose = [(purpose, count) for purpose, count in rows if purpose is not None]
    ((addresses,),) = _rows(_scoped(_ADDRESSES, window), window)
    return whole, addresses, by_purpose


def calls(window: Window) -> list[tuple[str, int, int]]:
    """(outcome, how many, of them still open) of the calls that stores were asked for."""
    return [(row[0], row[1], row[2]) for row in _rows(_CALLS, window)]


def pickups(window: Window) -> int:
    """How many orders were collected."""
    ((count,),) = _rows(_PICKUPS, window)
    return int(count)


def share(part: int, whole: int) -> float | None:
    """In percent; None of nothing."""
    return 100 * part / whole if whole else None


def _scoped(sql: str, window: Window, *, always: bool = False) -> str:
    """The statement with the look-up of stores where it is needed."""
    needed = window.stores is not None or always
    return sql.format(
        join=_STORE if needed else "",
        mine=_MINE if window.stores is not None else "",
        store="coalesce(own.store_id, newest.store_id)",
    )


def _rows(sql: str, window: Window) -> list[tuple[Any, ...]]:
    """With memory enough to count a month by hashing, where sorting would go by way of the disk."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(sql, window.values)
        return list(cursor.fetchall())


def _tally(by: str, key: object, counts: Sequence[Any]) -> Tally:
    value = key.isoformat() if isinstance(key, datetime) else str(key)
    names = [field.name for field in fields(Tally)][2:]
    told = zip(names, counts, strict=True)
    return Tally(by=by, value=value, **{name: int(count or 0) for name, count in told})


def _sorted(by: str, rows: list[Tally]) -> list[Tally]:
    if by == "step":
        return sorted(rows, key=lambda row: row.value)
    return sorted(rows, key=lambda row: (-row.written, row.value))[:MOST_ROWS]


def _speed(row: Sequence[Any]) -> Speed:
    step, count, whole, queue, quiet, provider = row
    return Speed(
        value=step.isoformat() if step else "",
        count=count,
        p50=whole[0],
        p95=whole[1],
        queue_p50=queue[0],
        queue_p95=queue[1],
        quiet_p50=quiet[0],
        quiet_p95=quiet[1],
        provider_p50=provider[0],
        provider_p95=provider[1],
    )


def spent(rows: Sequence[Tally], currencies: Mapping[str, str]) -> dict[str, int]:
    """What was spent by currency, from the tallies by provider."""
    found: dict[str, int] = {}
    for row in rows:
        if row.micros:
            currency = currencies.get(row.value, "")
            found[currency] = found.get(currency, 0) + row.micros
    return found
