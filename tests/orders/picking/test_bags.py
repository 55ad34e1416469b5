"""Bags get their barcodes, then their places; the last one in its place makes the order ready."""

import threading
from datetime import timedelta

import pytest

from hub import clock
from orders.blocks import lift_block, open_block
from orders.models import Bag, FulfillmentOrder, PickupCode, StagingLocation, ZonePick
from orders.picking import services
from orders.picking.bags import pack, stage
from orders.picking.cold import limit_of, out_for, too_warm
from orders.picking.errors import (
    BagsMismatch,
    NotStageable,
    StagingIncomplete,
    UnknownBag,
    UnknownPlace,
    WrongZone,
)
from orders.picking.scanning import scan
from orders.picking.services import mark_ready, place_of
from tests.factories import (
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    stock,
)
from tests.orders.picking.making import make_gtin, make_picker, make_places
from tests.orders.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def picked_part(*zones, **values):
    items = {
        make_item(zone=zone, gtin=make_gtin(place), **values): 1
        for place, zone in enumerate(zones, 1)
    }
    store = make_store()
    stock(store, dict.fromkeys(items, 5))
    part = make_picking(store=store, lines=items)
    pick_all(part)
    return part


def put(bag, place, **values):
    return stage(store=bag.fulfillment.store, barcode=bag.barcode, place=place, **values)


def test_the_last_bag_in_its_place_makes_the_order_ready():
    part = picked_part("ambient", "frozen")
    make_places(part.store)
    first, second = pack(fulfillment=part, bags={"frozen": 1, "ambient": 1})
    assert [(bag.number, bag.zone) for bag in (first, second)] == [(1, "ambient"), (2, "frozen")]

    outcome = put(first, "a1")
    assert (outcome.ready, outcome.missing) == (False, 1)
    outcome = put(second, "ICE1")

    assert outcome.ready
    part.refresh_from_db()
    assert (part.status, part.staging_location, part.bags) == ("ready", "A1, ICE1", 2)
    assert PickupCode.objects.filter(fulfillment=part).exists()
    assert broken() == set()


def test_frozen_goods_do_not_stand_on_a_shelf():
    part = picked_part("frozen")
    make_places(part.store)
    (bag,) = pack(fulfillment=part, bags={"frozen": 1})
    for place in ("A1", "COOL1"):
        with pytest.raises(WrongZone):
            put(bag, place)
    assert Bag.objects.get().location is None


def test_bags_and_places_are_those_of_the_store():
    part, other = picked_part("ambient"), picked_part("ambient")
    make_places(part.store)
    StagingLocation.objects.create(store=part.store, code="OLD", active=False)
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    with pytest.raises(UnknownPlace):
        put(bag, "OLD")
    with pytest.raises(UnknownBag):
        stage(store=other.store, barcode=bag.barcode, place="A1")
    with pytest.raises(UnknownBag):
        stage(store=part.store, barcode="\0", place="A1")


@pytest.mark.parametrize("bags", [{}, {"frozen": 1}, {"ambient": 1, "frozen": 1}, {"ambient": 100}])
def test_bags_that_do_not_fit_the_goods_are_refused(bags):
    part = picked_part("ambient")
    with pytest.raises(BagsMismatch):
        pack(fulfillment=part, bags=bags)


def test_bags_can_be_made_anew_until_one_is_in_its_place():
    part = picked_part("ambient")
    make_places(part.store)
    pack(fulfillment=part, bags={"ambient": 3})
    bags = pack(fulfillment=part, bags={"ambient": 2})
    assert [bag.number for bag in bags] == [1, 2]
    put(bags[0], "A1")
    with pytest.raises(BagsMismatch):
        pack(fulfillment=part, bags={"ambient": 1})
    more = pack(fulfillment=part, bags={"ambient": 3})
    assert [bag.barcode for bag in more[:2]] == [bag.barcode for bag in bags]


