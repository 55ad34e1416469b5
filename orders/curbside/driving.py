"""How far it is to a store, and how long the drive may take: a guess, without maps."""

from __future__ import annotations

import math

from orders.routing.geography import METRES_PER_DEGREE, Point

DETOUR = 1.3  # roads are longer than the crow flies
METRES_PER_MINUTE = 500  # 30 km an hour, as in towns


def metres_between(one: Point, other: Point) -> int:
    """The length of the great circle between two places."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    half = math.sin((south - north) / 2) ** 2
    half += math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return round(math.degrees(2 * math.asin(min(1.0, math.sqrt(half)))) * METRES_PER_DEGREE)


def drive_minutes(metres: int) -> int:
    """How long a drive to something so far away may take, at least a minute."""
    return max(1, math.ceil(metres * DETOUR / METRES_PER_MINUTE))
