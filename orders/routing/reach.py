"""The stores around a point, and what their counters say of a basket, in one statement each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from hub.stores.around import AROUND, around
from orders.routing.geography import Point

MOST_LINES = 30


class Candidate(NamedTuple):
    """A store within reach; ``metres`` from the asked point, as the crow flies."""

    store_id: int
    code: str
    metres: float


class Counters(NamedTuple):
    """What a store's counters, which know no safety stock, say of a basket.

    ``supplied`` items have enough free units and ``lacking`` have not; of a bundle the parts are
    counted. ``spare`` is the fewest units that would be left of any item.
    """

    supplied: int
    lacking: int
    spare: int


_REACH = f"""
SELECT id, code, metres FROM ({AROUND}
      AND (%(allowed)s::bigint[] IS NULL OR id = ANY(%(allowed)s::bigint[]))
) AS known
WHERE metres <= %(radius)s
ORDER BY metres, code
"""  # noqa: S608  made of constants
# No rule adds to what is free, so a store whose counters have too few units needs no closer look.
_FREE = """
    FROM unnest(%(items)s::bigint[], %(units)s::bigint[]) AS line (item_id, units)
    LEFT JOIN inventory_stocklevel level
        ON level.store_id = store.id AND level.item_id = line.item_id AND NOT level.stopped
    CROSS JOIN LATERAL (SELECT coalesce(
        level.on_hand - level.unavailable - level.allocated - level.held, 0) AS units) AS free"""
_WHOLE = f"""
SELECT store.id FROM unnest(%(stores)s::bigint[]) AS store (id)
WHERE NOT EXISTS (SELECT {_FREE} WHERE free.units < line.units)
"""  # noqa: S608  made of constants
_COUNTED = f"""
SELECT store.id, found.* FROM unnest(%(stores)s::bigint[]) AS store (id)
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE free.units >= line.units),
    count(*) FILTER (WHERE free.units < line.units), min(free.units - line.units) {_FREE}
) AS found
"""  # noqa: S608  made of constants


def within_reach(
    *, near: Point, radius_metres: float, allowed_store_ids: Collection[int] | None
) -> list[Candidate]:
    """The stores with pickup within the radius, nearest first; ties by code."""
    values: dict[str, Any] = {
        **around(near.latitude, near.longitude, radius_metres),
        "allowed": None if allowed_store_ids is None else list(allowed_store_ids),
    }
    return [Candidate._make(row) for row in _ask(_REACH, values)]


def with_whole_basket(stores: Sequence[int], needed: Mapping[int, int]) -> set[int]:
    """Those of the stores whose counters have all of it; of long baskets the first items."""
    return {store for (store,) in _ask(_WHOLE, _values(stores, needed))}


def counted(stores: Sequence[int], needed: Mapping[int, int]) -> dict[int, Counters]:
    """What the counters of each store say; of long baskets the first items are counted."""
    return {store: Counters(*found) for store, *found in _ask(_COUNTED, _values(stores, needed))}


def _values(stores: Sequence[int], needed: Mapping[int, int]) -> dict[str, Any]:
    first = sorted(needed.items())[:MOST_LINES]
    items, units = [item for item, _ in first], [units for _, units in first]
    return {"stores": list(stores), "items": items, "units": units}


def _ask(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
