"""What a file would do: how much of each store's stock it cuts, and what becomes of its lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from hub.stores.models import Store
from inventory.models import StockFile
from inventory.services.counting import Counting
from inventory.services.feeding import refusals, staging
from inventory.services.feeding.looking import Looked

MOST_DROP_PERCENT = 40
# of fewer units any share is soon cut by honest trade
LEAST_UNITS = 20
SHOWN_STORES = 50
SHOWN_LINES = 20
STORES_AT_ONCE = 5_000

# stores whose count is not older than the file are left out: it changes nothing there
_UNITS_NOW = """
SELECT store_id, units FROM unnest(%(stores)s::bigint[]) AS store (store_id)
LEFT JOIN inventory_storefeed feed USING (store_id)
CROSS JOIN LATERAL (
    SELECT sum(on_hand)::bigint AS units FROM inventory_stocklevel level
    WHERE level.store_id = store.store_id
) AS now
WHERE coalesce(feed.counted_as_of < %(as_of)s, true) AND units IS NOT NULL
"""
_UNITS_LOST = """
SELECT line.store_id, sum(level.on_hand - line.quantity)::bigint
FROM pg_temp.feed_counts line
JOIN inventory_stocklevel level
    ON level.store_id = line.store_id AND level.item_id = line.item_id
WHERE line.store_id = ANY(%(stores)s::bigint[])
  AND coalesce(level.counted_at <= %(as_of)s, true)
GROUP BY line.store_id
"""
_TO_ZERO = """
SELECT level.store_id, count(*) FROM inventory_stocklevel level
LEFT JOIN pg_temp.feed_counts line
    ON line.store_id = level.store_id AND line.item_id = level.item_id
WHERE level.store_id = ANY(%(stores)s::bigint[]) AND level.on_hand > 0
  AND (line.quantity = 0 OR (line.n IS NULL AND level.store_id = ANY(%(complete)s::bigint[])))
GROUP BY level.store_id
"""
_OTHERS = f"""
SELECT count(*) FILTER (WHERE differs AND NOT stale),
    count(*) FILTER (WHERE NOT differs AND NOT stale), count(*) FILTER (WHERE stale)
FROM (
    SELECT coalesce(level.counted_at > %(as_of)s, false)
            OR coalesce(feed.counted_as_of >= %(as_of)s, false) AS stale,
        coalesce(level.on_hand - level.deficit, -1) <> line.quantity AS differs
    FROM ({staging.COUNTED_OTHERS}) line
    LEFT JOIN inventory_stocklevel level
        ON level.store_id = line.store_id AND level.item_id = line.item_id
    LEFT JOIN inventory_storefeed feed ON feed.store_id = line.store_id
) AS judged
"""  # noqa: S608  made of constants
_KNOWN_EVENTS = """
SELECT count(*) FROM pg_temp.feed_events line
JOIN inventory_inventoryevent event
    ON event.source = %s AND event.source_event_id = (line.event::jsonb ->> 'event_id')
