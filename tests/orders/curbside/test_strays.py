"""Customers at the wrong store: what becomes of the visit, the deadline, and who learns what."""

from datetime import timedelta

import pytest

from hub import clock
from hub.events.models import Fact
from orders.curbside.errors import PickupOver, SpotTaken
from orders.curbside.strays import arrive_by_sign, come_to_wrong_store, put_aside, strays_at
from orders.curbside.visits import active_visit, arrive, begin_service, say_on_my_way
from orders.models import FulfillmentOrder, Sign, Spot, StrayArrival, Visit
from orders.placing.cancel import cancel_order
from orders.waiting import longest_wait
from tests.factories import make_fulfillment, make_item, make_ready, make_spots, make_store, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def sign_at(store, spot=None, code="a" * 22):
    return Sign.objects.create(store=store, spot=spot, code=code)


def facts(part, name):
    return Fact.objects.filter(subject=f"order:{part.order_id}", name=name).count()


def expiring(minutes, **values):
    part = make_ready(**values)
    rows = FulfillmentOrder.objects.filter(pk=part.pk)
    rows.update(expires_at=clock.now() + timedelta(minutes=minutes))
    part.refresh_from_db()
    return part


def test_a_sign_brings_the_customer_to_its_spot():
    part = make_ready()
    spot = make_spots(part.store, "7")[0]
    visit = arrive_by_sign(fulfillment=part, sign=sign_at(part.store, spot))
    assert (visit.status, visit.spot, visit.source) == ("arrived", spot, "sign")


def test_a_sign_of_the_whole_pickup_area_only_says_here():
    part = make_ready()
    assert arrive_by_sign(fulfillment=part, sign=sign_at(part.store)).status == "arrived"


def test_who_stands_on_a_closed_spot_is_here_all_the_same():
    part = make_ready()
    spot = make_spots(part.store, "7")[0]
    Spot.objects.update(closed_for="snow")
    visit = arrive_by_sign(fulfillment=part, sign=sign_at(part.store, Spot.objects.get()))
    assert (visit.status, visit.spot, visit.place) == ("arrived", None, spot.label)


def test_the_sign_of_a_taken_spot_names_the_free_ones():
    part, other = make_ready(), make_ready()
    FulfillmentOrder.objects.filter(pk=other.pk).update(store=part.store)
    make_spots(part.store, "7 8")
    spot = Spot.objects.get(label="7")
    arrive(fulfillment=FulfillmentOrder.objects.get(pk=other.pk), spot="7")
    with pytest.raises(SpotTaken) as refusal:
        arrive_by_sign(fulfillment=part, sign=sign_at(part.store, spot))
    assert refusal.value.extra["free"] == ["8"]


def test_another_stores_sign_ends_the_visit_and_its_staff_see_only_that_somebody_is_wrong():
    part, other = make_ready(), make_store()
    spot = make_spots(other, "3")[0]
    visit = say_on_my_way(fulfillment=part, minutes=10)
    stray = arrive_by_sign(fulfillment=part, sign=sign_at(other, spot))
    visit.refresh_from_db()
    assert (visit.status, visit.ended_at is not None) == ("wrong_store", True)
    assert (stray.store, stray.spot) == (other, spot)
    assert strays_at(other) == [stray]
    assert not Visit.objects.filter(store=other).exists()
    fact = Fact.objects.get(name="visit.wrong_store")
    assert fact.data["store_id"] == other.pk


def test_who_never_said_he_comes_has_a_visit_that_tells_where_he_was():
    part, other = make_ready(), make_store()
    come_to_wrong_store(fulfillment=part, store=other)
    assert Visit.objects.get().status == "wrong_store"
    assert active_visit(part) is None


def test_saying_it_again_says_nothing_new_and_a_new_visit_may_follow():
    part, other = make_ready(), make_store()
    first = come_to_wrong_store(fulfillment=part, store=other)
    assert come_to_wrong_store(fulfillment=part, store=other) == first
    assert say_on_my_way(fulfillment=part, minutes=20).status == "on_my_way"
    assert facts(part, "visit.wrong_store") == 1
    put_aside(stray=first)
    assert strays_at(other) == []


def test_who_is_looked_for_while_being_served_may_turn_up_elsewhere():
    part, other = make_ready(), make_store()
    arrive(fulfillment=part)
    begin_service(fulfillment=part)
    come_to_wrong_store(fulfillment=part, store=other)
    assert Visit.objects.get().status == "wrong_store"


def test_the_deadline_moves_so_that_the_drive_fits():
    part = expiring(20)
    come_to_wrong_store(fulfillment=part, store=make_store(latitude=part.store.latitude + 0.2))
    part.refresh_from_db()
    assert part.expires_at > clock.now() + timedelta(hours=3)
    assert facts(part, "fulfillment.wait_extended") == 1


def test_a_deadline_that_is_far_enough_stays():
    part = make_ready()
    before = part.expires_at
    come_to_wrong_store(fulfillment=part, store=make_store())
    part.refresh_from_db()
    assert part.expires_at == before


@pytest.mark.parametrize("fresh", [True, False])
def test_no_deadline_moves_beyond_what_goods_can_wait(fresh):
    item, store = make_item(fresh=fresh), make_store()
    stock(store, {item: 5})
    part = expiring(20, store=store, lines={item: 1})
    if not fresh:
        ready_at = clock.now() - timedelta(days=8)
        rows = FulfillmentOrder.objects.filter(pk=part.pk)
        rows.update(ready_at=ready_at, picked_at=ready_at, accepted_at=ready_at)
        part.refresh_from_db()
        assert longest_wait(part) < part.expires_at
    before = part.expires_at
    stray = come_to_wrong_store(fulfillment=part, store=make_store())
    part.refresh_from_db()
    assert stray.pk
    assert part.expires_at == before


def test_nobody_is_lost_who_has_nothing_to_collect():
    part = make_fulfillment()
    cancel_order(order=part.order, reason="")
    with pytest.raises(PickupOver):
        come_to_wrong_store(fulfillment=part, store=make_store())
    assert not StrayArrival.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_sign_scanned_many_times_at_once_is_one_note():
    part, other = make_ready(), make_store()

    def scan(_number):
        mine = FulfillmentOrder.objects.get(pk=part.pk)
        come_to_wrong_store(fulfillment=mine, store=other)

    at_once(8, scan)
    assert StrayArrival.objects.count() == facts(part, "visit.wrong_store") == 1
