"""How much work and how many customers the stores have taken on already."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from orders.promise.reckoning import Slot, slots
from orders.promise.terms import Terms

LOOK_AHEAD = timedelta(days=30)

# A place that a cart's hold has is taken exactly as long as the hold lives.
LIVING = """LEFT JOIN inventory_hold hold ON hold.id = booking.hold_id
WHERE (booking.hold_id IS NULL
       OR (hold.status = 'active' AND hold.expires_at > %(now)s))"""

_STARTS = f"""
SELECT booking.store_id, booking.start FROM orders_windowbooking booking
{LIVING} AND booking.store_id = ANY(%(stores)s::bigint[])
  AND booking.start >= %(since)s AND booking.start < %(until)s
"""  # noqa: S608  made of constants

_QUEUES = """
SELECT asked.store_id, count(*)
FROM unnest(%(stores)s::bigint[], %(before)s::timestamptz[]) AS asked (store_id, before)
JOIN orders_fulfillmentorder part ON part.store_id = asked.store_id
    AND part.status IN ('proposed', 'accepted', 'picking') AND part.promised_at <= asked.before
GROUP BY asked.store_id
"""


class Bookings:
    """The places taken in the windows of some stores, at one moment."""

    def __init__(
        self, store_ids: Collection[int], *, since: datetime, until: datetime, now: datetime
    ) -> None:
        """Count them in one query; those that begin before ``since`` are not looked at."""
        self._starts: dict[int, list[datetime]] = defaultdict(list)
        values: dict[str, Any] = {
            "stores": list(store_ids),
            "since": since,
            "until": until,
            "now": now,
        }
        if store_ids:
            with connection.cursor() as cursor:
                cursor.execute(_STARTS, values)
                for store_id, start in cursor.fetchall():
                    self._starts[store_id].append(start)
        for starts in self._starts.values():
            starts.sort()

    def left(self, terms: Terms, slot: Slot) -> int | None:
        """How many more orders the slot takes; None: as many as come.

        Places count where they begin: hours and slot lengths may have changed since.
        """
        places = terms.places(slot.start)
        if places is None:
            return None
        starts = self._starts[terms.store_id]
        taken = bisect_left(starts, slot.end) - bisect_left(starts, slot.start)
        return max(0, places - taken)

    def with_room(self, terms: Terms, since: datetime) -> Iterator[Slot]:
        """The store's slots with room that end after ``since``, a month ahead, in order."""
        for slot in slots(terms.calendar, terms.slot_minutes, since, since + LOOK_AHEAD):
            if self.left(terms, slot) != 0:
                yield slot


def queues_before(moments: Mapping[int, datetime]) -> dict[int, int]:
    """Per store, how many parts promised up to its moment still have to be picked."""
    if not moments:
        return {}
    values: dict[str, Any] = {"stores": list(moments), "before": list(moments.values())}
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES, values)
        return dict(cursor.fetchall())
