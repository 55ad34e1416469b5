"""Making and locking the stock levels that feeds from outside write to.

Rows are locked store by store, and in a store by item id, as everywhere in the stock core.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('inventory.counts:' || %s::text, 0))"
_BESIDE = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('inventory.counts:' || %s::text, 0))"
)

_MAKE = """
INSERT INTO inventory_stocklevel (store_id, item_id, on_hand, unavailable, allocated, held)
SELECT %(store)s, item_id, 0, 0, 0, 0 FROM unnest(%(items)s::bigint[]) AS wanted (item_id)
WHERE NOT EXISTS (
    SELECT FROM inventory_stocklevel level
    WHERE level.store_id = %(store)s AND level.item_id = wanted.item_id)
ORDER BY item_id
ON CONFLICT (store_id, item_id) DO NOTHING
"""

_LOCK = """
SELECT item_id FROM inventory_stocklevel
WHERE store_id = %(store)s AND item_id = ANY(%(items)s::bigint[])
ORDER BY item_id
FOR NO KEY UPDATE
"""


def count_alone(store_id: int) -> None:
    """Keep other counts and stock events of the store out until the transaction ends.

    A count looks for rows that it need not touch; none of them may change meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALONE, [store_id])


def change_beside_others(store_id: int) -> None:
    """Keep counts of the store out until the transaction ends, but not other stock events."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, [store_id])


def make_levels(*, store_id: int, item_ids: Collection[int]) -> None:
    """Let every item have a level in the store; new ones are empty and were never counted."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, {"store": store_id, "items": list(item_ids)})


def lock_levels(*, store_id: int, item_ids: Collection[int]) -> None:
    """Lock the items' levels until the transaction ends.

    In a statement of its own: the next one has to see what was committed while this one waited.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"store": store_id, "items": list(item_ids)})
