"""Several orders on one way: shelf order, totes, and each unit to the right order."""

from datetime import timedelta

import pytest

from hub import clock
from inventory.models import ShelfPlace
from orders.actions import TokenReused
from orders.models import PickBatch, ZonePick
from orders.picking.batches import close_batch, open_batch, scan_batch, walk
from orders.picking.claims import claim
from orders.picking.errors import BadBatch, BatchOver, ClaimedElsewhere, NothingToClaim, TooMany
from orders.picking.splitting import complete_picking
from tests.factories import make_fulfillment, make_item, make_ready, make_store, stock
from tests.orders.picking.making import make_gtin, make_picker

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def goods(store):
    zones = ["ambient", "ambient", "chilled", "frozen"]
    items = [make_item(zone=zone, gtin=make_gtin(n)) for n, zone in enumerate(zones, 1)]
    stock(store, dict.fromkeys(items, 50))
    return items


def part(store, **lines):
    return make_fulfillment(store=store, lines=lines.pop("lines"))


def test_lines_come_in_the_order_of_the_shelves_frozen_last(store, goods):
    near, far, milk, ice = goods
    ShelfPlace.objects.create(store=store, item=near, location="C-9", sequence=90)
    ShelfPlace.objects.create(store=store, item=far, location="A-1", sequence=10)
    parts = [part(store, lines={ice: 1, near: 2}), part(store, lines={far: 1, milk: 1, near: 1})]

    batch = open_batch(store=store, fulfillments=parts, by=make_picker(store))

    stops = walk(batch)
    assert [(stop.item, stop.wanted) for stop in stops] == [
        (far, 1),
        (near, 3),
        (milk, 1),
        (ice, 1),
    ]
    assert [(share.tote, share.wanted) for share in stops[1].shares] == [("T1", 2), ("T2", 1)]


def test_each_scan_goes_to_the_order_that_wants_it_and_says_its_tote(store, goods):
    item, by = goods[0], make_picker(store)
    parts = [part(store, lines={item: 1}), part(store, lines={item: 2})]
    batch = open_batch(store=store, fulfillments=parts, by=by)

    totes = [scan_batch(batch=batch, code=item.gtin, by=by).tote for _ in range(3)]

    assert totes == ["T1", "T2", "T2"]
    with pytest.raises(TooMany):
        scan_batch(batch=batch, code=item.gtin, by=by)
    for one in parts:
        complete_picking(fulfillment=one)
    assert [one.status for one in parts] == ["picked", "picked"]


def test_the_same_scan_again_shows_the_first_result_whatever_has_ended_since(store, goods):
    bread, by = goods[0], make_picker(store)
    first, second = parts = [part(store, lines={bread: 1}) for _ in range(2)]
    batch = open_batch(store=store, fulfillments=parts, by=by)
    scans = {}
    for number, one in enumerate(parts):
        tap = {"code": bread.gtin, "by": by, "token": f"tap-{number}"}
        scans[one.pk] = tap, scan_batch(batch=batch, **tap)
    for one in (first, second):
        complete_picking(fulfillment=one)
        for tap, took in scans.values():
            assert scan_batch(batch=batch, **tap) == took
    with pytest.raises(TokenReused):
        scan_batch(batch=batch, **scans[first.pk][0] | {"code": goods[2].gtin})


def test_a_scan_keeps_the_whole_batch(store, goods):
    bread, by, start = goods[0], make_picker(store), clock.now()
    parts = [part(store, lines={bread: 1, goods[2]: 1}) for _ in range(2)]
    batch = open_batch(store=store, fulfillments=parts, by=by)
    with clock.turned_to(start + timedelta(minutes=14)):
        scan_batch(batch=batch, code=bread.gtin, by=by)
    with clock.turned_to(start + timedelta(minutes=28)):
        for one in parts:
            with pytest.raises(ClaimedElsewhere):
                claim(fulfillment=one, by=make_picker(store))


def test_an_order_in_another_batch_is_refused(store, goods):
    one = part(store, lines={goods[0]: 1})
    open_batch(store=store, fulfillments=[one], by=make_picker(store))
    with pytest.raises(ClaimedElsewhere) as refusal:
        open_batch(store=store, fulfillments=[one], by=make_picker(store))
    assert refusal.value.extra["batch"].startswith("bat_")
    assert PickBatch.objects.count() == 1


def test_ones_own_batch_is_not_left_by_accident(store, goods):
    one, ann = part(store, lines={goods[0]: 1}), make_picker(store)
    open_batch(store=store, fulfillments=[one], by=ann)
    with pytest.raises(ClaimedElsewhere):
        claim(fulfillment=one, by=ann)
    claim(fulfillment=one, by=ann, taken_from=ann)
    assert ZonePick.objects.get().batch is None


def test_a_batch_may_be_of_one_zone(store, goods):
    one, two = part(store, lines={goods[0]: 1, goods[3]: 1}), part(store, lines={goods[3]: 2})
    batch = open_batch(store=store, fulfillments=[one, two], by=make_picker(store), zone="frozen")
    assert [stop.item for stop in walk(batch)] == [goods[3]]
    with pytest.raises(NothingToClaim):
        open_batch(store=store, fulfillments=[two], by=make_picker(store), zone="chilled")


def test_a_closed_batch_is_over_and_its_orders_are_free(store, goods):
    one, by = part(store, lines={goods[0]: 1}), make_picker(store)
    batch = open_batch(store=store, fulfillments=[one], by=by)
    for _ in range(2):
        close_batch(batch=batch)
    with pytest.raises(BatchOver):
        scan_batch(batch=batch, code=goods[0].gtin, by=by)
    claim(fulfillment=one, by=make_picker(store))


def test_the_same_tap_opens_one_batch(store, goods):
    one, by = part(store, lines={goods[0]: 1}), make_picker(store)
    batches = [open_batch(store=store, fulfillments=[one], by=by, token="tap-1") for _ in range(2)]
    assert batches[0] == batches[1]
    assert PickBatch.objects.count() == 1


def test_orders_that_cannot_be_picked_together_are_refused(store, goods):
    by, one = make_picker(store), part(store, lines={goods[0]: 1})
    for parts in ([], [one, make_fulfillment()], [one, one], [make_ready()], [one] * 21):
        with pytest.raises(BadBatch):
            open_batch(store=store, fulfillments=parts, by=by)
    with pytest.raises(BadBatch):
        open_batch(store=store, fulfillments=[one], by=by, sorting="never")
