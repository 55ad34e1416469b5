"""Physical counts: what somebody truthfully found on the shelves, whatever was promised.

A count of a moment T replaces everything that happened until T; what the ledger knows to have
happened after T is applied on top. A count older than the one in force is recorded as superseded
and changes nothing. Of two counts of the same moment the lower one holds, so that their order of
arrival does not matter. The ledger row of a count carries the counted units in ``quantity``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from hub import clock
from hub.errors import Invalid
from hub.stores.models import PosConnection, Store
from inventory.lines import MOST_UNITS
from inventory.models import StockLevel
from inventory.services.catalog import find_items
from inventory.services.levels import count_alone, lock_levels, make_levels
from inventory.services.shortfalls import SETTLED, announce

CLOCK_TOLERANCE = timedelta(minutes=5)
LONGEST_PREFIX = 50

# ``now_there`` is what the count says of now: counted at T, plus what came and went since, plus,
# if the source leaves out the goods of orders, what was allocated at T. Below zero is a deficit.
_JUDGED = """
WITH counted AS (
    SELECT * FROM unnest(%(items)s::bigint[], %(quantities)s::bigint[], %(event_ids)s::text[])
        AS line (item_id, quantity, event_id)
), judged AS MATERIALIZED (
    SELECT level.id, level.item_id, level.on_hand, level.deficit, counted.quantity,
        counted.event_id, counted.quantity + since.on_hand
            + (level.allocated - since.allocated) * %(orders_left_out)s AS now_there,
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
        ON level.store_id = %(store)s AND level.item_id = counted.item_id
    LEFT JOIN inventory_storefeed feed ON feed.store_id = level.store_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(event.quantity) FILTER (
                WHERE NOT event.superseded AND event.kind IN (
                    'adjustment', 'sale', 'return', 'transfer', 'hand_off')), 0) AS on_hand,
            coalesce(sum(event.allocated_change), 0) AS allocated
        FROM inventory_inventoryevent event
        WHERE event.store_id = level.store_id AND event.item_id = level.item_id
          AND event.occurred_at > %(as_of)s
    ) AS since
)"""

_CHANGING = f"""{_JUDGED}
SELECT item_id FROM judged WHERE now_there <> on_hand - deficit
"""  # noqa: S608  made of constants

_RECORD = f"""{_JUDGED}, recorded AS (
    INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind,
        quantity, on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
    SELECT %(source)s, event_id, %(store)s, item_id, 'count', quantity,
        CASE WHEN stale THEN 0 ELSE greatest(0, now_there) - on_hand END, 0, stale, '', '',
        %(as_of)s
    FROM judged ORDER BY item_id
    ON CONFLICT (source, source_event_id) DO NOTHING
    RETURNING item_id, on_hand_change, superseded
), changed AS (
    UPDATE inventory_stocklevel level
    SET on_hand = greatest(0, judged.now_there), deficit = greatest(0, -judged.now_there),
        counted_at = %(as_of)s
    FROM recorded JOIN judged ON judged.item_id = recorded.item_id
    WHERE level.id = judged.id AND NOT recorded.superseded
    RETURNING level.store_id, level.item_id,
        greatest(0, level.on_hand - level.unavailable) - level.allocated - level.held AS free
), {SETTLED}
SELECT (SELECT count(*) FROM changed),
    (SELECT count(*) FROM recorded WHERE superseded),
    (SELECT count(*) FROM counted) - (SELECT count(*) FROM recorded),
    ARRAY(SELECT id FROM opened ORDER BY id)
