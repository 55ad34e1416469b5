"""Which stores near a point have a basket, the nearest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from hub.stores.around import AROUND, around
from hub.stores.models import SalesChannel, StoreSwitch
from hub.stores.switches import stores_with
from inventory.services.availability import Availability, available
from inventory.services.bundles import unpacked

FURTHEST_METRES = 20_100_000  # half around the globe

# What is stocked is looked at from the nearest store on, and only until there are enough.
_WITHIN = f"""
SELECT id, metres FROM (
    SELECT * FROM ({AROUND}
          AND NOT id = ANY(%(paused)s::bigint[])
          AND (%(reach)s::bigint[] IS NULL OR id = ANY(%(reach)s::bigint[]))
    ) AS place
    WHERE metres <= %(radius)s
    ORDER BY metres, code
) AS store
WHERE true {{stocked}}
OFFSET %(skip)s LIMIT %(most)s
"""  # noqa: S608  made of constants
# No rule adds to what is free, so a store with fewer free units than wanted need not be asked.
_FREE = """
    FROM unnest(%(items)s::bigint[], %(units)s::bigint[]) AS line (item_id, units)
    LEFT JOIN inventory_stocklevel level
        ON level.store_id = store.id AND level.item_id = line.item_id
    WHERE coalesce(level.on_hand - level.unavailable - level.allocated - level.held, 0)"""
_STOCKED = {
    "none": "",
    "part": f"AND EXISTS (SELECT {_FREE} >= 1)",
    "whole": f"AND NOT EXISTS (SELECT {_FREE} < line.units)",
}
_GOOD = {"none": {"none", "part", "whole"}, "part": {"part", "whole"}, "whole": {"whole"}}


@dataclass(frozen=True)
class NearStore:
    """A store and what of the basket it has: ``found`` maps item ids to their availability."""

    store_id: int
    metres: float
    basket: str
    found: Mapping[int, Availability]


def stores_near(
    *,
    channel: SalesChannel,
    latitude: float,
    longitude: float,
    radius_metres: float,
    lines: Mapping[int, int],
    at_least: str = "none",
    limit: int,
    reach: Collection[int] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[NearStore]:
    """Up to ``limit`` stores with pickup within the radius that have the basket, nearest first.

    ``basket`` of each is ``whole`` (every line), ``part`` (at least a unit of one) or ``none``;
    left out are those below ``at_least``, and paused ones. Only ``reach`` is looked at, None: all.
    """
    needed = unpacked(lines)
    values: dict[str, Any] = {
        **around(latitude, longitude, radius_metres),
        "reach": None if reach is None else list(reach),
        "paused": list(stores_with(StoreSwitch.Kind.PAUSED, using=using)),
    }
    if at_least != "none":
        values |= {"items": list(needed), "units": list(needed.values())}
    near: list[NearStore] = []
    items = sorted({*lines, *needed})
    for places in _looks(_WITHIN.format(stocked=_STOCKED[at_least]), values, limit, using):
        ids = [store_id for store_id, _ in places]
        stock = available(channel=channel, store_ids=ids, item_ids=items, using=using)
        looked = (_look(place, lines, needed, stock) for place in places)
        near += [store for store in looked if store.basket in _GOOD[at_least]]
        if len(near) >= limit:
            break
    return near[:limit]


def _looks(
    statement: str, values: Mapping[str, Any], limit: int, using: str
) -> Iterator[list[tuple[int, float]]]:
    """The stores (id, metres) worth a look, nearest first, in ever larger slices: most questions
    are answered by the first."""
    skip, most = 0, limit
    while True:
        with connections[using].cursor() as cursor:
            cursor.execute(statement, {**values, "skip": skip, "most": most})
            places: list[tuple[int, float]] = cursor.fetchall()
        if places:
            yield places
        if len(places) < most:
            return
        skip, most = skip + most, most * 4


def _look(
    place: tuple[int, float],
    lines: Mapping[int, int],
    needed: Mapping[int, int],
    stock: Mapping[tuple[int, int], Availability],
) -> NearStore:
    store_id, metres = place
    found = {item: stock[store_id, item] for item in lines}
    enough = all(stock[store_id, item].atp >= units for item, units in needed.items())
    if enough and not any(position.stops for position in found.values()):
        basket = "whole"
    else:
        basket = "part" if any(position.atp for position in found.values()) else "none"
    return NearStore(store_id, metres, basket, found)
