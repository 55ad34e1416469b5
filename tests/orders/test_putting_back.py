"""Picked units that nobody collects stay set aside until somebody has put them back."""

import pytest
from django.db import transaction

from hub import clock
from inventory.models import InventoryEvent, StockLevel, UnavailableUnits
from orders.actions import lock_parts
from orders.models import Bag, FulfillmentStatus, OrderLine, PutBack, StagingLocation
from orders.putting_back import (
    FreshGoods,
    NotPicked,
    PutBackDone,
    ask_put_back,
    give_up_goods,
    put_back,
)
from orders.states import move
from tests.factories import make_item, make_picking, make_ready, pick_all
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def level(part):
    return StockLevel.objects.get(store=part.store_id, item=part.lines.get().item_id)


def unwanted(part, units=1):
    line = part.lines.get()
    OrderLine.objects.filter(pk=line.order_line_id).update(canceled=units)
    with transaction.atomic():
        lock_parts(part.order_id)
        return ask_put_back(fulfillment=part, units={line.pk: units}, reason="canceled")[0]


def picked_part(**values):
    part = make_picking(**values)
    pick_all(part)
    return part


def test_units_taken_off_a_line_stay_set_aside_until_they_are_back():
    part = picked_part()
    task = unwanted(part)
    line = part.lines.get()
    assert (line.picked, line.allocated, line.to_put_back) == (1, 1, 1)
    assert level(part).allocated == 2

    put_back(task=task, outcome="shelf", by="Ann")

    assert (level(part).allocated, level(part).on_hand) == (1, 4)
    assert part.lines.get().to_put_back == 0
    assert task.done_by == "Ann"


def test_damaged_units_stay_on_hand_but_cannot_be_sold():
    part = picked_part()
    put_back(task=unwanted(part), outcome="damaged", by="Ann")
    shelf = level(part)
    assert (shelf.on_hand, shelf.allocated, shelf.unavailable) == (4, 1, 1)
    assert UnavailableUnits.objects.get(store=part.store_id).state == "damaged"


def test_written_off_units_leave_the_books():
    part = picked_part()
    put_back(task=unwanted(part), outcome="written_off", by="Ann")
    shelf = level(part)
    assert (shelf.on_hand, shelf.allocated, shelf.unavailable) == (3, 1, 0)
    assert InventoryEvent.objects.get(kind="adjustment").reason == "spoilage"


def test_fresh_goods_never_go_back_to_the_shelf():
    task = unwanted(picked_part(lines={make_item(fresh=True): 2}))
    with pytest.raises(FreshGoods):
        put_back(task=task, outcome="shelf", by="Ann")
    put_back(task=task, outcome="written_off", by="Ann")
    assert task.outcome == "written_off"


def test_the_same_answer_again_changes_nothing_and_another_is_refused():
    part = picked_part()
    task = unwanted(part)
    for _ in range(2):
        put_back(task=task, outcome="shelf", by="Ann")
    with pytest.raises(PutBackDone):
        put_back(task=task, outcome="damaged", by="Ben")
    assert level(part).allocated == 1


def test_more_than_was_picked_cannot_be_asked_for():
    part = picked_part()
    with pytest.raises(NotPicked):
        ask_put_back(fulfillment=part, units={part.lines.get().pk: 3}, reason="canceled")
    assert not PutBack.objects.exists()


@pytest.mark.parametrize("picked", [0, 1, 2])
def test_a_part_that_ends_frees_what_nobody_picked_and_has_the_rest_put_back(picked):
    part = make_picking()
    part.lines.update(picked=picked)
    with transaction.atomic():
        lock_parts(part.order_id)
        move(part, to=FulfillmentStatus.CANCELED)
        tasks = give_up_goods(fulfillment=part, reason="canceled")
    assert [task.units for task in tasks] == [picked] * bool(picked)
    assert level(part).allocated == picked
    for task in tasks:
        put_back(task=task, outcome="shelf", by="Ann")
    assert level(part).allocated == 0


def test_a_ready_part_that_lapses_says_where_the_units_stand():
    part = make_ready()
    move(part, to=FulfillmentStatus.EXPIRED)
    (task,) = give_up_goods(fulfillment=part, reason="not collected")
    assert (task.location, task.units) == ("A-1", 2)


def test_a_task_says_where_the_bags_of_its_zone_stand():
    ice, bread = make_item(zone="frozen"), make_item()
    part = picked_part(lines={ice: 1, bread: 1})
    place = StagingLocation.objects.create(store=part.store, code="ICE1", zone="frozen")
    Bag.objects.create(
        fulfillment=part, number=1, zone="frozen", location=place, staged_at=clock.now()
    )
    counts = {line.pk: 1 for line in part.lines.all()}
    tasks = ask_put_back(fulfillment=part, units=counts, reason="canceled")
    assert {task.line.item: task.location for task in tasks} == {ice: "ICE1", bread: ""}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_taps_one_puts_the_units_back():
    part = picked_part()
    task = unwanted(part)

    def tap(_):
        put_back(task=PutBack.objects.get(pk=task.pk), outcome="shelf", by="Ann")

    at_once(8, tap)
    assert (level(part).allocated, part.lines.get().to_put_back) == (1, 0)