def test_a_bag_can_be_moved_while_it_waits_and_not_after():
    part = picked_part("ambient")
    make_places(part.store)
    StagingLocation.objects.create(store=part.store, code="B2")
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    put(bag, "A1")
    put(bag, "B2")
    part.refresh_from_db()
    assert part.staging_location == "B2"
    FulfillmentOrder.objects.filter(pk=part.pk).update(status="expired")
    with pytest.raises(NotStageable):
        put(bag, "A1")


def test_a_block_lets_bags_be_put_away_but_the_order_waits():
    part = picked_part("ambient")
    make_places(part.store)
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    block = open_block(order=part.order, reason="fraud")
    outcome = put(bag, "A1")
    assert (outcome.ready, "fraud" in outcome.waits_for) == (False, True)
    assert Bag.objects.get().location.code == "A1"
    lift_block(block=block)
    mark_ready(fulfillment=part)
    assert (part.status, part.staging_location, part.bags) == ("ready", "A1", 1)


def test_ready_by_hand_needs_every_bag_in_its_place():
    part = picked_part("ambient")
    pack(fulfillment=part, bags={"ambient": 1})
    with pytest.raises(StagingIncomplete):
        mark_ready(fulfillment=part, staging_location="A1", bags=1)


def test_nothing_is_packed_before_the_pick_or_after_it_is_ready():
    with pytest.raises(NotStageable):
        pack(fulfillment=make_fulfillment(), bags={"ambient": 1})
    with pytest.raises(NotStageable):
        pack(fulfillment=make_ready(), bags={"ambient": 1})


def test_many_places_are_told_in_forty_characters():
    places = [StagingLocation(code=f"COOLER {number:02}") for number in range(9)]
    words = place_of([Bag(number=1, location=place) for place in places])
    assert words == "COOLER 00, COOLER 01, COOLER 02 +6"


def test_fresh_goods_wait_until_the_store_closes_that_day():
    part = picked_part("ambient", fresh=True)
    mark_ready(fulfillment=part, staging_location="A1", bags=1)
    assert part.expires_at - part.ready_at < timedelta(days=2)
    assert part.expires_at.minute == 0


def test_cold_goods_are_out_from_the_first_scan_until_the_last_bag_is_in():
    ice = make_item(zone="frozen", gtin=make_gtin(7))
    store = make_store()
    stock(store, {ice: 5})
    part = make_picking(store=store, lines={ice: 2})
    make_places(store)
    by, start = make_picker(store), clock.now()
    for _ in range(2):
        scan(fulfillment=part, code=ice.gtin, by=by)
    with clock.turned_to(start + timedelta(minutes=11)):
        assert too_warm(clock.now()).get().zone == "frozen"
        pick_all(part)
        for bag in pack(fulfillment=part, bags={"frozen": 2}):
            put(bag, "ICE1")
        row = ZonePick.objects.get()
        assert out_for(row, clock.now()) > limit_of("frozen")
        assert not too_warm(clock.now()).exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_equal_scans_of_the_last_bag_one_makes_it_ready():
    part = picked_part("ambient")
    make_places(part.store)
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    outcomes = at_once(10, lambda _: put(bag, "A1", token="tap-1"))
    assert all(outcome.ready for outcome in outcomes)
    assert PickupCode.objects.filter(fulfillment=part).count() == 1
    assert broken() == set()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_bag_that_comes_while_the_order_becomes_ready_is_refused(monkeypatch):
    part = picked_part("ambient")
    places = make_places(part.store)
    pack(fulfillment=part, bags={"ambient": 1})
    Bag.objects.update(location=places["ambient"], staged_at=clock.now())
    looked, added = threading.Event(), threading.Event()
    deadline = services.pickup_deadline

    def slowly(*args, **values):
        looked.set()
        added.wait(1)
        return deadline(*args, **values)

    monkeypatch.setattr(services, "pickup_deadline", slowly)

    def work(number):
        if number == 0:
            return mark_ready(fulfillment=FulfillmentOrder.objects.get(pk=part.pk))
        looked.wait(10)
        with pytest.raises(NotStageable):
            pack(fulfillment=part, bags={"ambient": 2})
        return added.set()

    at_once(2, work)
    part.refresh_from_db()
    assert (part.status, part.bags, part.bag_rows.count()) == ("ready", 1, 1)
