"""What the messages of a stretch of time came to: one statement for each group of figures.

All of them count messages *written* in the window, so that numerator and denominator are of the
same messages. Times are seconds, money is millionths of the provider's currency. In steps of days
those that are over come as they were made up (``notifications.reporting``): what became of their
messages since then is in them from the next night on, and percentiles are within 5 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from notifications.reporting import statements as sql
from notifications.reporting.rollup import WAITING, settled_until
from orders.reporting.buckets import percentile

MOST_ROWS = 40
OPT_OUT_HOURS = 72
BY_DAY = "day"
HALF, MOST = 0.5, 0.95


@dataclass(frozen=True, kw_only=True)
class Window:
    """From when (inclusive) to when, in which steps, and of which stores; None: of the chain."""

    start: datetime
    end: datetime
    step: str
    stores: tuple[int, ...] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """As parameters of the statements: days from ``first`` to before ``settled`` are made up,
        messages are looked at before ``until`` and from ``since`` on."""
        first = self.start.astimezone(UTC).date() + timedelta(days=1)
        settled = first
        if self.step == BY_DAY and (known := settled_until()):
            settled = max(first, min(known, self.end.astimezone(UTC).date()))
        alone = settled == first
        return {
            "start": self.start,
            "until": self.end if alone else datetime.combine(first, time(), UTC),
            "since": self.end if alone else datetime.combine(settled, time(), UTC),
            "end": self.end,
            "first": first,
            "settled": settled,
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


_BY = ("channel", "provider", "purpose", "template", "store", "step")
_SETS = {63: "", **{63 - (1 << (5 - place)): name for place, name in enumerate(_BY)}}
_LIVE = """(message.created_at >= %(start)s AND message.created_at < %(until)s
    OR message.created_at >= %(since)s AND message.created_at < %(end)s)"""
_OF_PART = " AND (%(stores)s::bigint[] IS NULL OR part.store_id = ANY(%(stores)s::bigint[]))"
_STEP = "date_trunc(%(step)s, message.created_at, 'UTC')"

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
    for row in _rows(sql.TALLIES.format(live=_LIVE, step=_STEP, mine=_mine(window)), window):
        by = _SETS[row[0]]
        key = row[1 + _BY.index(by)] if by else ""
        if key is not None:
            found.setdefault(by, []).append(_tally(by, key, row[1 + len(_BY) :]))
    return {by: _sorted(by, rows) for by, rows in found.items()}


def speeds(window: Window) -> tuple[Speed | None, list[Speed]]:
    """From ready to taken over: in the whole, and by step; None when nothing was ready."""
    if window.step == BY_DAY:
        return _speeds_by_day(window)
    statement = sql.SPEED.format(live=_LIVE, step=_STEP, mine=_OF_PART)
    rows = [_speed(row) for row in _rows(statement, window)]
    return (rows[0], rows[1:]) if rows else (None, [])


def _speeds_by_day(window: Window) -> tuple[Speed | None, list[Speed]]:
    of = "store_id IS NULL" if window.stores is None else "store_id = ANY(%(stores)s)"
    statement = sql.SPREAD.format(
        live=_LIVE, step=_STEP, mine=_OF_PART, of=of, store="NULL::bigint"
    )
    spread: dict[str, dict[str, Counter[int]]] = {}
    for step, name, bucket, n in _rows(statement, window):
        for value in ("", step.isoformat()):
            counted = spread.setdefault(value, {}).setdefault(name, Counter())
            counted[bucket] += int(n)
    found = [_spread_speed(value, spread[value]) for value in sorted(spread)]
    return (found[0], found[1:]) if found else (None, [])


def suppressions(window: Window) -> list[tuple[str, str, int]]:
    """(outcome, reason, how many) of what was decided not to be sent, the most frequent first."""
    join = sql.STORE if window.stores is not None else ""
    statement = sql.SUPPRESSED.format(live=_LIVE, join=join, mine=_mine(window))
    return [(row[0], row[1], int(row[2])) for row in _rows(statement, window)]


def opt_outs(window: Window) -> tuple[int, list[tuple[str, int]]]:
    """How many addresses said STOP within 72 hours of a message, and by its purpose."""
    join = sql.STORE if window.stores is not None else ""
    rows = list(_rows(_OPT_OUTS.format(join=join, mine=_mine(window)), window))
    whole = sum(count for purpose, count in rows if purpose is None)
    return whole, [(purpose, count) for purpose, count in rows if purpose is not None]


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


def _mine(window: Window) -> str:
    return sql.MINE if window.stores is not None else ""


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


def _spread_speed(value: str, spread: Mapping[str, Counter[int]]) -> Speed:
    def at(name: str, share_of: float) -> float:
        found = percentile(share_of, spread[name]) or 0
        return found if found >= 1 else 0.0  # of less than a second the buckets know no more

    return Speed(
        value=value,
        count=spread["whole"].total(),
        p50=at("whole", HALF),
        p95=at("whole", MOST),
        queue_p50=at("queue", HALF),
        queue_p95=at("queue", MOST),
        quiet_p50=at("quiet", HALF),
        quiet_p95=at("quiet", MOST),
        provider_p50=at("provider", HALF),
        provider_p95=at("provider", MOST),
    )


def spent(rows: Sequence[Tally], currencies: Mapping[str, str]) -> dict[str, int]:
    """What was spent by currency, from the tallies by provider."""
    found: dict[str, int] = {}
    for row in rows:
        if row.micros:
            currency = currencies.get(row.value, "")
            found[currency] = found.get(currency, 0) + row.micros
    return found
