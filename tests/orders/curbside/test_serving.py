"""What staff do with a visit, who is given up, and what early customers are told."""

from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from hub.clock import turned_to
from hub.customers.services.vehicles import forget_vehicle, vehicle_of
from hub.events.models import Fact
from hub.stores.models import Store
from orders.clocks.services import run_clocks
from orders.curbside.early import early_ready_at
from orders.curbside.errors import (
    AlreadyClaimed,
    NoVisit,
    SpotClosed,
    SpotTaken,
    UnknownPlacement,
    UnknownSpot,
)
from orders.curbside.vehicles import Car
from orders.curbside.visits import (
    active_visit,
    arrive,
    ask_spot,
    begin_service,
    claim,
    customer_missing,
    end_stale_visits,
    join_who_waits,
    leave,
    move_spot,
    open_visit,
    say_on_my_way,
)
from orders.errors import IllegalMove
from orders.models import FulfillmentOrder, Spot, Visit
from orders.picking.queue import page
from orders.placing.cancel import cancel_order
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_picking,
    make_ready,
    make_spots,
    make_store,
    pick_all,
    stock,
)

pytestmark = pytest.mark.django_db


def facts(fulfillment, name):
    return Fact.objects.filter(subject=f"order:{fulfillment.order_id}", name=name).count()


def label_of(visit):
    return visit.spot and visit.spot.label


def neighbours(count):
    """Parts of as many customers that wait at the same store."""
    store = make_store()
    parts = [make_fulfillment() for _ in range(count)]
    FulfillmentOrder.objects.filter(pk__in=[part.pk for part in parts]).update(store=store)
    return store, [FulfillmentOrder.objects.get(pk=part.pk) for part in parts]


# --- what staff do ------------------------------------------------------------------------------


def test_a_visit_is_seen_to_by_one_person_until_another_takes_it_over():
    visit = arrive(fulfillment=make_ready())
    ann, bob = make_person(first_name="Ann", last_name="Lead"), make_person()
    for _ in range(2):
        assert claim(visit=visit, by=ann).claimed_by == "Ann Lead"
    with pytest.raises(AlreadyClaimed) as refusal:
        claim(visit=visit, by=bob)
    assert refusal.value.extra["claimed_by"] == "Ann Lead"
    assert claim(visit=visit, by=bob, take_over=True).claimed_by == bob.username


def test_who_is_not_found_is_missing_until_he_says_anything():
    part = make_ready()
    visit, ann = arrive(fulfillment=part), make_person()
    for _ in range(2):
        assert customer_missing(visit=visit, by=ann).missing_at
    assert facts(part, "visit.customer_missing") == 1
    assert arrive(fulfillment=part).missing_at is None
    fact = Fact.objects.get(name="visit.customer_missing")
    assert fact.actor == f"staff:{ann.pk}"


def test_nobody_is_missing_who_has_not_come():
    visit = say_on_my_way(fulfillment=make_ready(), minutes=5)
    for act in (customer_missing, ask_spot):
        with pytest.raises(IllegalMove):
            act(visit=visit, by=None)


def test_a_wrong_spot_is_freed_and_the_customer_asked_for_the_right_one():
    part = make_ready()
    make_spots(part.store)
    visit = arrive(fulfillment=part, spot="1")
    asked = ask_spot(visit=visit, by=None, token="ask")
    assert (asked.spot, bool(asked.spot_asked_at)) == (None, True)
    assert ask_spot(visit=visit, by=None, token="ask").version == asked.version
    assert facts(part, "visit.spot_asked") == 1
    answered = arrive(fulfillment=part, spot="2")
    assert (label_of(answered), answered.spot_asked_at) == ("2", None)


def test_staff_write_down_where_a_car_stands():
    store, (one, two) = neighbours(2)
    make_spots(store)
    Spot.objects.filter(label="3").update(closed_for="snow")
    arrive(fulfillment=one, spot="1")
    visit = arrive(fulfillment=two, place="somewhere")
    moved = move_spot(visit=visit, spot="2", by=None)
    assert (label_of(moved), moved.place) == ("2", "")
    for spot, refusal in [
        ("1", SpotTaken),
        ("3", SpotClosed),
        ("9", UnknownSpot),
        ("", UnknownSpot),
    ]:
        with pytest.raises(refusal):
            move_spot(visit=visit, spot=spot, by=None)
    assert label_of(active_visit(two)) == "2"
    assert facts(two, "visit.changed") == 1


def test_nothing_is_done_to_a_visit_that_is_over():
    part, ann = make_ready(), make_person()
    visit = arrive(fulfillment=part)
    leave(fulfillment=part)
    for act in (claim, customer_missing, ask_spot):
        with pytest.raises(NoVisit):
            act(visit=visit, by=ann)


