"""Available to promise: the one formula that API, routing, feeds and admin share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from hub.stores.models import SalesChannel, Store
from inventory.errors import Short
from inventory.models import Item

# The rules of a store's item or category are joined; the wider ones are looked up once per store
# or item. The most specific rule wins, even when it says 0: store and item, store and
# category, store, item, category, everywhere.
_TERMS = """
WITH place AS MATERIALIZED (
    SELECT store.id, feed.counted_as_of,
        (SELECT units FROM inventory_safetystock
         WHERE store_id = store.id AND category = '' AND item_id IS NULL) AS safety
    FROM unnest(%(stores)s::bigint[]) AS store (id)
    LEFT JOIN inventory_storefeed feed ON feed.store_id = store.id
), good AS MATERIALIZED (
    SELECT item.id, item.category, coalesce(
        (SELECT units FROM inventory_safetystock
         WHERE store_id IS NULL AND category = '' AND item_id = item.id),
        (SELECT units FROM inventory_safetystock
         WHERE store_id IS NULL AND category = item.category AND item_id IS NULL
           AND item.category <> ''),
        (SELECT units FROM inventory_safetystock
         WHERE store_id IS NULL AND category = '' AND item_id IS NULL)) AS safety
    FROM inventory_item item WHERE item.id = ANY(%(items)s::bigint[])
)
SELECT place.id, good.id,
    coalesce(level.on_hand, 0), coalesce(level.unavailable, 0),
    coalesce(level.allocated, 0), coalesce(level.held, 0),
    coalesce(by_item.units, by_category.units, place.safety, good.safety, 0),
    coalesce((SELECT units FROM inventory_channelbuffer WHERE channel_id = %(channel)s), 0),
    greatest(level.counted_at, place.counted_as_of)
FROM place CROSS JOIN good
LEFT JOIN inventory_stocklevel level ON level.store_id = place.id AND level.item_id = good.id
LEFT JOIN inventory_safetystock by_item
    ON by_item.store_id = place.id AND by_item.category = '' AND by_item.item_id = good.id
LEFT JOIN inventory_safetystock by_category
    ON by_category.store_id = place.id AND by_category.category = good.category
    AND by_category.item_id IS NULL AND good.category <> ''
"""


@dataclass(frozen=True, kw_only=True)
class Availability:
    """The terms of one item's availability in one store, for one sales channel, in units.

    ``counted_at`` is when the last count was true; None when nobody ever counted.
    """

    on_hand: int
    unavailable: int
    allocated: int
    held: int
    safety_stock: int
    channel_buffer: int
    counted_at: datetime | None

    @property
    def protected(self) -> int:
        """Units that this channel may not sell although they are free."""
        return self.safety_stock + self.channel_buffer

    @property
    def atp(self) -> int:
        """Units that can be promised now; never below zero."""
        free = self.on_hand - self.unavailable - self.allocated - self.held
        return max(0, free - self.protected)


def available(
    *,
    channel: SalesChannel,
    store_ids: Sequence[int],
    item_ids: Sequence[int],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[int, int], Availability]:
    """The availability of every item in every store, by (store id, item id), in one query.

    Items without a stock level come with zeroes; item ids that do not exist are left out.
    ``using`` names the database to read, for replicas.
    """
    terms: dict[str, Any] = {
        "stores": list(store_ids),
        "items": list(item_ids),
        "channel": channel.pk,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_TERMS, terms)
        return {
            (store, item): Availability(
                on_hand=on_hand,
                unavailable=unavailable,
                allocated=allocated,
                held=held,
                safety_stock=safety,
                channel_buffer=buffer,
                counted_at=counted_at,
            )
            for (
                store,
                item,
                on_hand,
                unavailable,
                allocated,
                held,
                safety,
                buffer,
                counted_at,
            ) in cursor
        }


def protected_units(
    *, channel: SalesChannel, store: Store, item_ids: Iterable[int]
) -> dict[int, int]:
    """Safety stock plus channel buffer of each item in one store, to pass into a guard."""
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
