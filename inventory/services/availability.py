"""Available to promise: the one formula that API, routing, guards, feeds and admin share.

It is written once, in SQL, below. The most specific safety stock wins, even when it says 0:
store and item, store and category, store, item, category, everywhere. A percent buffer hides a
share of what could be sold if nobody had ordered, so that it does not shrink as units are sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

from hub import clock
from hub.stores.models import SalesChannel, Store
from inventory.errors import Short
from inventory.lines import MOST_UNITS
from inventory.models import Item

STALE_AFTER = 4  # missed snapshots
EVERYTHING = 2 * MOST_UNITS

_BY_ID = (
    """SELECT id, id::text AS ref, pickup_enabled FROM stores_store
    WHERE id = ANY(%(stores)s::bigint[])""",
    "SELECT id, id::text AS ref, category FROM inventory_item WHERE id = ANY(%(items)s::bigint[])",
)
# a code may look like another store's public id: the public id wins
_BY_REFERENCE = (
    """SELECT store.id, asked.ref, store.pickup_enabled
    FROM unnest(%(stores)s::text[]) AS asked (ref) CROSS JOIN LATERAL (
        SELECT id, pickup_enabled FROM stores_store WHERE public_id = asked.ref AND active
        UNION ALL
        SELECT id, pickup_enabled FROM stores_store WHERE code = asked.ref AND active
        LIMIT 1) AS store""",
    """SELECT id, sku AS ref, category FROM inventory_item
    WHERE sku = ANY(%(items)s::text[]) AND active""",
)
_POSITIONS = """
WITH place AS MATERIALIZED (
    SELECT asked.id, asked.ref, asked.pickup_enabled, feed.counted_as_of,
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
        ARRAY(SELECT DISTINCT reason FROM inventory_salesstop stop
         WHERE stop.item_id = item.id AND stop.store_id IS NULL
           AND (stop.channel_id IS NULL OR stop.channel_id = %(channel)s)) AS stops
    FROM ({goods}) AS item
), stopped AS MATERIALIZED (
    SELECT stop.store_id, stop.item_id, array_agg(DISTINCT stop.reason) AS stops
    FROM inventory_salesstop stop
    JOIN place ON place.id = stop.store_id JOIN good ON good.id = stop.item_id
    WHERE stop.channel_id IS NULL OR stop.channel_id = %(channel)s
    GROUP BY stop.store_id, stop.item_id
), buffer AS MATERIALIZED (
    SELECT units, percent FROM inventory_channelbuffer WHERE channel_id = %(channel)s
), term AS (
    SELECT place.id AS store_id, good.id AS item_id, place.ref AS store, good.ref AS item,
        coalesce(level.on_hand, 0) AS on_hand, coalesce(level.unavailable, 0) AS unavailable,
        coalesce(level.allocated, 0) AS allocated, coalesce(level.held, 0) AS held,
        coalesce(by_item.units, by_category.units, place.safety, good.safety, 0) AS safety_stock,
        coalesce((SELECT buffer.units + ceil(buffer.percent::bigint
            * greatest(0, level.on_hand - level.unavailable) / 100.0)::bigint FROM buffer), 0)
            AS channel_buffer,
        place.missed AS feed_buffer,
        greatest(level.counted_at, place.counted_as_of) AS counted_at,
        CASE WHEN place.pickup_enabled THEN '{{}}' ELSE ARRAY['store_closed_to_pickup'] END
            || CASE WHEN place.missed < {stale} THEN '{{}}' ELSE ARRAY['stale_feed'] END
            || good.stops::text[] || coalesce(stopped.stops::text[], '{{}}') AS stops
    FROM {pairs}
    LEFT JOIN inventory_stocklevel level
        ON level.store_id = place.id AND level.item_id = good.id
    LEFT JOIN inventory_safetystock by_item
        ON by_item.store_id = place.id AND by_item.category = '' AND by_item.item_id = good.id
    LEFT JOIN inventory_safetystock by_category
        ON by_category.store_id = place.id AND by_category.category = good.category
        AND by_category.item_id IS NULL AND good.category <> ''
    LEFT JOIN stopped ON stopped.store_id = place.id AND stopped.item_id = good.id
), position AS (
    SELECT term.*, CASE WHEN cardinality(stops) > 0 THEN 0 ELSE greatest(0,
        on_hand - unavailable - allocated - held
        - safety_stock - channel_buffer - feed_buffer) END AS atp
    FROM term
)
"""
_COLUMNS = """atp, on_hand, unavailable, allocated, held, safety_stock, channel_buffer, counted_at,
    feed_buffer, stops, store_id"""


_EVERY = "place CROSS JOIN good"
_PAIRED = """unnest(%(pair_stores)s::bigint[], %(pair_items)s::bigint[]) AS pair (store, item)
    JOIN place ON place.id = pair.store JOIN good ON good.id = pair.item"""


def _positions(source: tuple[str, str], select: str, pairs: str = _EVERY) -> str:
    places, goods = source
    return _POSITIONS.format(places=places, goods=goods, pairs=pairs, stale=STALE_AFTER) + select


_TERMS = _positions(_BY_ID, f"SELECT store_id, item_id, {_COLUMNS} FROM position")  # noqa: S608
_TERMS_OF_PAIRS = _positions(
    _BY_ID,
    f"SELECT store_id, item_id, {_COLUMNS} FROM position",  # noqa: S608  made of constants
    _PAIRED,
)
_TERMS_BY_REFERENCE = _positions(
    _BY_REFERENCE,
    f"SELECT store, item, {_COLUMNS} FROM position",  # noqa: S608  made of constants
)
_NETWORK = _positions(
    _BY_ID,
    """SELECT item_id, greatest(0, sum(atp) - coalesce((
        SELECT network_units FROM inventory_channelbuffer WHERE channel_id = %(channel)s), 0)),
        count(*) FILTER (WHERE atp > 0) FROM position GROUP BY item_id""",
)


class Availability(NamedTuple):
    """The terms of one item's availability in one store, for one sales channel, in units.

    ``atp`` is what can be promised now, never below zero. ``counted_at`` is when the last count
    was true; None when nobody ever counted. ``feed_buffer`` is hidden because the store's feed is
    late. ``stops`` are the reasons for which nothing is sold, whatever there is.
    """

    atp: int
    on_hand: int
    unavailable: int
    allocated: int
    held: int
    safety_stock: int
    channel_buffer: int
    counted_at: datetime | None
    feed_buffer: int
    stops: list[str]
    store_id: int

    @property
    def protected(self) -> int:
        """Units that this channel may not sell although they are free."""
        if self.stops:
            return EVERYTHING
        return self.safety_stock + self.channel_buffer + self.feed_buffer

    @property
    def reasons(self) -> list[str]:
        """Why there is nothing to promise, as codes; empty when there is something."""
        if self.atp > 0:
            return []
        found = [*self.stops]
        if self.counted_at is None:
            found.append("never_counted")
        if self.on_hand == 0:
            return [*found, "no_stock"]
        taken = {
            "unavailable": self.unavailable,
            "allocated": self.allocated,
            "held": self.held,
            "safety_stock": self.safety_stock,
            "buffer": self.channel_buffer + self.feed_buffer,
        }
        return found + [code for code, units in taken.items() if units]


class Total(NamedTuple):
    """Units of an item that can be promised over all stores, and in how many stores."""

    available: int
    stores: int


def available(
    *,
    channel: SalesChannel,
    store_ids: Sequence[int],
    item_ids: Sequence[int],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[int, int], Availability]:
    """The availability of every item in every store, by (store id, item id), in one query.

    Items without a stock level come with zeroes; ids that do not exist are left out. ``using``
    names the database to read, for replicas.
    """
    rows = _ask(_TERMS, channel=channel, stores=store_ids, items=item_ids, using=using)
    return {(row[0], row[1]): Availability._make(row[2:]) for row in rows}


def available_of(
    *, channel: SalesChannel, pairs: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Availability]:
    """The availability of these (store id, item id) alone."""
    stores, items = [store for store, _ in pairs], [item for _, item in pairs]
    rows = _ask(
        _TERMS_OF_PAIRS,
        channel=channel,
        stores=sorted(set(stores)),
        items=sorted(set(items)),
        using=DEFAULT_DB_ALIAS,
        pair_stores=stores,
        pair_items=items,
    )
    return {(row[0], row[1]): Availability._make(row[2:]) for row in rows}


def available_by_reference(
    *,
    channel: SalesChannel,
    stores: Sequence[str],
    skus: Sequence[str],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[str, str], Availability]:
    """The same by (public id or code of a store, SKU), as asked; what is not known is left out."""
    rows = _ask(_TERMS_BY_REFERENCE, channel=channel, stores=stores, items=skus, using=using)
    return {(row[0], row[1]): Availability._make(row[2:]) for row in rows}


def network_totals(
    *,
    channel: SalesChannel,
    store_ids: Sequence[int],
    item_ids: Sequence[int],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[int, Total]:
    """What can be promised over all these stores by item id, less the channel's network buffer."""
    rows = _ask(_NETWORK, channel=channel, stores=store_ids, items=item_ids, using=using)
    return {item: Total(int(units), stores) for item, units, stores in rows}


