"""Places on the globe, in degrees (WGS 84); distances are in metres."""

from __future__ import annotations

import math
from dataclasses import dataclass

METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180  # of latitude, by the Earth's mean radius


@dataclass(frozen=True)
class Point:
    """A place; latitude -90…90, longitude -180…180."""

    latitude: float
    longitude: float
