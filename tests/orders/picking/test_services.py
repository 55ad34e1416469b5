"""Accept, pick, set ready, reject."""

import pytest

from hub import clock
from hub.events.models import Fact
from inventory.models import StockLevel
from orders.actions import TokenReused
from orders.curbside.visits import say_on_my_way
from orders.errors import Blocked, IllegalMove, ReasonMissing, StaleVersion
from orders.models import ActionRecord, Block, FulfillmentOrder
from orders.picking.errors import NothingPicked, PickMismatch, StagingIncomplete
from orders.picking.rejecting import reject
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.text import TextTooLong
from tests.factories import (
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    pin_of,
    stock,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def facts(fulfillment):
    rows = Fact.objects.filter(subject=f"order:{fulfillment.order_id}").order_by("pk")
    return list(rows.values_list("name", flat=True))


def test_the_same_token_again_succeeds_and_acts_once():
    fulfillment = make_fulfillment()
    accept(fulfillment=fulfillment, token="tap-1")
    again = FulfillmentOrder.objects.get(pk=fulfillment.pk)
    accept(fulfillment=again, token="tap-1", version=1)
    assert again.status == "accepted"
    assert facts(fulfillment).count("fulfillment.accepted") == 1


def test_a_second_person_is_told_the_present_status():
    fulfillment = make_fulfillment()
    accept(fulfillment=fulfillment, token="tap-1")
    with pytest.raises(IllegalMove) as refusal:
        accept(fulfillment=fulfillment, token="tap-2")
    assert "accepted" in refusal.value.detail
    assert refusal.value.extra["present_status"] == "accepted"
    assert not ActionRecord.objects.filter(token="tap-2").exists()


def test_a_token_serves_one_step_only():
    fulfillment = make_fulfillment()
    accept(fulfillment=fulfillment, token="tap-1")
    with pytest.raises(TokenReused):
        start_picking(fulfillment=fulfillment, token="tap-1")
    with pytest.raises(TokenReused):
        accept(fulfillment=make_fulfillment(), token="tap-1")


def test_a_stale_version_is_refused():
    fulfillment = make_fulfillment()
    with pytest.raises(StaleVersion):
        accept(fulfillment=fulfillment, version=fulfillment.version + 1)


def test_a_block_stops_the_pick():
    fulfillment = make_fulfillment()
    accept(fulfillment=fulfillment)
    Block.objects.create(order=fulfillment.order, reason=Block.Reason.FRAUD)
    with pytest.raises(Blocked):
        start_picking(fulfillment=fulfillment)


def test_a_short_pick_counts_the_missing_units_and_releases_them():
    item, other = make_item(), make_item()
    fulfillment = make_picking(lines={item: 3, other: 2})
    first, second = fulfillment.lines.all()
    finish_picking(fulfillment=fulfillment, picked={first.pk: 1, second.pk: 2})
    first.refresh_from_db()
    assert (first.picked, first.short) == (1, 2)
    level = StockLevel.objects.get(store=fulfillment.store, item=item)
    assert (level.on_hand, level.allocated) == (6, 1)
    assert StockLevel.objects.get(store=fulfillment.store, item=other).allocated == 2


@pytest.mark.parametrize("wrong", ["missing", "foreign", "too many", "negative"])
def test_counts_that_do_not_fit_the_lines_are_refused(wrong):
    fulfillment = make_picking()
    line = fulfillment.lines.get()
    counts = {
        "missing": {},
        "foreign": {line.pk: 2, line.pk + 1: 1},
        "too many": {line.pk: 3},
        "negative": {line.pk: -1},
    }[wrong]
    with pytest.raises(PickMismatch):
        finish_picking(fulfillment=fulfillment, picked=counts)
    fulfillment.refresh_from_db()
    assert fulfillment.status == "picking"


def test_a_pick_that_found_nothing_is_refused():
    fulfillment = make_picking()
    with pytest.raises(NothingPicked):
        finish_picking(fulfillment=fulfillment, picked={fulfillment.lines.get().pk: 0})


def test_a_ready_order_has_a_pin_a_place_and_a_date():
    fulfillment = make_ready()
    fulfillment.refresh_from_db()
    assert (fulfillment.status, fulfillment.staging_location, fulfillment.bags) == (
        "ready",
        "A-1",
        2,
    )
    assert len(pin_of(fulfillment)) == 6
    assert pin_of(fulfillment).isdecimal()
    assert fulfillment.expires_at
    assert fulfillment.expires_at > clock.now()
    assert "fulfillment.ready_for_pickup" in facts(fulfillment)


@pytest.mark.parametrize(("place", "bags"), [("", 1), (" \u202e ", 1), ("A", 0), ("A", 100)])
def test_ready_needs_a_place_and_bags(place, bags):
    fulfillment = make_picking()
    pick_all(fulfillment)
    with pytest.raises(StagingIncomplete):
        mark_ready(fulfillment=fulfillment, staging_location=place, bags=bags)


def test_a_place_that_is_too_long_is_refused_not_cut():
    fulfillment = make_picking()
    pick_all(fulfillment)
    with pytest.raises(TextTooLong):
        mark_ready(fulfillment=fulfillment, staging_location="A" * 41, bags=1)


def test_a_rejection_frees_the_stock_and_calls_a_person():
    item, store = make_item(), make_store()
    stock(store, {item: 5})
    fulfillment = make_fulfillment(store=store, lines={item: 2})
    reject(fulfillment=fulfillment, reason="freezer broken", token="tap-1")
    reject(fulfillment=fulfillment, reason="freezer broken", token="tap-1")
    assert fulfillment.status == "rejected"
    assert StockLevel.objects.get(store=store, item=item).allocated == 0
    block = Block.objects.get(order=fulfillment.order, lifted_at__isnull=True)
    assert block.reason == "move"
    assert "freezer broken" in block.note
    assert facts(fulfillment).count("fulfillment.rejected") == 1


def test_a_rejection_needs_a_reason():
    with pytest.raises(ReasonMissing):
        reject(fulfillment=make_fulfillment(), reason=" ")


def test_a_visit_before_ready_does_not_move_the_goods():
    fulfillment = make_picking()
    say_on_my_way(fulfillment=fulfillment, minutes=10)
    fulfillment.refresh_from_db()
    assert fulfillment.status == "picking"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_taps_with_one_token_all_succeed_and_act_once():
    fulfillment = make_fulfillment()

    def tap(_number):
        mine = FulfillmentOrder.objects.get(pk=fulfillment.pk)
        accept(fulfillment=mine, token="one-tap")
        return mine.status

    assert at_once(20, tap) == ["accepted"] * 20
    assert facts(fulfillment).count("fulfillment.accepted") == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_people_one_finishes_the_pick_and_stock_is_released_once():
    item = make_item()
    fulfillment = make_picking(lines={item: 4})
    line = fulfillment.lines.get()

    def finish(number):
        mine = FulfillmentOrder.objects.get(pk=fulfillment.pk)
        try:
            finish_picking(fulfillment=mine, picked={line.pk: 3}, token=f"tap-{number}")
        except IllegalMove:
            return False
        return True

    assert sum(at_once(12, finish)) == 1
    assert StockLevel.objects.get(store=fulfillment.store, item=item).allocated == 3
