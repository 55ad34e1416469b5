"""The formula of availability in SQL, written once; ``availability`` asks it.

Statements differ only in how many stores and items they ask for: short lists are written out,
so that PostgreSQL estimates them rightly and plans each statement once per connection. Planning
takes several times as long as answering for one item.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from psycopg.types.numeric import Int8

STALE_AFTER = 4  # missed snapshots
SHORT_LISTS = (1, 4, 16)  # the last value is repeated to fill one

# in shadow test keys take goods; whoever asks by id has judged whether the caller may
_STORES_BY_ID = """SELECT id, id::text AS ref, pickup_enabled OR stage = 'shadow' AS sells
    FROM stores_store WHERE id = ANY({stores})"""
# to the outside, a store in setup or shadow is none: live and paused come before 's' (a longer
# condition would make the statement too long for the driver to remember)
# a code may look like another store's public id: the public id wins
_STORES_BY_REFERENCE = """SELECT store.id, asked.ref, store.sells
    FROM ({asked}) AS asked (ref) CROSS JOIN LATERAL (
        SELECT id, pickup_enabled AS sells FROM stores_store
        WHERE public_id = asked.ref AND active AND stage < 's'
        UNION ALL
        SELECT id, pickup_enabled FROM stores_store
        WHERE code = asked.ref AND active AND stage < 's'
        LIMIT 1) AS store"""
_ITEMS_BY_ID = "SELECT id, id::text AS ref, category FROM inventory_item WHERE id = ANY({items})"
_ITEMS_BY_SKU = """SELECT id, sku AS ref, category FROM inventory_item
    WHERE sku = ANY({items}) AND active"""
_POSITIONS = """
WITH place AS MATERIALIZED (
    SELECT asked.id, asked.ref, asked.sells, feed.counted_as_of,
        coalesce(greatest(0, floor(extract(epoch FROM %(now)s - feed.counted_as_of)
            / nullif(feed.expected_minutes * 60.0, 0)))::bigint, 0) AS missed,
        (SELECT units FROM inventory_safetystock
         WHERE store_id = asked.id AND category = '' AND item_id IS NULL) AS safety
    FROM ({places}) AS asked
    LEFT JOIN inventory_storefeed feed ON feed.store_id = asked.id
), good AS MATERIALIZED (
    SELECT item.id, item.ref, item.category, coalesce(
        (SELECT units FROM inventory_safetystock
         WHERE store_id IS NULL AND category = '' AND item_id = item.id),
        (SELECT units FROM inventory_safetystock
         WHERE store_id IS NULL AND category = item.category AND item_id IS NULL
           AND item.category <> ''),
        (SELECT units FROM inventory_safetystock
         WHERE store_id IS NULL AND category = '' AND item_id IS NULL)) AS safety,
        (SELECT array_agg(DISTINCT reason::text) FROM inventory_salesstop stop
         WHERE stop.item_id = item.id AND stop.store_id IS NULL
           AND (stop.channel_id IS NULL OR stop.channel_id = %(channel)s)) AS stops,
        EXISTS (SELECT FROM inventory_bundlepart WHERE bundle_id = item.id) AS is_bundle
    FROM ({goods}) AS item
), stopped AS MATERIALIZED (
    SELECT stop.store_id, stop.item_id, array_agg(DISTINCT stop.reason::text) AS stops
    FROM inventory_salesstop stop
    JOIN place ON place.id = stop.store_id JOIN good ON good.id = stop.item_id
    WHERE stop.channel_id IS NULL OR stop.channel_id = %(channel)s
    GROUP BY stop.store_id, stop.item_id
), buffer AS MATERIALIZED (
    SELECT coalesce(max(units), 0) AS units, coalesce(max(percent), 0)::bigint AS percent
    FROM inventory_channelbuffer WHERE channel_id = %(channel)s
), term AS (
    SELECT place.id AS store_id, good.id AS item_id, place.ref AS store, good.ref AS item,
        good.is_bundle,
        coalesce(level.on_hand, 0) AS on_hand, coalesce(level.unavailable, 0) AS unavailable,
        coalesce(level.allocated, 0) AS allocated, coalesce(level.held, 0) AS held,
        coalesce(by_item.units, by_category.units, place.safety, good.safety, 0) AS safety_stock,
        CASE WHEN level.id IS NULL THEN 0 ELSE buffer.units + (buffer.percent
            * greatest(0, level.on_hand - level.unavailable) + 99) / 100 END AS channel_buffer,
        place.missed AS feed_buffer,
        extract(epoch FROM greatest(level.counted_at, place.counted_as_of))::float8 AS counted_at,
        CASE WHEN place.sells AND place.missed < {stale}
                AND good.stops IS NULL AND stopped.stops IS NULL THEN NULL
            ELSE CASE WHEN place.sells THEN '{{}}'
                    ELSE ARRAY['store_closed_to_pickup'] END
                || CASE WHEN place.missed < {stale} THEN '{{}}' ELSE ARRAY['stale_feed'] END
                || good.stops || stopped.stops END AS stops
    FROM {pairs}
    CROSS JOIN buffer
    LEFT JOIN inventory_stocklevel level
        ON level.store_id = place.id AND level.item_id = good.id
    LEFT JOIN inventory_safetystock by_item
        ON by_item.store_id = place.id AND by_item.category = '' AND by_item.item_id = good.id
    LEFT JOIN inventory_safetystock by_category
        ON by_category.store_id = place.id AND by_category.category = good.category
        AND by_category.item_id IS NULL AND good.category <> ''
    LEFT JOIN stopped ON stopped.store_id = place.id AND stopped.item_id = good.id
), position AS (
    SELECT term.*, CASE WHEN stops IS NOT NULL THEN 0 ELSE greatest(0,
        on_hand - unavailable - allocated - held
        - safety_stock - channel_buffer - feed_buffer) END AS atp
    FROM term
)
"""
_EVERY = "place CROSS JOIN good"
_PAIRED = """unnest(%(pair_stores)s::bigint[], %(pair_items)s::bigint[]) AS pair (store, item)
    JOIN place ON place.id = pair.store JOIN good ON good.id = pair.item"""
COLUMNS = """is_bundle, atp, on_hand, unavailable, allocated, held, safety_stock, channel_buffer,
    counted_at, feed_buffer, stops, store_id"""
TERMS = f"SELECT store_id, item_id, {COLUMNS} FROM position"  # noqa: S608  made of constants
TERMS_BY_REFERENCE = f"SELECT store, item, {COLUMNS} FROM position"  # noqa: S608
PROMISES_BY_REFERENCE = "SELECT store, item, atp, counted_at, store_id, is_bundle FROM position"
TOTALS = """SELECT item_id, greatest(0, sum(atp) - coalesce((
        SELECT network_units FROM inventory_channelbuffer WHERE channel_id = %(channel)s), 0)),
    count(*) FILTER (WHERE atp > 0) FROM position GROUP BY item_id"""


def by_id(
    select: str, *, stores: Sequence[int], items: Sequence[int], paired: bool = False
) -> tuple[str, dict[str, Any]]:
    """The statement that selects from the positions of these ids, and its values.

    ``paired`` takes only the pairs (``pair_stores``, ``pair_items``) that the caller adds.
    """
    sizes = _size(stores), _size(items)
    values = _values("store", [Int8(key) for key in stores], sizes[0])
    values |= _values("item", [Int8(key) for key in items], sizes[1])
    return _by_id(select, *sizes, paired), values


def by_reference(
    select: str, *, stores: Sequence[str], skus: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """The same by (public id or code of a store, SKU); what is not known has no position."""
    sizes = (1 if len(stores) == 1 else 0), _size(skus)
    values = _values("store", stores, sizes[0]) | _values("item", skus, sizes[1])
    return _by_reference(select, *sizes), values


@cache
def _by_id(select: str, stores: int, items: int, paired: bool) -> str:
    return _statement(
        select,
        _STORES_BY_ID.format(stores=_array("store", "bigint", stores)),
        _ITEMS_BY_ID.format(items=_array("item", "bigint", items)),
        _PAIRED if paired else _EVERY,
    )


@cache
def _by_reference(select: str, stores: int, items: int) -> str:
    one = "SELECT %(store0)s::text"
    asked = one if stores == 1 else "SELECT * FROM unnest(%(stores)s::text[])"
    return _statement(
        select,
        _STORES_BY_REFERENCE.format(asked=asked),
        _ITEMS_BY_SKU.format(items=_array("item", "text", items)),
        _EVERY,
    )


def _statement(select: str, places: str, goods: str, pairs: str) -> str:
    formula = _POSITIONS.format(places=places, goods=goods, pairs=pairs, stale=STALE_AFTER)
    # the driver remembers how to send statements of up to 4,096 characters
    return " ".join((formula + select).split())


def _size(values: Sequence[Any]) -> int:
    """How long a written-out list of these values is; 0: they go as one array."""
    return next((size for size in SHORT_LISTS if len(values) <= size), 0) if values else 0


def _array(name: str, kind: str, size: int) -> str:
    if not size:
        return f"%({name}s)s::{kind}[]"
    return f"ARRAY[{', '.join(f'%({name}{place})s' for place in range(size))}]::{kind}[]"


def _values(name: str, values: Sequence[Any], size: int) -> dict[str, Any]:
    if not size:
        return {f"{name}s": list(values)}
    filled = [*values, *[values[-1]] * (size - len(values))]
    return {f"{name}{place}": value for place, value in enumerate(filled)}
