"""What a store's promises depend on, read for any number of stores in one statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from hub.stores.calendar import END_OF_DAY, Calendar, Exceptions, Span, Week


class Terms(NamedTuple):
    """How one store works: its hours, its switches, and how much it can take."""

    store_id: int
    code: str
    lead_minutes: int
    cut_off: time | None
    slot_minutes: int
    slot_capacity: int | None
    orders_per_hour: int | None
    paused: bool
    timezone: str
    week: str
    days: str
    special: str

    @property
    def calendar(self) -> Calendar:
        """Its hours from yesterday on, as the functions of ``hub.stores.calendar`` take them."""
        return calendar_from(self.timezone, self.week, self.days)

    def places(self, start: datetime) -> int | None:
        """How many orders the window that begins then takes; None: as many as come."""
        if self.slot_capacity is None or not self.special:
            return self.slot_capacity
        local = start.astimezone(ZoneInfo(self.timezone))
        day, clock_time = local.date(), local.time()
        exceptional = [
            places
            for when, begins, ends, places in _special(self.special)
            if when == day and begins <= clock_time and (clock_time < ends or ends >= END_OF_DAY)
        ]
        return min(exceptional, default=self.slot_capacity)


# Thousands of stores share a few weeks: written as text, equal hours are equal keys.
_TERMS = """
SELECT store.id, store.code, store.lead_minutes, store.cut_off, store.slot_minutes,
    store.slot_capacity, store.orders_per_hour, paused.store_id IS NOT NULL, store.timezone,
    coalesce(hours.week, ''), coalesce(excepted.days, ''), coalesce(special.days, '')
FROM stores_store store
LEFT JOIN (
    SELECT store_id,
        string_agg(concat_ws(' ', weekday, opens, closes), ',' ORDER BY weekday, opens) AS week
    FROM stores_openinghours WHERE store_id = ANY(%(stores)s::bigint[]) GROUP BY store_id
) hours ON hours.store_id = store.id
LEFT JOIN (
    SELECT store_id,
        string_agg(CASE WHEN opens IS NULL OR closes IS NULL THEN date::text
            ELSE concat_ws(' ', date, opens, closes) END, ',' ORDER BY date) AS days
    FROM stores_hoursexception
    WHERE store_id = ANY(%(stores)s::bigint[]) AND date >= %(since)s
    GROUP BY store_id
) excepted ON excepted.store_id = store.id
LEFT JOIN (
    SELECT store_id,
        string_agg(concat_ws(' ', date, begins, ends, orders), ',' ORDER BY date, begins) AS days
    FROM orders_slotcapacity
    WHERE store_id = ANY(%(stores)s::bigint[]) AND date >= %(since)s
    GROUP BY store_id
) special ON special.store_id = store.id
LEFT JOIN stores_storeswitch paused ON paused.store_id = store.id AND paused.kind = 'paused'
    AND paused.closed_at IS NULL AND (paused.until IS NULL OR paused.until > %(now)s)
WHERE store.id = ANY(%(stores)s::bigint[])
"""


def terms_of(store_ids: Collection[int], *, at: datetime, now: datetime) -> dict[int, Terms]:
    """The terms of these stores by key; stores that do not exist are left out.

    Exceptional days are those that matter from ``at`` on; switches are judged ``now``.
    """
    values: dict[str, Any] = {
        "stores": list(store_ids),
        "since": at.date() - timedelta(days=2),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TERMS, values)
        return {row[0]: Terms(*row) for row in cursor.fetchall()}


@lru_cache(maxsize=4096)
def calendar_from(timezone: str, week: str, days: str) -> Calendar:
    """The calendar that these texts describe."""
    return Calendar(_week(week), _days(days), ZoneInfo(timezone))


@lru_cache(maxsize=4096)
def _week(text: str) -> Week:
    week: dict[int, list[Span]] = {}
    for part in text.split(",") if text else ():
        weekday, opens, closes = part.split(" ")
        week.setdefault(int(weekday), []).append(_span(opens, closes))
    return week


@lru_cache(maxsize=4096)
def _days(text: str) -> Exceptions:
    days: dict[date, list[Span]] = {}
    for part in text.split(",") if text else ():
        day, *span = part.split(" ")
        days[date.fromisoformat(day)] = [_span(*span)] if span else []
    return days


def _span(opens: str, closes: str) -> Span:
    return Span(time.fromisoformat(opens), time.fromisoformat(closes))


@lru_cache(maxsize=1024)
def _special(text: str) -> list[tuple[date, time, time, int]]:
    rows = (part.split(" ") for part in text.split(","))
    return [
        (
            date.fromisoformat(day),
            time.fromisoformat(begins),
            time.fromisoformat(ends),
            int(places),
        )
        for day, begins, ends, places in rows
    ]
