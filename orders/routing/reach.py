"""The stores around a point, with what their counters say of a basket, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db import connection

from inventory.services.bundles import unpacked
from orders.routing.geography import METRES_PER_DEGREE, Point

MOST_LINES = 30


class Candidate(NamedTuple):
    """A store within reach; ``metres`` from the asked point, as the crow flies.

    By its counters, which know no safety stock, ``supplied`` items have enough free units and
    ``lacking`` have not; of a bundle the parts are counted. ``spare`` is the fewest units that
    would be left of any item.
    """

    store_id: int
    code: str
    metres: float
    supplied: int
    lacking: int
    spare: int


# Great circles on a sphere of the Earth's mean radius. No rule adds to what is free, so a store
# whose counters have too few units needs no closer look.
_REACH = """
WITH place AS MATERIALIZED (
    SELECT * FROM (
        SELECT id, code, 2 * 6371008.8 * asin(least(1, sqrt(
            sin(radians(latitude - %(latitude)s) / 2) ^ 2
            + cos(radians(%(latitude)s)) * cos(radians(latitude))
                * sin(radians(longitude - %(longitude)s) / 2) ^ 2))) AS metres
        FROM stores_store
        WHERE active AND pickup_enabled AND latitude BETWEEN %(south)s AND %(north)s
          AND (%(allowed)s::bigint[] IS NULL OR id = ANY(%(allowed)s::bigint[]))
    ) AS known
    WHERE metres <= %(radius)s
), free AS (
    SELECT level.store_id, count(*) AS lines,
        min(level.on_hand - level.unavailable - level.allocated - level.held - line.units) AS spare
    FROM place
    CROSS JOIN unnest(%(items)s::bigint[], %(units)s::bigint[]) AS line (item_id, units)
    JOIN inventory_stocklevel level
        ON level.store_id = place.id AND level.item_id = line.item_id
    WHERE NOT level.stopped
      AND level.on_hand - level.unavailable - level.allocated - level.held >= line.units
    GROUP BY level.store_id
)
SELECT place.id, place.code, place.metres, coalesce(free.lines, 0),
    cardinality(%(items)s::bigint[]) - coalesce(free.lines, 0),
    CASE WHEN free.lines = cardinality(%(items)s::bigint[]) THEN free.spare ELSE -1 END
FROM place LEFT JOIN free ON free.store_id = place.id
ORDER BY place.metres, place.code
"""


def within_reach(
    *,
    near: Point,
    radius_metres: float,
    lines: Mapping[int, int],
    allowed_store_ids: Collection[int] | None,
) -> list[Candidate]:
    """The stores with pickup within the radius, nearest first; ties by code.

    ``lines`` maps item ids to units; of long baskets the first lines are looked at.
    """
    needed = sorted(unpacked(lines).items())[:MOST_LINES]
    span = radius_metres / METRES_PER_DEGREE * 1.001
    values: dict[str, Any] = {
        "latitude": near.latitude,
        "longitude": near.longitude,
        "radius": radius_metres,
        "south": near.latitude - span,
        "north": near.latitude + span,
        "allowed": None if allowed_store_ids is None else list(allowed_store_ids),
        "items": [item for item, _ in needed],
        "units": [units for _, units in needed],
    }
    with connection.cursor() as cursor:
        cursor.execute(_REACH, values)
        return [Candidate._make(row) for row in cursor.fetchall()]
