"""Making and locking the stock levels that feeds from outside write to.

Rows are locked store by store, and in a store by item id, as everywhere in the stock core.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection

_ALONE = """
SELECT count(pg_advisory_xact_lock(hashtextextended('inventory.counts:' || store_id::text, 0)))
FROM (SELECT store_id FROM unnest(%s::bigint[]) AS wanted (store_id) ORDER BY store_id) AS wanted
"""
_BESIDE = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('inventory.counts:' || %s::text, 0))"
)

_WANTED = """
unnest(%(stores)s::bigint[], %(items)s::bigint[]) AS wanted (store_id, item_id)
"""

_LACKING = f"""
FROM {_WANTED} WHERE NOT EXISTS (
    SELECT FROM inventory_stocklevel level
    WHERE level.store_id = wanted.store_id AND level.item_id = wanted.item_id)
"""

_MAKE = f"""
INSERT INTO inventory_stocklevel (store_id, item_id, on_hand, unavailable, allocated, held)
SELECT store_id, item_id, 0, 0, 0, 0 {_LACKING}
ORDER BY store_id, item_id
ON CONFLICT (store_id, item_id) DO NOTHING
"""

_LOCK = f"""
SELECT count(*) FROM (
    SELECT level.id FROM inventory_stocklevel level
    JOIN {_WANTED} ON level.store_id = wanted.store_id AND level.item_id = wanted.item_id
    ORDER BY level.store_id, level.item_id
    FOR NO KEY UPDATE OF level) AS locked
"""  # noqa: S608  made of constants


def count_alone(*store_ids: int) -> None:
    """Keep other counts and stock events of the stores out until the transaction ends.

    A count looks for rows that it need not touch; none of them may change meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALONE, [list(store_ids)])


def change_beside_others(store_id: int) -> None:
    """Keep counts of the store out until the transaction ends, but not other stock events."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, [store_id])


def make_levels(*, store_id: int, item_ids: Collection[int]) -> None:
    """Let every item have a level in the store; new ones are empty and were never counted."""
    make_level_pairs(stores=[store_id] * len(item_ids), items=list(item_ids))


def make_level_pairs(*, stores: Sequence[int], items: Sequence[int]) -> None:
    """As ``make_levels``, for the item of every store named at the same place.

    Looks first, because making levels waits for whoever is stopping sales.
    """
    values: dict[str, Any] = {"stores": list(stores), "items": list(items)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT {_LACKING})", values)
        (lacking,) = cursor.fetchone() or (False,)
        if lacking:
            cursor.execute(_MAKE, values)


def lock_levels(*, store_id: int, item_ids: Collection[int]) -> None:
    """Lock the items' levels until the transaction ends.

    In a statement of its own: the next one has to see what was committed while this one waited.
    """
    lock_level_pairs(stores=[store_id] * len(item_ids), items=list(item_ids))


def lock_level_pairs(*, stores: Sequence[int], items: Sequence[int]) -> None:
    """As ``lock_levels``, for the item of every store named at the same place."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"stores": list(stores), "items": list(items)})
