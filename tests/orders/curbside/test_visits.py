"""On my way, I'm here, being served: the visit apart from the goods."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from hub import clock
from hub.events.models import Fact
from orders.curbside.errors import (
    EtaOutOfRange,
    NoVisit,
    PickupOver,
    SpotTaken,
    UnknownSpot,
)
from orders.curbside.handlers import end_visit
from orders.curbside.spots import find_spot
from orders.curbside.visits import (
    active_visit,
    arrive,
    begin_service,
    say_on_my_way,
)
from orders.errors import IllegalMove
from orders.models import FulfillmentOrder, Spot, Visit
from orders.placing.cancel import cancel_order
from orders.text import TextTooLong
from tests.factories import (
    make_fulfillment,
    make_ready,
    make_spots,
    make_store,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def facts(fulfillment, name):
    return Fact.objects.filter(subject=f"order:{fulfillment.order_id}", name=name).count()


def label_of(visit):
    return visit.spot and visit.spot.label


def neighbours(count):
    """Parts of as many customers that wait at the same store."""
    store = make_store()
    parts = []
    for _ in range(count):
        part = make_fulfillment()
        part.store = store
        part.save(update_fields=["store"])
        parts.append(part)
    return store, parts


def test_on_my_way_opens_one_visit_and_a_later_word_corrects_the_time():
    fulfillment = make_fulfillment()
    first = say_on_my_way(fulfillment=fulfillment, minutes=20)
    second = say_on_my_way(fulfillment=fulfillment, minutes=40)
    assert first.pk == second.pk
    assert first.eta
    assert second.eta
    assert second.eta > first.eta + timedelta(minutes=15)
    assert facts(fulfillment, "visit.on_my_way") == 1


@pytest.mark.parametrize("minutes", [0, -5, 181, 7 * 24 * 60])
def test_an_impossible_time_is_refused(minutes):
    with pytest.raises(EtaOutOfRange):
        say_on_my_way(fulfillment=make_fulfillment(), minutes=minutes)


def test_who_has_arrived_is_not_sent_back_on_the_road():
    fulfillment = make_fulfillment()
    arrive(fulfillment=fulfillment)
    assert say_on_my_way(fulfillment=fulfillment, minutes=5).status == "arrived"


def test_an_arrival_before_ready_is_welcome_and_moves_no_goods():
    fulfillment = make_fulfillment()
    make_spots(fulfillment.store)
    visit = arrive(fulfillment=fulfillment, spot="2", vehicle="blue estate")
    fulfillment.refresh_from_db()
    assert (visit.status, label_of(visit), visit.vehicle) == ("arrived", "2", "blue estate")
    assert fulfillment.status == "proposed"


def test_arriving_twice_is_one_arrival():
    fulfillment = make_fulfillment()
    say_on_my_way(fulfillment=fulfillment, minutes=5)
    arrive(fulfillment=fulfillment, place="by the door")
    again = arrive(fulfillment=fulfillment)
    assert again.place == "by the door"
    assert Visit.objects.count() == 1
    assert facts(fulfillment, "visit.arrived") == 1


def test_a_customer_may_move_to_another_spot_or_away_from_spots():
    fulfillment = make_fulfillment()
    make_spots(fulfillment.store)
    arrive(fulfillment=fulfillment, spot="1")
    assert label_of(arrive(fulfillment=fulfillment, spot="2")) == "2"
    moved = arrive(fulfillment=fulfillment, place="behind the house")
    assert (moved.spot, moved.place) == (None, "behind the house")


def test_a_taken_spot_is_refused_and_the_free_ones_are_named():
    store, (one, two) = neighbours(2)
    make_spots(store)
    arrive(fulfillment=one, spot="1")
    with pytest.raises(SpotTaken) as refusal:
        arrive(fulfillment=two, spot="1")
    assert refusal.value.extra["free"] == ["2", "3"]
    assert active_visit(two) is None


def test_a_spot_that_is_not_there_is_refused():
    fulfillment = make_fulfillment()
    make_spots(fulfillment.store)
    Spot.objects.filter(label="3").update(active=False)
    make_spots(make_store(), "9")
    for label in ("3", "9", "x" * 40, "'; drop"):
        with pytest.raises(UnknownSpot) as refusal:
            arrive(fulfillment=fulfillment, spot=label)
        assert refusal.value.extra["free"] == ["1", "2"]


def test_odd_words_are_cleaned_and_long_ones_refused():
    fulfillment = make_fulfillment()
    visit = arrive(fulfillment=fulfillment, place="left\x00 of \u202edoor\n", vehicle="🚗" * 80)
    assert visit.place == "left of door"
    assert visit.vehicle == "🚗" * 80
    with pytest.raises(TextTooLong):
        arrive(fulfillment=fulfillment, place="x" * 36)


def test_nobody_arrives_for_a_canceled_order():
    fulfillment = make_fulfillment()
    cancel_order(order=fulfillment.order, reason="")
    with pytest.raises(PickupOver):
        arrive(fulfillment=fulfillment)
    with pytest.raises(PickupOver):
        say_on_my_way(fulfillment=fulfillment, minutes=5)


def test_a_cancellation_frees_the_spot_of_who_has_come():
    fulfillment = make_fulfillment()
    make_spots(fulfillment.store)
    arrive(fulfillment=fulfillment, spot="1")
    cancel_order(order=fulfillment.order, reason="")
    for _ in range(2):
        end_visit(Happened(fulfillment))
    assert Visit.objects.get().status == "left"
    assert facts(fulfillment, "visit.ended") == 1


class Happened:
    """A fact about a part."""

    def __init__(self, fulfillment):
        self.fulfillment_id = fulfillment.pk


def test_serving_needs_a_visit_and_happens_once():
    fulfillment = make_ready()
    with pytest.raises(NoVisit):
        begin_service(fulfillment=fulfillment)
    arrive(fulfillment=fulfillment)
    visit = begin_service(fulfillment=fulfillment, token="tap")
    assert visit.status == "being_served"
    assert visit.served_at
    assert visit.served_at <= clock.now()
    assert begin_service(fulfillment=fulfillment, token="tap").pk == visit.pk
    with pytest.raises(IllegalMove):
        begin_service(fulfillment=fulfillment)
    assert facts(fulfillment, "visit.being_served") == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_customers_one_gets_the_spot():
    store, parts = neighbours(12)
    make_spots(store, "1")

    def come(number):
        mine = FulfillmentOrder.objects.get(pk=parts[number].pk)
        try:
            arrive(fulfillment=mine, spot="1")
        except SpotTaken:
            return False
        return True

    assert sum(at_once(12, come)) == 1
    assert Visit.objects.filter(spot__label="1").count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_taps_of_one_customer_are_one_arrival():
    fulfillment = make_fulfillment()

    def come(_number):
        arrive(fulfillment=FulfillmentOrder.objects.get(pk=fulfillment.pk), place="here")

    at_once(16, come)
    assert Visit.objects.count() == 1
    assert facts(fulfillment, "visit.arrived") == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_who_moves_holds_both_spots_so_that_two_who_swap_cannot_wait_for_each_other():
    store = make_store()
    old, new = make_spots(store, "1 2")

    def is_locked(spot):
        try:
            with transaction.atomic():
                Spot.objects.select_for_update(nowait=True).get(pk=spot.pk)
        except OperationalError:
            return True
        finally:
            connection.close()
        return False

    with transaction.atomic(), ThreadPoolExecutor(1) as elsewhere:
        find_spot(store, "2", beside=old.pk)
        assert [elsewhere.submit(is_locked, spot).result(10) for spot in (old, new)] == [True, True]
