"""The registry of spots: which is free, which fits, and who waits for one."""

import pytest

from orders.curbside.errors import SpotClosed, UnknownSpot
from orders.curbside.spots import (
    all_spots,
    free_labels,
    place_in_line,
    spots_of,
    suggested_spot,
)
from orders.curbside.visits import active_visit, arrive, begin_service, leave
from orders.models import Spot
from tests.factories import make_item, make_ready, make_spots, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


def ready_at(store):
    item = make_item()
    stock(store, {item: 5})
    return make_ready(store=store, lines={item: 1})


def spot(store, label, **values):
    return Spot.objects.create(store=store, label=label, **values)


def test_spots_stand_in_the_order_people_count(store):
    make_spots(store, "10 2 1 A1")
    assert [spot.label for spot, _ in spots_of(store)] == ["1", "2", "10", "A1"]


def test_a_spot_is_found_in_large_or_small_letters_unless_that_could_be_two(store):
    make_spots(store, "a1 B2 c3 C3")
    parts = [ready_at(store) for _ in range(3)]
    said = [arrive(fulfillment=parts[0], spot="A1"), arrive(fulfillment=parts[1], spot="b2")]
    said.append(arrive(fulfillment=parts[2], spot="C3"))
    assert [visit.spot.label for visit in said] == ["a1", "B2", "C3"]
    with pytest.raises(UnknownSpot):
        arrive(fulfillment=parts[0], spot="Ä1")


def test_a_closed_spot_is_nobodys(store):
    make_spots(store, "1 2")
    Spot.objects.filter(label="1").update(closed_for="snow")
    assert free_labels(store) == ["2"]
    assert [spot.label for spot, _ in all_spots(store)] == ["1", "2"]
    with pytest.raises(SpotClosed) as refusal:
        arrive(fulfillment=ready_at(store), spot="1")
    assert refusal.value.extra["free"] == ["2"]
    assert "snow" in refusal.value.detail


def test_who_stands_on_a_spot_that_is_closed_later_may_say_so_again(store):
    part = ready_at(store)
    make_spots(store, "1")
    arrive(fulfillment=part, spot="1")
    Spot.objects.update(closed_for="works")
    assert arrive(fulfillment=part, spot="1").spot.label == "1"


@pytest.mark.parametrize(
    ("needs", "label"),
    [
        ({}, "4"),
        ({"accessible": True}, "1"),
        ({"oversize": True}, "2"),
        ({"accessible": True, "oversize": True}, "3"),
    ],
)
def test_the_suggested_spot_is_by_need_and_wastes_nothing(store, needs, label):
    spot(store, "1", accessible=True)
    spot(store, "2", oversize=True)
    spot(store, "3", accessible=True, oversize=True)
    spot(store, "4")
    assert suggested_spot(store, **needs).label == label


def test_accessible_spots_are_left_to_those_who_need_them_and_needs_get_what_there_is(store):
    spot(store, "1", accessible=True)
    assert suggested_spot(store) is None
    spot(store, "2")
    assert suggested_spot(store, oversize=True).label == "2"
    Spot.objects.filter(label="1").update(closed_for="van")
    assert suggested_spot(store, accessible=True).label == "2"


def test_who_finds_no_spot_has_a_place_in_line(store):
    make_spots(store, "1")
    standing, *waiting = (ready_at(store) for _ in range(4))
    arrive(fulfillment=standing, spot="1")
    for part in waiting:
        arrive(fulfillment=part)
    assert [place_in_line(active_visit(part)) for part in waiting] == [1, 2, 3]
    arrive(fulfillment=waiting[0], place="on the street")
    assert [place_in_line(active_visit(part)) for part in waiting] == [None, 1, 2]
    begin_service(fulfillment=waiting[1])
    assert [place_in_line(active_visit(part)) for part in waiting] == [None, None, 1]
    leave(fulfillment=standing)
    assert place_in_line(active_visit(waiting[2])) is None


def test_nobody_waits_in_line_where_there_are_no_spots(store):
    assert place_in_line(arrive(fulfillment=ready_at(store))) is None
