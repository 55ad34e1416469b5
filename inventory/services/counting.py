"""How counts take effect, set by set, in any number of stores at once.

Whoever uses this holds a transaction and goes through the steps in their order: ``begin`` keeps
others out, ``differing`` finds what a complete count changes, ``record`` makes it so, ``stamp``
tells that the stores are counted. What a count means is told in ``inventory.services.counts``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from hub import clock
from hub.stores.models import PosConnection
from inventory.services.levels import PAIRS, count_alone, lock_wanted_levels, make_wanted_levels
from inventory.services.shortfalls import SETTLED, announce

COUNTED = """
SELECT * FROM unnest(%(stores)s::bigint[], %(items)s::bigint[], %(quantities)s::bigint[])
    AS line (store_id, item_id, quantity)
"""

# events that bring or take units on hand
_MOVING = "('adjustment', 'sale', 'return', 'transfer', 'hand_off')"

_SINCE = f"""
coalesce(sum(event.quantity) FILTER (
    WHERE NOT event.superseded AND event.kind IN {_MOVING}), 0) AS on_hand,
coalesce(sum(event.allocated_change), 0) AS allocated
FROM inventory_inventoryevent event
"""

_CHANGES = """
SELECT * FROM unnest(%(stores)s::bigint[], %(items)s::bigint[], %(quantities)s::bigint[],
    %(named)s::boolean[]) AS line (store_id, item_id, quantity, named)
"""

# Changes of many stores stay in a table of the session: see ``CHANGES_COLUMNS``.
CHANGES = "feed_changes"
CHANGES_COLUMNS = (
    "store_id bigint, item_id bigint, quantity bigint, named boolean, lacking boolean, "
    "differs boolean"
)
_KEEP = "INSERT INTO pg_temp.feed_changes (store_id, item_id, quantity, named, lacking, differs)"
_KEEP_ALL = f"{_KEEP} SELECT line.*, true, true, true FROM ({{others}}) AS line"  # noqa: S608
_KEPT = "SELECT store_id, item_id, quantity, named FROM pg_temp.feed_changes WHERE differs"
_KEPT_LACKING = "SELECT store_id, item_id FROM pg_temp.feed_changes WHERE lacking"
_KEPT_TOTALS = """
SELECT count(*) FILTER (WHERE differs AND named), count(*) FILTER (WHERE lacking)
FROM pg_temp.feed_changes
"""

# Of complete counts: the lines that are not as the hub has them, and what they do not name but
# the hub has. ``since`` reads what came after the count once per store.
_DIFFERING = f"""
WITH counted AS ({{counted}}), level AS (
    SELECT id, store_id, item_id, on_hand, deficit, allocated,
        (store_id = ANY(%(left_out)s::bigint[]))::int AS orders_left_out
    FROM inventory_stocklevel WHERE store_id = ANY(%(complete)s::bigint[])
), since AS (
    SELECT event.store_id, event.item_id, {_SINCE}
    WHERE event.store_id = ANY(%(complete)s::bigint[]) AND event.occurred_at > %(as_of)s
    GROUP BY event.store_id, event.item_id
), compared AS (
    SELECT store_id, item_id, coalesce(counted.quantity, 0) AS quantity,
        counted.quantity IS NOT NULL AS named, level.id IS NULL AS lacking,
        coalesce(level.on_hand, 0) + coalesce(level.deficit, 0) > 0 AS stocked,
        coalesce(counted.quantity, 0) + coalesce(since.on_hand, 0)
            + (coalesce(level.allocated, 0) - coalesce(since.allocated, 0))
                * coalesce(level.orders_left_out, 0)
            <> coalesce(level.on_hand, 0) - coalesce(level.deficit, 0) AS differs
    FROM counted FULL JOIN level USING (store_id, item_id)
    LEFT JOIN since USING (store_id, item_id)
)
SELECT store_id, item_id, quantity, named, lacking, differs FROM compared
WHERE lacking OR (differs AND (named OR stocked))
"""  # noqa: S608  made of constants

# ``now_there`` is what the count says of now: counted at T, plus what came and went since, plus,
# if the source leaves out the goods of orders, what was allocated at T. Below zero is a deficit.
_RECORD = f"""
WITH counted AS ({{changes}}), judged AS MATERIALIZED (
    SELECT level.id, level.store_id, level.item_id, level.on_hand, level.deficit,
        counted.quantity, counted.named, counted.quantity + since.on_hand
            + (level.allocated - since.allocated)
                * (level.store_id = ANY(%(left_out)s::bigint[]))::int AS now_there,
        coalesce(level.counted_at > %(as_of)s, false)
            OR coalesce(feed.counted_as_of >= %(as_of)s, false)
            OR coalesce(level.counted_at = %(as_of)s AND (
                SELECT rival.quantity FROM inventory_inventoryevent rival
                WHERE rival.store_id = level.store_id AND rival.item_id = level.item_id
                  AND rival.occurred_at = level.counted_at AND rival.kind = 'count'
                  AND NOT rival.superseded
                ORDER BY rival.id DESC LIMIT 1) <= counted.quantity, false) AS stale
    FROM counted
    JOIN inventory_stocklevel level
        ON level.store_id = counted.store_id AND level.item_id = counted.item_id
    LEFT JOIN inventory_storefeed feed ON feed.store_id = level.store_id
    CROSS JOIN LATERAL (
        SELECT {_SINCE}
        WHERE event.store_id = level.store_id AND event.item_id = level.item_id
          AND event.occurred_at > %(as_of)s
    ) AS since
), recorded AS (
    INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind,
        quantity, on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
    SELECT %(source)s, %(prefix)s || ':' || store_id || ':' || item_id, store_id, item_id,
        'count', quantity, CASE WHEN stale THEN 0 ELSE greatest(0, now_there) - on_hand END, 0,
        stale, '', '', %(as_of)s
    FROM judged ORDER BY store_id, item_id
    ON CONFLICT (source, source_event_id) DO NOTHING
    RETURNING store_id, item_id, superseded
), changed AS (
    UPDATE inventory_stocklevel level
    SET on_hand = greatest(0, judged.now_there), deficit = greatest(0, -judged.now_there),
        counted_at = %(as_of)s
    FROM recorded JOIN judged USING (store_id, item_id)
    WHERE level.id = judged.id AND NOT recorded.superseded
    RETURNING level.store_id, level.item_id, judged.named,
        greatest(0, level.on_hand - level.unavailable) - level.allocated - level.held AS free
), {SETTLED}, lifted AS (
    DELETE FROM inventory_salesstop stop USING changed
    WHERE stop.id = ANY(%(stops)s::bigint[])
      AND stop.store_id = changed.store_id AND stop.item_id = changed.item_id
)
SELECT (SELECT count(*) FROM changed WHERE named),
    (SELECT count(*) FROM changed WHERE NOT named),
    (SELECT count(*) FROM recorded WHERE superseded),
    (SELECT count(*) FROM counted) - (SELECT count(*) FROM recorded),
    ARRAY(SELECT id FROM opened ORDER BY id)
