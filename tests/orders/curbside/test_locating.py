"""A shared location: how far, how near, and at which store."""

import math
from datetime import timedelta

import pytest
from django.db import connection

from hub import clock
from hub.events.models import Fact
from orders.curbside.driving import drive_minutes, metres_between
from orders.curbside.errors import (
    EtaOutOfRange,
    LocationInaccurate,
    LocationInvalid,
    PickupOver,
)
from orders.curbside.locating import locate
from orders.curbside.visits import active_visit, arrive, begin_service, say_on_my_way
from orders.models import CurbSettings, StrayArrival, Visit
from orders.placing.cancel import cancel_order
from orders.routing.geography import Point
from tests.factories import make_brand, make_fulfillment, make_ready, make_store

pytestmark = pytest.mark.django_db

NORTH = 1 / 111_195  # degrees of latitude in a metre


def facts(part, name):
    return Fact.objects.filter(subject=f"order:{part.order_id}", name=name).count()


def located(part, metres, **more):
    """Share a location so many metres north of the store."""
    place = {"latitude": part.store.latitude + metres * NORTH, "longitude": part.store.longitude}
    return locate(fulfillment=part, **place | more)


def test_a_distance_is_that_of_the_great_circle():
    warsaw, krakow = Point(52.2297, 21.0122), Point(50.0647, 19.9450)
    assert metres_between(warsaw, krakow) == pytest.approx(252_000, rel=0.01)
    assert metres_between(warsaw, warsaw) == 0
    assert metres_between(Point(0, 179.999), Point(0, -179.999)) == pytest.approx(222, abs=1)
    assert drive_minutes(0) == 1


def test_who_shares_a_location_is_on_the_way_by_that():
    part = make_fulfillment()
    found = located(part, 5000)
    assert (found.metres, found.near) == (pytest.approx(5000, abs=10), False)
    visit = active_visit(part)
    assert (visit.status, visit.source) == ("on_my_way", "location")
    assert visit.eta - clock.now() == pytest.approx(timedelta(minutes=13), abs=timedelta(seconds=5))


def test_who_comes_close_is_nearby_once_and_driving_off_changes_nothing():
    part = make_fulfillment()
    say_on_my_way(fulfillment=part, minutes=30)
    assert located(part, 900).near
    assert located(part, 400).near
    assert not located(part, 3000).near
    visit = active_visit(part)
    assert (visit.status, visit.metres) == ("nearby", pytest.approx(3000, abs=10))
    assert facts(part, "visit.nearby") == 1


def test_how_near_is_near_is_for_the_store_to_say():
    part = make_fulfillment()
    CurbSettings.objects.create(store=part.store, near_metres=300)
    assert not located(part, 500).near
    assert located(part, 250).near


def test_a_time_of_arrival_is_told_anew_only_when_it_is_news():
    part = make_fulfillment()
    located(part, 10_000)
    for metres in (9900, 9800, 9700):
        located(part, metres)
    assert facts(part, "visit.changed") == 0
    located(part, 4000)
    assert facts(part, "visit.changed") == 1


def test_who_is_here_stays_here_wherever_the_phone_thinks_it_is():
    part = make_ready()
    arrive(fulfillment=part)
    located(part, 2500)
    assert active_visit(part).status == "arrived"


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0, 0), (91, 0.5), (-90.1, 3), (50, 180.5), (math.nan, 21), (52, math.inf), (-math.inf, 1)],
)
def test_no_location_is_refused_and_nothing_changes(latitude, longitude):
    part = make_fulfillment()
    with pytest.raises(LocationInvalid):
        locate(fulfillment=part, latitude=latitude, longitude=longitude)
    assert active_visit(part) is None


def test_vague_far_and_late_locations_are_refused():
    part = make_fulfillment()
    for accuracy, refusal in [(2001, LocationInaccurate), (-1, LocationInvalid)]:
        with pytest.raises(refusal):
            located(part, 10, accuracy_metres=accuracy)
    with pytest.raises(EtaOutOfRange):
        located(part, 200_000)
    cancel_order(order=part.order, reason="")
    with pytest.raises(PickupOver):
        located(part, 10)
    assert not Visit.objects.exists()


def test_only_metres_are_kept_of_a_location():
    part = make_fulfillment()
    locate(fulfillment=part, latitude=52.2412345, longitude=21.0298765)
    with connection.cursor() as cursor:
        for table in ("orders_visit", "orders_strayarrival", "events_fact"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            said = cursor.fetchone()[0] or ""
            assert "52.24123" not in said
            assert "21.02987" not in said


def other_store(part, metres=20_000, **values):
    latitude = part.store.latitude + metres * NORTH
    return make_store(latitude=latitude, longitude=part.store.longitude, **values)


def test_who_stands_before_another_store_is_at_the_wrong_one():
    part = make_ready()
    other = other_store(part)
    say_on_my_way(fulfillment=part, minutes=20)
    found = located(part, 20_100)
    assert (found.wrong_store, found.visit.status) == (other, "wrong_store")
    assert StrayArrival.objects.get().store == other
    assert facts(part, "visit.wrong_store") == 1


def test_who_only_passes_another_store_has_not_come_to_it():
    part = make_ready()
    other_store(part)
    located(part, 20_900)
    assert located(part, 20_050).wrong_store is None
    assert located(part, 20_000).wrong_store is not None


def test_who_was_told_and_is_on_the_way_again_is_not_told_twice():
    part = make_ready()
    other_store(part)
    located(part, 20_000)
    assert located(part, 20_000).wrong_store is not None
    say_on_my_way(fulfillment=part, minutes=40)
    assert located(part, 20_000).wrong_store is None
    assert active_visit(part).status == "on_my_way"
    assert StrayArrival.objects.count() == facts(part, "visit.wrong_store") == 1


@pytest.mark.parametrize("other", [{"active": False}, {"metres": 600}, {"metres": 20_400}])
def test_closed_far_and_neighbouring_stores_are_no_mistake(other):
    part = make_ready()
    other_store(part, **other)
    assert located(part, 20_000 if other.get("metres") != 600 else 600).wrong_store is None


def test_a_store_of_another_brand_next_door_is_no_mistake():
    part = make_ready()
    other_store(part, brand=make_brand("Bricks"))
    assert located(part, 20_000).wrong_store is None


def test_a_vague_location_accuses_nobody_and_neither_does_one_of_who_is_served():
    part = make_ready()
    other_store(part)
    assert located(part, 20_000, accuracy_metres=500).wrong_store is None
    arrive(fulfillment=part)
    begin_service(fulfillment=part)
    assert located(part, 20_000).wrong_store is None
