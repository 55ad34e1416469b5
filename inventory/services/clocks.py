"""How far the clocks of those who tell of stock run ahead, so that their moments can be put right.

Told its sender's clock with the call (``sent_at``), the hub knows exactly; a call takes moments on
its way, so the smallest differences count as none. Without it, only a fast clock shows: an event
seems to lie in the future. As every delay makes an event look older, such a lead is never more
than the clock's own, and the median of some is near it. A slow clock looks just like a slow line:
it cannot be learned, only told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from hub import clock
from inventory.errors import ClockOff
from inventory.models import SourceClock

KEPT = timedelta(hours=24)  # how long a measurement is good for
FARTHEST = timedelta(hours=24)  # beyond, it is a wrong date and no clock
SMALLEST = timedelta(seconds=2)
SAMPLES = 5
SAMPLES_NEEDED = 3
REMEASURED_AFTER = timedelta(hours=1)
SAME_WITHIN_MS = 500

_TOLD = """
INSERT INTO inventory_sourceclock (source, store_id, ahead_ms, exact, samples, measured_at)
SELECT %(source)s, store_id, %(ahead)s, true, '[]', %(now)s
FROM unnest(%(stores)s::bigint[]) AS place (store_id) ORDER BY store_id
ON CONFLICT (source, store_id) DO UPDATE
SET ahead_ms = excluded.ahead_ms, exact = true, samples = '[]', measured_at = excluded.measured_at
"""

# the latest samples with the new one, and their median once there are enough
_LEARNED = """
INSERT INTO inventory_sourceclock AS known
    (source, store_id, ahead_ms, exact, samples, measured_at)
VALUES (%(source)s, %(store)s, 0, false, jsonb_build_array(%(sample)s::int), %(now)s)
ON CONFLICT (source, store_id) DO UPDATE
SET (samples, ahead_ms, exact, measured_at) = (
    SELECT jsonb_agg(sample ORDER BY place), CASE WHEN count(*) >= %(needed)s
        THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY sample) ELSE 0 END,
        false, excluded.measured_at
    FROM (
        SELECT told.sample::int, told.place FROM jsonb_array_elements_text(
            CASE WHEN known.measured_at > %(oldest)s THEN known.samples ELSE '[]' END
            || excluded.samples) WITH ORDINALITY AS told (sample, place)
        ORDER BY told.place DESC LIMIT %(most)s
    ) AS latest)
WHERE NOT (known.exact AND known.measured_at > %(oldest)s)
RETURNING ahead_ms
"""


@transaction.atomic
def ahead_by_store(
    *, source: str, moments: Mapping[int, Collection[datetime]], sent_at: datetime | None = None
) -> dict[int, int]:
    """By how many milliseconds the source's clock runs ahead, by store; below zero when slow.

    ``moments`` are those the source tells of now, by store. With ``sent_at``, its clock when it
    sent them, the answer is exact and kept for a day, also for its calls without. Else, and as
    long as nothing exact is known, the newest moment of each call that lies ahead is a sample,
    and three of the last day are needed to correct anything; once a source has given some, a call
    of which nothing lies ahead is a sample of none, so that a clock that was set right is trusted
    again. Raises ClockOff when ``sent_at`` is more than a day away.
    """
    now = clock.now()
    if sent_at is not None:
        ahead = _difference(sent_at, now)
        _keep(source, moments.keys(), ahead, now)
        return dict.fromkeys(moments, ahead)
    rows = SourceClock.objects.filter(
        source=source, store__in=moments.keys(), measured_at__gt=now - KEPT
    )
    known = {row.store_id: row for row in rows}
    return {
        store: _guessed(source, store, known.get(store), moments[store], now)
        for store in sorted(moments)
    }


def true_moment(
    *, source: str, store_id: int, moment: datetime, sent_at: datetime | None
) -> datetime:
    """A moment that a source tells of, on the hub's clock; measures as ``ahead_by_store`` does."""
    ahead = ahead_by_store(source=source, moments={store_id: [moment]}, sent_at=sent_at)
    return corrected(moment, ahead[store_id])


def corrected(moment: datetime, ahead_ms: int) -> datetime:
    """The moment on the hub's clock; one at the very ends of time stays as it is."""
    try:
        return moment - timedelta(milliseconds=ahead_ms)
    except OverflowError:
        return moment


def in_words(ahead_ms: int) -> str:
    """How a clock runs, for people: «9 min 58 s ahead»."""
    if not ahead_ms:
        return "right"
    seconds = round(abs(ahead_ms) / 1000)
    minutes, hours = seconds // 60, seconds // 3600
    span = f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {seconds % 60} s"
    return f"{span if minutes else f'{seconds} s'} {'ahead' if ahead_ms > 0 else 'behind'}"


def _difference(sent_at: datetime, now: datetime) -> int:
    difference = sent_at - now
    if abs(difference) > FARTHEST:
        raise ClockOff(f"sent_at is {sent_at.isoformat()}, and here it is {now.isoformat()}")
    return 0 if abs(difference) < SMALLEST else _milliseconds(difference)


def _keep(source: str, stores: Collection[int], ahead: int, now: datetime) -> None:
    """Write the measurement down where it is news: a busy source is not made to queue for it."""
    known = SourceClock.objects.filter(
        source=source,
        store__in=stores,
        exact=True,
        measured_at__gt=now - REMEASURED_AFTER,
        ahead_ms__range=(ahead - SAME_WITHIN_MS, ahead + SAME_WITHIN_MS),
    )
    news = set(stores).difference(known.values_list("store_id", flat=True))
    if news:
        values: dict[str, Any] = {
            "source": source,
            "stores": sorted(news),
            "ahead": ahead,
            "now": now,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TOLD, values)


def _guessed(
    source: str,
    store: int,
    known: SourceClock | None,
    moments: Collection[datetime],
    now: datetime,
) -> int:
    ahead = known.ahead_ms if known else 0
    if known and known.exact:
        return ahead
    newest = max((moment for moment in moments if moment - now <= FARTHEST), default=None)
    leads = newest is not None and newest - now >= SMALLEST
    if newest is None or not (leads or (known and any(known.samples))):
        return ahead
    learned = _learn(source, store, _milliseconds(newest - now) if leads else 0, now)
    return ahead if learned is None else learned


def _learn(source: str, store: int, sample: int, now: datetime) -> int | None:
    """Add a sample; the median, or None when an exact measurement has come meanwhile."""
    values: dict[str, Any] = {
        "source": source,
        "store": store,
        "sample": sample,
        "now": now,
        "oldest": now - KEPT,
        "needed": SAMPLES_NEEDED,
        "most": SAMPLES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEARNED, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
