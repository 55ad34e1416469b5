"""Distances on the globe, as the search for stores knows them."""

import pytest

from orders.routing.geography import Point
from orders.routing.reach import within_reach
from tests.factories import make_store

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (Point(52.2297, 21.0122), Point(50.0647, 19.9450), 252),  # Warsaw, Kraków
        (Point(51.4700, -0.4543), Point(40.6413, -73.7781), 5540),  # Heathrow, Kennedy
        (Point(-17.7134, 178.065), Point(-13.8333, -171.75), 1172),  # Fiji, Samoa: date line
        (Point(89.9, 0.0), Point(89.9, 180.0), 22.24),  # over the pole
    ],
)
def test_known_distances_come_out_within_half_a_percent_both_ways(one, other, kilometres):
    for here, there in ((one, other), (other, one)):
        store = make_store(latitude=there.latitude, longitude=there.longitude)
        metres = kilometres * 1000
        (found,) = within_reach(
            near=here, radius_metres=metres * 1.006, allowed_store_ids=[store.pk]
        )
        assert found.metres == pytest.approx(metres, rel=0.005)
        assert not within_reach(near=here, radius_metres=metres / 1.006, allowed_store_ids=None)
        store.delete()
