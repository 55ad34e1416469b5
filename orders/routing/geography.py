"""Places on the globe, in degrees (WGS 84); distances are in metres."""

from __future__ import annotations

from dataclasses import dataclass

from hub.stores.around import METRES_PER_DEGREE

__all__ = ["METRES_PER_DEGREE", "Point"]


@dataclass(frozen=True)
class Point:
    """A place; latitude -90…90, longitude -180…180."""

    latitude: float
    longitude: float