def test_staff_open_a_visit_for_who_walks_up_and_a_second_tap_shows_the_first():
    part, ann = make_ready(), make_person()
    visit = open_visit(fulfillment=part, by=ann, place="at the counter", token="tap")
    assert (visit.status, visit.source, visit.place) == ("arrived", "staff", "at the counter")
    leave(fulfillment=part)
    assert open_visit(fulfillment=part, by=ann, token="tap").status == "left"
    assert Visit.objects.count() == 1


def test_who_is_served_without_a_word_has_arrived_by_that():
    part = make_ready()
    say_on_my_way(fulfillment=part, minutes=5)
    assert begin_service(fulfillment=part).arrived_at


def test_needs_placement_and_car_are_kept_and_unknown_placements_refused():
    part = make_ready()
    car = Car(make="Škoda", colour="blue", plate="wx 123-45")
    visit = arrive(fulfillment=part, vehicle=car, placement="trunk", accessible=True, remember=True)
    assert (visit.vehicle, visit.placement, visit.needs_accessible) == (
        "blue Škoda, wx 123-45",
        "trunk",
        True,
    )
    assert visit.plate_hash == Car(plate="WX12345").plate_hash
    assert vehicle_of(part.order.profile) == {
        "make": "Škoda",
        "colour": "blue",
        "plate": "wx 123-45",
    }
    forget_vehicle(profile=part.order.profile)
    assert vehicle_of(part.order.profile) is None
    with pytest.raises(UnknownPlacement):
        arrive(fulfillment=part, placement="roof")


def test_saying_the_same_again_is_no_news():
    part = make_ready()
    first = arrive(fulfillment=part, place="door", vehicle="red van")
    again = arrive(fulfillment=part, place="door", vehicle="red van")
    assert again.version == first.version
    assert facts(part, "visit.changed") == 0


# --- those who never came -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "hours", "ended"),
    [
        (lambda part: say_on_my_way(fulfillment=part, minutes=10), 1.0, False),
        (lambda part: say_on_my_way(fulfillment=part, minutes=10), 1.3, True),
        (lambda part: arrive(fulfillment=part), 3.9, False),
        (lambda part: arrive(fulfillment=part), 4.1, True),
        (lambda part: customer_missing(visit=arrive(fulfillment=part), by=None), 0.4, False),
        (lambda part: customer_missing(visit=arrive(fulfillment=part), by=None), 0.6, True),
    ],
)
def test_a_visit_ends_when_nobody_came_or_nobody_is_found(begin, hours, ended, monkeypatch):
    part = make_ready()
    begin(part)
    later = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert end_stale_visits() == ended
    assert (active_visit(part) is None) == ended
    assert facts(part, "visit.ended") == ended
    assert end_stale_visits() == 0


def test_the_clocks_end_stale_visits():
    part = make_ready()
    say_on_my_way(fulfillment=part, minutes=10)
    Visit.objects.update(eta=clock.now() - timedelta(hours=2))
    assert run_clocks()["visits ended"] == 1


# --- told when -----------------------------------------------------------------------------------


def test_who_comes_early_is_told_a_time_that_does_not_run_away():
    with turned_to(datetime(2026, 1, 14, 11, tzinfo=UTC)):
        store = make_store(orders_per_hour=6)
        item = make_item()
        stock(store, {item: 50})
        with_time = [make_fulfillment(store=store, lines={item: 1}) for _ in range(3)]
        FulfillmentOrder.objects.update(promised_at=clock.now() + timedelta(days=2))
        parts = [FulfillmentOrder.objects.get(pk=part.pk) for part in with_time]
        for part in parts:
            arrive(fulfillment=part)
        told = [early_ready_at(part) for part in parts]
        assert told == sorted(told)
        assert told[2] - told[0] == timedelta(minutes=20)
        assert [early_ready_at(part) for part in parts] == told


def test_nobody_is_told_later_than_promised_and_who_is_ready_since_when():
    part = make_fulfillment()
    soon = clock.now() + timedelta(minutes=7)
    FulfillmentOrder.objects.update(promised_at=soon)
    part.refresh_from_db()
    assert timedelta() <= early_ready_at(part) - soon < timedelta(minutes=5)
    ready = make_ready()
    assert early_ready_at(ready) == ready.ready_at


def test_what_is_picked_is_a_few_minutes_away_and_what_is_over_joins_nobody():
    part = make_picking()
    pick_all(part)
    part.refresh_from_db()
    arrive(fulfillment=part)
    assert timedelta() < early_ready_at(part) - clock.now() <= timedelta(minutes=10)
    cancel_order(order=part.order, reason="")
    join_who_waits(fulfillment=part)
    assert Visit.objects.get().pickups.count() == 1


def test_an_early_arrival_moves_the_pick_up_the_queue():
    store, parts = neighbours(3)
    FulfillmentOrder.objects.filter(pk=parts[2].pk).update(
        promised_at=clock.now() + timedelta(days=1)
    )
    arrive(fulfillment=parts[2])
    assert page(Store.objects.filter(pk=store.pk))[0] == parts[2]
