"""Distances on the globe, and the stores around a point: in SQL, as the crow flies.

Great circles on a sphere of the Earth's mean radius, within 0.6 % of the true distance.
"""

from __future__ import annotations

import math

EARTH_METRES = 6_371_008.8
METRES_PER_DEGREE = EARTH_METRES * math.pi / 180  # of latitude

# The stores with pickup in a band of latitudes, which lets an index pass over most of them, and
# how far each is away. Whoever uses it keeps those within the radius.
AROUND = f"""
SELECT id, code, 2 * {EARTH_METRES} * asin(least(1, sqrt(
    sin(radians(latitude - %(latitude)s) / 2) ^ 2
    + cos(radians(%(latitude)s)) * cos(radians(latitude))
        * sin(radians(longitude - %(longitude)s) / 2) ^ 2))) AS metres
FROM stores_store
WHERE active AND pickup_enabled AND latitude BETWEEN %(south)s AND %(north)s
"""  # noqa: S608  made of constants


def around(latitude: float, longitude: float, radius_metres: float) -> dict[str, float]:
    """The values that AROUND asks for, and the ``radius``; degrees (WGS 84) and metres."""
    span = radius_metres / METRES_PER_DEGREE * 1.001
    return {
        "latitude": latitude,
        "longitude": longitude,
        "radius": radius_metres,
        "south": latitude - span,
        "north": latitude + span,
    }
