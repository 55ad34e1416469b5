"""Making and locking the stock levels that feeds from outside write to.

Rows are locked store by store, and in a store by item id, as everywhere in the stock core.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection

_ALONE = """
SELECT count(pg_advisory_xact_lock(hashtextextended('inventory.counts:' || store_id::text, 0)))
FROM (SELECT store_id FROM unnest(%s::bigint[]) AS wanted (store_id) ORDER BY store_id) AS wanted
"""
_BESIDE = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('inventory.counts:' || %s::text, 0))"
)

PAIRS = """
SELECT * FROM unnest(%(stores)s::bigint[], %(items)s::bigint[]) AS pair (store_id, item_id)
"""

_LACKING = """
FROM ({wanted}) AS wanted WHERE NOT EXISTS (
    SELECT FROM inventory_stocklevel level
    WHERE level.store_id = wanted.store_id AND level.item_id = wanted.item_id)
"""
_ANY_LACKING = f"SELECT EXISTS (SELECT {_LACKING})"

_MAKE = f"""
INSERT INTO inventory_stocklevel (store_id, item_id, on_hand, unavailable, allocated, held)
SELECT store_id, item_id, 0, 0, 0, 0 {_LACKING}
ORDER BY store_id, item_id
ON CONFLICT (store_id, item_id) DO NOTHING
"""

_LOCK = """
SELECT count(*) FROM (
    SELECT level.id FROM inventory_stocklevel level
    JOIN ({wanted}) AS wanted
        ON level.store_id = wanted.store_id AND level.item_id = wanted.item_id
    ORDER BY level.store_id, level.item_id
    FOR NO KEY UPDATE OF level) AS locked
"""


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
    make_wanted_levels(PAIRS, _pairs(store_id, item_ids))


def make_level_pairs(*, stores: Sequence[int], items: Sequence[int]) -> None:
    """As ``make_levels``, for the item of every store named at the same place."""
    make_wanted_levels(PAIRS, {"stores": list(stores), "items": list(items)})


def make_wanted_levels(wanted: str, values: Mapping[str, Any]) -> None:
    """As ``make_levels``, for what ``wanted`` selects: store_id and item_id.

    Looks first, because making levels waits for whoever is stopping sales.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANY_LACKING.format(wanted=wanted), values)
        (lacking,) = cursor.fetchone() or (False,)
        if lacking:
            cursor.execute(_MAKE.format(wanted=wanted), values)


def lock_levels(*, store_id: int, item_ids: Collection[int]) -> None:
    """Lock the items' levels until the transaction ends.

    In a statement of its own: the next one has to see what was committed while this one waited.
    """
    lock_wanted_levels(PAIRS, _pairs(store_id, item_ids))


def lock_wanted_levels(wanted: str, values: Mapping[str, Any]) -> None:
    """As ``lock_levels``, for what ``wanted`` selects: store_id and item_id."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(wanted=wanted), values)


def _pairs(store_id: int, item_ids: Collection[int]) -> dict[str, list[int]]:
    return {"stores": [store_id] * len(item_ids), "items": list(item_ids)}