"""
_STALE = """
SELECT store_id, 1 FROM inventory_storefeed
WHERE store_id = ANY(%(stores)s::bigint[]) AND counted_as_of >= %(as_of)s
"""


class Cut(NamedTuple):
    """The units of a store now and after the file."""

    store_id: int
    before: int
    after: int

    @property
    def percent(self) -> int:
        """The share of the units that would go."""
        return round(100 * (self.before - self.after) / self.before)


def cuts_too_deep(file: StockFile, looked: Looked, moment: datetime) -> list[Cut]:
    """The stores that the file cuts by more than the layout allows, the deepest cuts first.

    Stores with fewer than 20 units are left out, and those that have a younger count.
    """
    most = file.layout.most_drop_percent if file.layout else MOST_DROP_PERCENT
    complete = set(looked.complete) if file.complete else set()
    found = []
    for stores in _slices(sorted(looked.units)):
        now = _by_store(_UNITS_NOW, stores, moment)
        suspects = [
            Cut(store, units, looked.units[store])
            for store, units in now.items()
            if units >= LEAST_UNITS and (units - looked.units[store]) * 100 > most * units
        ]
        found += [cut for cut in suspects if cut.store_id in complete]
        partial = [cut for cut in suspects if cut.store_id not in complete]
        lost = _by_store(_UNITS_LOST, [cut.store_id for cut in partial], moment) if partial else {}
        exact = [cut._replace(after=cut.before - lost.get(cut.store_id, 0)) for cut in partial]
        found += [cut for cut in exact if (cut.before - cut.after) * 100 > most * cut.before]
    return sorted(found, key=lambda cut: (-cut.percent, cut.store_id))


def preview(file: StockFile, looked: Looked, moment: datetime) -> dict[str, Any]:
    """What the file that was just looked through would do, as a JSON object.

    ``lines``, ``refused``; of a snapshot ``applied``, ``unchanged``, ``superseded`` and
    ``zeroed``, of a file of events ``events`` and ``duplicates``. ``stores_cut`` counts the
    stores cut too deep; ``stores`` are the first 50: store, name, before, after, percent,
    to_zero (SKUs). ``refusals`` (line, code, detail) and ``unmapped`` (code, times) begin the
    lists of what is left out.
    """
    told: dict[str, Any] = {"lines": looked.lines, "refused": looked.refused}
    if file.mode == "snapshot":
        cuts = cuts_too_deep(file, looked, moment)
        told |= _effects(file, looked, moment)
        told |= {"stores_cut": len(cuts), "stores": _told(cuts[:SHOWN_STORES], looked, file)}
    else:
        told |= {"events": looked.lines - looked.refused, "duplicates": _known_events(file)}
    told["refusals"] = refusals.first(SHOWN_LINES)
    told["unmapped"] = refusals.first_unmapped(SHOWN_LINES)
    return told


def _effects(file: StockFile, looked: Looked, moment: datetime) -> dict[str, int]:
    """What would become of the good lines. Looks without locking, so it is a moment's truth."""
    complete = looked.complete if file.complete else []
    stale = _by_store(_STALE, complete, moment)
    counting = Counting(source=file.source, as_of=moment, prefix="", left_out=[], stops=[])
    told = {"applied": 0, "unchanged": 0, "superseded": 0, "zeroed": 0}
    for chunk in looked.chunks:
        within = {"after": chunk.after, "until": chunk.until}
        stores = sorted(chunk.named.keys() & set(complete))
        if stores:
            found = counting.differing(staging.COUNTED_COMPLETE, within, complete=stores)
            changes = [count for count in found.counts if count.store_id not in stale]
            named = sum(count.named for count in changes)
            told["applied"] += named
            told["zeroed"] += len(changes) - named
            told["superseded"] += len(found.counts) - len(changes)
            told["unchanged"] += sum(chunk.named[store] for store in stores) - found.named
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS, {**within, "complete": stores, "as_of": moment})
            applied, unchanged, superseded = cursor.fetchone() or (0, 0, 0)
        told["applied"] += applied
        told["unchanged"] += unchanged
        told["superseded"] += superseded
    return told


def _told(cuts: Sequence[Cut], looked: Looked, file: StockFile) -> list[dict[str, Any]]:
    ids = [cut.store_id for cut in cuts]
    names = Store.objects.in_bulk(ids)
    values = {"stores": ids, "complete": looked.complete if file.complete else []}
    with connection.cursor() as cursor:
        cursor.execute(_TO_ZERO, values)
        to_zero = dict(cursor.fetchall())
    return [
        {
            "store": names[cut.store_id].code,
            "name": names[cut.store_id].name,
            "before": cut.before,
            "after": cut.after,
            "percent": cut.percent,
            "to_zero": to_zero.get(cut.store_id, 0),
        }
        for cut in cuts
    ]


def _known_events(file: StockFile) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_EVENTS, [file.source])
        (count,) = cursor.fetchone() or (0,)
    return int(count)


def _by_store(query: str, stores: Collection[int], moment: datetime) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"stores": list(stores), "as_of": moment})
        return dict(cursor.fetchall())


def _slices(stores: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(stores), STORES_AT_ONCE):
        yield stores[start : start + STORES_AT_ONCE]