"""  # noqa: S608  made of constants

_STAMP = """
INSERT INTO inventory_storefeed (store_id, counted_as_of) VALUES (%(store)s, %(as_of)s)
ON CONFLICT (store_id) DO UPDATE SET counted_as_of = excluded.counted_as_of, missed_told = 0
WHERE inventory_storefeed.counted_as_of < excluded.counted_as_of
"""


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


def record_counts(
    *,
    store: Store,
    source: str,
    as_of: datetime,
    counts: Mapping[str, int],
    event_prefix: str,
    complete: bool = False,
) -> CountResult:
    """Take over what ``source`` counted in a store at ``as_of``: units on hand by SKU.

    Repeating it with the same ``event_prefix`` (at most 50 characters) changes nothing. When
    ``complete``, every SKU not named is counted as zero, and the store is stamped as counted.
    A count below what is promised is accepted and opens a shortfall case. Raises UnknownSku
    (nothing is recorded then), and Invalid for impossible quantities or a moment in the future.
    """
    items = find_items(counts)
    return record_item_counts(
        store=store,
        source=source,
        as_of=as_of,
        counts={items[sku].pk: quantity for sku, quantity in counts.items()},
        event_prefix=event_prefix,
        complete=complete,
    )


@transaction.atomic
def record_item_counts(
    *,
    store: Store,
    source: str,
    as_of: datetime,
    counts: Mapping[int, int],
    event_prefix: str,
    complete: bool = False,
) -> CountResult:
    """As ``record_counts``, with item ids for SKUs."""
    batch = _Batch(
        store=store,
        source=source,
        as_of=_checked(as_of=as_of, counts=counts, event_prefix=event_prefix),
        prefix=event_prefix,
        orders_left_out=_leaves_out_orders(store=store, source=source),
    )
    count_alone(store.pk)
    result = batch.apply(counts, only_changes=complete)
    return result + batch.close(counts.keys()) if complete else result


def _checked(*, as_of: datetime, counts: Mapping[int, int], event_prefix: str) -> datetime:
    """The moment of the count, at most now: a source's clock may run a little fast."""
    if not all(0 <= quantity <= MOST_UNITS for quantity in counts.values()):
        raise Invalid(f"a count lies between 0 and {MOST_UNITS}")
    if not 0 < len(event_prefix) <= LONGEST_PREFIX:
        raise Invalid(f"an event id has 1 to {LONGEST_PREFIX} characters")
    now = clock.now()
    if as_of > now + CLOCK_TOLERANCE:
        raise Invalid("a count cannot come from the future")
    return min(as_of, now)


def _leaves_out_orders(*, store: Store, source: str) -> bool:
    """Whether the source is a POS whose counts lack what is allocated to orders."""
    declared = PosConnection.objects.filter(
        store=store, public_id=source, counts_include_orders=True
    )
    return declared.exists()


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Counts of one store, moment and source, inside a transaction."""

    store: Store
    source: str
    as_of: datetime
    prefix: str
    orders_left_out: bool

    def apply(self, counts: Mapping[int, int], *, only_changes: bool) -> CountResult:
        if not counts:
            return CountResult()
        values = self._values(counts)
        make_levels(store_id=self.store.pk, item_ids=values["items"])
        with connection.cursor() as cursor:
            if only_changes:
                cursor.execute(_CHANGING, values)
                changing = {item for (item,) in cursor}
                values = self._values({i: q for i, q in counts.items() if i in changing})
            lock_levels(store_id=self.store.pk, item_ids=values["items"])
            cursor.execute(_RECORD, values)
            applied, superseded, duplicates, opened = cursor.fetchone() or (0, 0, 0, [])
        announce(opened)
        return CountResult(
            applied=applied,
            unchanged=len(counts) - len(values["items"]),
            superseded=superseded,
            duplicates=duplicates,
            shortfalls=len(opened),
        )

    def close(self, seen: Collection[int]) -> CountResult:
        """Count what a complete count does not name as zero, and stamp the store."""
        stocked = StockLevel.objects.filter(Q(on_hand__gt=0) | Q(deficit__gt=0), store=self.store)
        missing = set(stocked.values_list("item_id", flat=True)).difference(seen)
        zeroed = self.apply(dict.fromkeys(missing, 0), only_changes=True)
        with connection.cursor() as cursor:
            cursor.execute(_STAMP, {"store": self.store.pk, "as_of": self.as_of})
        return replace(zeroed, applied=0, unchanged=0, zeroed=zeroed.applied)

    def _values(self, counts: Mapping[int, int]) -> dict[str, Any]:
        items = sorted(counts)
        return {
            "store": self.store.pk,
            "source": self.source,
            "as_of": self.as_of,
            "now": clock.now(),
            "items": items,
            "quantities": [counts[item] for item in items],
            "event_ids": [f"{self.prefix}:{self.store.pk}:{item}" for item in items],
            "orders_left_out": int(self.orders_left_out),
        }