def _ask(
    statement: str,
    *,
    channel: SalesChannel,
    stores: Sequence[Any],
    items: Sequence[Any],
    using: str,
    **more: Sequence[int],
) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {
        "stores": list(stores),
        "items": list(items),
        "channel": channel.pk,
        "now": clock.now(),
        **more,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def protected_units(
    *, channel: SalesChannel, store: Store, item_ids: Iterable[int]
) -> dict[int, int]:
    """The units of each item in one store that may not be promised, to pass into a guard.

    Safety stock plus buffers; more than any shelf holds where nothing may be sold.
    """
    terms = available(channel=channel, store_ids=[store.pk], item_ids=list(item_ids))
    return {item: term.protected for (_store, item), term in terms.items()}


def shortages(*, channel: SalesChannel, store: Store, lines: Mapping[int, int]) -> list[Short]:
    """Every line of which fewer units can be promised now than wanted, in SKU order."""
    terms = available(channel=channel, store_ids=[store.pk], item_ids=list(lines))
    left = {item: term.atp for (_store, item), term in terms.items()}
    short = Item.objects.filter(
        pk__in=[i for i, wanted in lines.items() if left.get(i, 0) < wanted]
    )
    return [
        Short(sku=item.sku, requested=lines[item.pk], available=left.get(item.pk, 0))
        for item in short
    ]
