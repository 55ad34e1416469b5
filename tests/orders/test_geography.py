"""Distances and boxes on the globe."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.routing.geography import METRES_PER_DEGREE, Point, box_around, metres_between

latitudes = st.floats(-90, 90, allow_nan=False)
longitudes = st.floats(-180, 180, allow_nan=False)
points = st.builds(Point, latitudes, longitudes)
radii = st.floats(1, 2_000_000)


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (Point(52.2297, 21.0122), Point(50.0647, 19.9450), 252),  # Warsaw, Kraków
        (Point(51.4700, -0.4543), Point(40.6413, -73.7781), 5540),  # Heathrow, Kennedy
        (Point(-17.7134, 178.065), Point(-13.8333, -171.75), 1172),  # Fiji, Samoa: date line
    ],
)
def test_known_distances_come_out_within_half_a_percent(one, other, kilometres):
    assert metres_between(one, other) == pytest.approx(kilometres * 1000, rel=0.005)


@given(points, points)
def test_distance_is_symmetric_and_at_most_half_the_globe(one, other):
    metres = metres_between(one, other)
    assert metres == pytest.approx(metres_between(other, one), abs=1)
    assert 0 <= metres <= METRES_PER_DEGREE * 180 + 1


@given(points, radii, st.floats(0, 360), st.floats(0, 0.999))
def test_the_box_contains_every_point_of_the_circle(centre, metres, bearing, share):
    found = _walk(centre, metres * share, bearing)
    box = box_around(centre, metres=metres)
    assert box.south - 1e-9 <= found.latitude <= box.north + 1e-9
    spans = box.longitudes or ((-180.0, 180.0),)
    assert any(west - 1e-9 <= found.longitude <= east + 1e-9 for west, east in spans)


def _walk(start, metres, bearing):
    """Where somebody stands who walked so far straight ahead."""
    angle, turn = metres / METRES_PER_DEGREE * math.pi / 180, math.radians(bearing)
    lat1, lon1 = math.radians(start.latitude), math.radians(start.longitude)
    sine = math.sin(lat1) * math.cos(angle) + math.cos(lat1) * math.sin(angle) * math.cos(turn)
    lat2 = math.asin(max(-1.0, min(1.0, sine)))
    lon2 = lon1 + math.atan2(
        math.sin(turn) * math.sin(angle) * math.cos(lat1),
        math.cos(angle) - math.sin(lat1) * math.sin(lat2),
    )
    return Point(math.degrees(lat2), (math.degrees(lon2) + 540) % 360 - 180)
