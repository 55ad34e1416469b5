"""Which stores near a point have a basket, the nearest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from hub.stores.models import SalesChannel
from inventory.services.availability import Availability, available

FURTHEST_METRES = 20_100_000  # half around the globe
FIRST_LOOK = 50
_METRES_PER_DEGREE = 111_195

# Great circles on a sphere of the Earth's mean radius, within 0.6 % of the true distance. The
# span of latitudes lets an index pass over most stores.
_WITHIN = """
SELECT id, metres FROM (
    SELECT id, code, 2 * 6371008.8 * asin(least(1, sqrt(
        sin(radians(latitude - %(latitude)s) / 2) ^ 2
        + cos(radians(%(latitude)s)) * cos(radians(latitude))
            * sin(radians(longitude - %(longitude)s) / 2) ^ 2))) AS metres
    FROM stores_store
    WHERE active AND pickup_enabled AND latitude BETWEEN %(south)s AND %(north)s
      AND (%(reach)s::bigint[] IS NULL OR id = ANY(%(reach)s::bigint[]))
) AS store
WHERE metres <= %(radius)s
ORDER BY metres, code
"""


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
    those below ``at_least`` are left out. ``reach`` are the only stores looked at; None means all.
    """
    span = radius_metres / _METRES_PER_DEGREE * 1.001
    values: dict[str, Any] = {
        "latitude": latitude,
        "longitude": longitude,
        "radius": radius_metres,
        "south": latitude - span,
        "north": latitude + span,
        "reach": None if reach is None else list(reach),
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_WITHIN, values)
        places: list[tuple[int, float]] = cursor.fetchall()
    good = {"none": {"none", "part", "whole"}, "part": {"part", "whole"}, "whole": {"whole"}}
    near: list[NearStore] = []
    for some in _looks(places, limit if at_least == "none" else FIRST_LOOK):
        stock = available(
            channel=channel,
            store_ids=[store_id for store_id, _ in some],
            item_ids=list(lines),
            using=using,
        )
        looked = (_look(place, lines, stock) for place in some)
        near += [store for store in looked if store.basket in good[at_least]]
        if len(near) >= limit:
            break
    return near[:limit]


def _looks(places: list[tuple[int, float]], size: int) -> Iterator[list[tuple[int, float]]]:
    """The places in ever larger slices: most questions are answered by the first."""
    start = 0
    while start < len(places):
        yield places[start : start + size]
        start, size = start + size, size * 4


def _look(
    place: tuple[int, float],
    lines: Mapping[int, int],
    stock: Mapping[tuple[int, int], Availability],
) -> NearStore:
    store_id, metres = place
    found = {item: stock[store_id, item] for item in lines}
    if all(found[item].atp >= units for item, units in lines.items()):
        basket = "whole"
    else:
        basket = "part" if any(position.atp for position in found.values()) else "none"
    return NearStore(store_id, metres, basket, found)
