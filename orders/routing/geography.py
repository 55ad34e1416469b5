"""Distances on the globe: pure arithmetic, always in metres and degrees (WGS 84)."""

from __future__ import annotations

import math
from dataclasses import dataclass

EARTH_METRES = 6_371_008.8  # mean radius
METRES_PER_DEGREE = EARTH_METRES * math.pi / 180


@dataclass(frozen=True)
class Point:
    """A place; latitude -90…90, longitude -180…180."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Box:
    """What surely contains a circle: a span of latitudes, and one or two of longitudes.

    There are two where the circle crosses the 180th meridian, and none (all longitudes) where
    it covers a pole.
    """

    south: float
    north: float
    longitudes: tuple[tuple[float, float], ...]


def metres_between(one: Point, other: Point) -> float:
    """The great-circle distance (haversine); within 0.6 % of the true one."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half_lat = (lat2 - lat1) / 2
    half_lon = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_lat) ** 2
    chord += math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(chord)))


def box_around(centre: Point, *, metres: float) -> Box:
    """The box that contains every point within ``metres`` of ``centre``."""
    angle = metres / METRES_PER_DEGREE
    south, north = centre.latitude - angle, centre.latitude + angle
    if south <= -90 or north >= 90:  # noqa: PLR2004  the poles
        return Box(max(south, -90.0), min(north, 90.0), ())
    reach = math.degrees(
        math.asin(min(1.0, math.sin(math.radians(angle)) / math.cos(math.radians(centre.latitude))))
    )
    return Box(south, north, _around_the_globe(centre.longitude - reach, centre.longitude + reach))


def _around_the_globe(west: float, east: float) -> tuple[tuple[float, float], ...]:
    if west < -180:  # noqa: PLR2004  the date line
        return ((west + 360, 180.0), (-180.0, east))
    if east > 180:  # noqa: PLR2004
        return ((west, 180.0), (-180.0, east - 360))
    return ((west, east),)