"""  # noqa: S608  made of constants

_STAMP = """
INSERT INTO inventory_storefeed (store_id, counted_as_of)
SELECT store_id, %(as_of)s FROM unnest(%(complete)s::bigint[]) AS store (store_id)
ORDER BY store_id
ON CONFLICT (store_id) DO UPDATE SET counted_as_of = excluded.counted_as_of, missed_told = 0
WHERE inventory_storefeed.counted_as_of < excluded.counted_as_of
"""

# What a count may lift: an item not sold because too few were found, and counted since. The rows
# first, then the lock that their triggers take, in the order of whoever else ends a stop.
_LIFTABLE = """
SELECT id FROM inventory_salesstop
WHERE reason = 'short_pick' AND store_id = ANY(%(stores)s::bigint[]) AND created_at < %(as_of)s
ORDER BY id FOR UPDATE
"""
_STOPS_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('inventory.stops', 0))"


@dataclass(frozen=True, kw_only=True)
class CountResult:
    """What became of the lines of a count.

    ``applied`` are in force now; ``unchanged`` said what the hub knew already (complete counts
    leave such rows alone); ``superseded`` came after a newer count; ``duplicates`` were recorded
    before. ``zeroed`` SKUs are missing from a complete count; ``shortfalls`` is how many of all
    of them left less than is promised, each a newly opened case.
    """

    applied: int = 0
    unchanged: int = 0
    superseded: int = 0
    duplicates: int = 0
    zeroed: int = 0
    shortfalls: int = 0

    def __add__(self, other: CountResult) -> CountResult:
        return CountResult(
            **{name: value + getattr(other, name) for name, value in vars(self).items()}
        )


class Count(NamedTuple):
    """Units of an item in a store. Not ``named`` ones are zero for being left out."""

    store_id: int
    item_id: int
    quantity: int
    named: bool = True


@dataclass(frozen=True)
class Differing:
    """What a complete count changes, and the items in stores that have no level there yet."""

    counts: list[Count]
    lacking: list[Count]

    @property
    def named(self) -> int:
        """How many of the changes the count names."""
        return sum(count.named for count in self.counts)


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Counts of one moment and source. Event ids are ``prefix``, store and item."""

    source: str
    as_of: datetime
    prefix: str
    left_out: Sequence[int]
    stops: Sequence[int]

    @classmethod
    def begin(
        cls, *, source: str, as_of: datetime, prefix: str, store_ids: Collection[int]
    ) -> Counting:
        """Keep everybody else who counts in these stores out until the transaction ends."""
        count_alone(*store_ids)
        return cls(
            source=source,
            as_of=as_of,
            prefix=prefix,
            left_out=_leaving_out_orders(source, store_ids),
            stops=_stops_to_lift(store_ids, as_of),
        )

    def differing(
        self, counted: str, values: Mapping[str, Any], *, complete: Collection[int]
    ) -> Differing:
        """What complete counts of these stores change. ``counted`` is a SELECT of store_id,
        item_id and quantity, with the parameters ``values``."""
        with connection.cursor() as cursor:
            cursor.execute(_DIFFERING.format(counted=counted), self._comparing(values, complete))
            rows = sorted(cursor.fetchall())
        return Differing(
            counts=[Count(*row[:4]) for row in rows if row[5]],
            lacking=[Count(*row[:4]) for row in rows if row[4]],
        )

    def record(self, counts: Sequence[Count], *, lacking: Sequence[Count]) -> CountResult:
        """Put the counts in force and into the ledger; ``lacking`` may still have no level.

        All levels are locked before any is judged, in the one order that everybody keeps to.
        """
        if lacking:
            make_wanted_levels(PAIRS, _arrays(lacking))
        return self._take(_CHANGES, _arrays(counts)) if counts else CountResult()

    def keep_changes(
        self,
        counted: str,
        others: str | None,
        values: Mapping[str, Any],
        *,
        complete: Collection[int],
    ) -> int:
        """Keep in the session's table what complete counts change (see ``differing``), and all
        of ``others``; returns how many of the former are named."""
        named = 0
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE pg_temp.feed_changes")
            if complete:
                differing = _DIFFERING.format(counted=counted)
                cursor.execute(f"{_KEEP} {differing}", self._comparing(values, complete))
                cursor.execute(_KEPT_TOTALS)
                named, _ = cursor.fetchone() or (0, 0)
            if others:
                told = _KEEP_ALL.format(others=others)
                cursor.execute(told, {**values, "complete": list(complete)})
        return named

    def record_kept(self) -> CountResult:
        """Put the changes that were kept in force and into the ledger, as ``record`` does."""
        with connection.cursor() as cursor:
            cursor.execute(_KEPT_TOTALS)
            _, lacking = cursor.fetchone() or (0, 0)
        if lacking:
            make_wanted_levels(_KEPT_LACKING, {})
        return self._take(_KEPT, {})

    def _take(self, changes: str, values: Mapping[str, Any]) -> CountResult:
        lock_wanted_levels(changes, values)
        with connection.cursor() as cursor:
            cursor.execute(_RECORD.format(changes=changes), {**values, **self._terms()})
            applied, zeroed, superseded, duplicates, opened = cursor.fetchone() or (0, 0, 0, 0, [])
        announce(opened)
        return CountResult(
            applied=applied,
            superseded=superseded,
            duplicates=duplicates,
            zeroed=zeroed,
            shortfalls=len(opened),
        )

    def stamp(self, store_ids: Collection[int]) -> None:
        """The stores were counted completely at that moment, unless they were later."""
        with connection.cursor() as cursor:
            cursor.execute(_STAMP, {"complete": list(store_ids), "as_of": self.as_of})

    def _comparing(self, values: Mapping[str, Any], complete: Collection[int]) -> dict[str, Any]:
        return {
            **values,
            "complete": list(complete),
            "left_out": list(self.left_out),
            "as_of": self.as_of,
        }

    def _terms(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "as_of": self.as_of,
            "prefix": self.prefix,
            "now": clock.now(),
            "left_out": list(self.left_out),
            "stops": list(self.stops),
        }


def _arrays(counts: Sequence[Count]) -> dict[str, Any]:
    return {
        "stores": [count.store_id for count in counts],
        "items": [count.item_id for count in counts],
        "quantities": [count.quantity for count in counts],
        "named": [count.named for count in counts],
    }


def _leaving_out_orders(source: str, store_ids: Collection[int]) -> list[int]:
    """The stores where the source is a POS whose counts lack what is allocated to orders."""
    declared = PosConnection.objects.filter(
        public_id=source, counts_include_orders=True, store__in=store_ids
    )
    return list(declared.values_list("store_id", flat=True))


def _stops_to_lift(store_ids: Collection[int], as_of: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_LIFTABLE, {"stores": list(store_ids), "as_of": as_of})
        stops = [stop for (stop,) in cursor]
        if stops:
            cursor.execute(_STOPS_ALONE)
    return stops
