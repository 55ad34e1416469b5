"""Less than was bought: goods go back on sale, picked ones through a task, never twice."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.events.models import Fact
from inventory.models import Allocation, StockLevel
from orders.errors import IllegalMove, LinesWrong, StaleVersion, TooLate
from orders.models import Block, FulfillmentStatus, MoveOffer, OrderStatus, PutBack
from orders.picking.rejecting import reject
from orders.picking.scanning import count, pick_later
from orders.picking.services import finish_picking, mark_ready
from orders.picking.splitting import complete_picking
from orders.placing.amending import Totals, amend_order
from orders.placing.rerouting import MovedAlready, work_left
from orders.revision import revision_of
from orders.substitution.answering import answer_offers
from tests.factories import (
    ask_for,
    make_item,
    make_missing,
    make_order,
    make_picking,
    make_ready,
    make_store,
    stock,
)
from tests.orders.picking.making import make_picker
from tests.orders.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def items():
    return make_item(), make_item()


@pytest.fixture
def order(items):
    return make_order(lines={items[0]: 3, items[1]: 2})


def part_of(order):
    return order.fulfillments.get()


def allocated(order):
    rows = Allocation.objects.still_open().filter(reference=part_of(order).public_id)
    return {row.item: row.left for row in rows.select_related("item")}


def told(order, name):
    return Fact.objects.filter(subject=f"order:{order.pk}", name=name).count()


def test_units_that_nobody_picked_are_on_sale_again_at_once(order, items):
    amend_order(order=order, quantities={1: 1})

    assert allocated(order) == {items[0]: 1, items[1]: 2}
    assert order.lines.get(number=1).canceled == 2
    assert part_of(order).lines.get(order_line__number=1).allocated == 1
    assert told(order, "order.amended") == told(order, "fulfillment.amended") == 1
    assert not broken()


def test_the_sites_new_figures_are_kept(order):
    amend_order(order=order, quantities={1: 1}, totals=Totals(total_minor=700, tax_minor=80))

    order.refresh_from_db()
    assert (order.total_minor, order.tax_minor) == (700, 80)


def test_asking_for_what_is_so_already_changes_nothing(order):
    amend_order(order=order, quantities={1: 1})
    version = revision_of(order, [part_of(order)])

    amend_order(order=order, quantities={1: 1})

    assert revision_of(order, [part_of(order)]) == version
    assert told(order, "order.amended") == 1


def test_an_order_of_which_nothing_is_left_is_canceled(order):
    amend_order(order=order, quantities={1: 0, 2: 0})

    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELED
    assert part_of(order).status == FulfillmentStatus.CANCELED
    assert told(order, "order.canceled") == 1
    assert told(order, "order.amended") == 0
    assert not broken()


@pytest.mark.parametrize("quantities", [{1: 4}, {3: 1}, {1: 1, 9: 0}])
def test_more_units_or_unknown_lines_are_refused_and_change_nothing(order, items, quantities):
    with pytest.raises(LinesWrong) as refusal:
        amend_order(order=order, quantities=quantities)

    assert {line["number"] for line in refusal.value.extra["lines"]} <= quantities.keys()
    assert allocated(order) == {items[0]: 3, items[1]: 2}


def test_a_stale_version_is_refused(order):
    with pytest.raises(StaleVersion):
        amend_order(order=order, quantities={1: 1}, version=99)


def test_picked_units_wait_for_their_put_back_and_stay_set_aside_until_then(items):
    part = make_picking(lines={items[0]: 3})
    finish_picking(fulfillment=part, picked={line.pk: 3 for line in part.lines.all()})

    amend_order(order=part.order, quantities={1: 1})

    line = part.lines.get()
    assert (line.allocated, line.picked, line.to_put_back) == (1, 1, 2)
    assert PutBack.objects.get(line=line).units == 2
    assert StockLevel.objects.get(item=items[0]).allocated == 3
    assert not broken()


def test_missing_units_are_the_first_to_go(items):
    part = make_picking(lines={items[0]: 3})
    finish_picking(fulfillment=part, picked={line.pk: 2 for line in part.lines.all()})

    amend_order(order=part.order, quantities={1: 2})

    line = part.lines.get()
    assert (line.allocated, line.picked, line.short, line.to_put_back) == (2, 2, 0, 0)
    assert not broken()


def test_ready_goods_are_no_longer_amended(items):
    part = make_ready(lines={items[0]: 3})

    with pytest.raises(TooLate):
        amend_order(order=part.order, quantities={1: 1})

    assert part.lines.get().allocated == 3


def test_canceling_a_picked_line_of_several_leaves_the_others(items):
    part = make_picking(lines={items[0]: 1, items[1]: 2})
    finish_picking(fulfillment=part, picked={line.pk: line.allocated for line in part.lines.all()})

    amend_order(order=part.order, quantities={1: 0})

    assert [line.allocated for line in part.lines.all()] == [0, 2]
    part.refresh_from_db()
    assert part.status == FulfillmentStatus.PICKED
    assert not broken()


def test_of_a_line_that_was_replaced_in_part_the_substitute_goes_first():
    part, line, other = make_missing(units=3)
    asked = ask_for(part, line, other, units=2)
    answer_offers(asked=asked, answers={1: True})

    amend_order(order=part.order, quantities={1: 1})

    left = {row.item_id: row.allocated - row.short for row in part.lines.all()}
    assert left == {line.item_id: 1, other.pk: 0}
    assert not broken()


def test_an_order_of_which_picked_units_went_back_can_still_be_canceled():
    item = make_item()
    part = make_picking(lines={item: 3})
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 3})
    amend_order(order=part.order, quantities={1: 2})
    amend_order(order=part.order, quantities={1: 1})

    amend_order(order=part.order, quantities={1: 0})

    assert sum(part.lines.get().put_backs.values_list("units", flat=True)) == 3
    assert not broken()


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    picked=st.tuples(st.integers(0, 3), st.integers(0, 2)),
    wishes=st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3)), max_size=4),
)
def test_whatever_is_amended_stock_and_lines_agree(picked, wishes):
    one, two = make_item(), make_item()
    part = make_picking(lines={one: 3, two: 2})
    if any(picked):
        lines = [line.pk for line in part.lines.all()]
        finish_picking(fulfillment=part, picked=dict(zip(lines, picked, strict=True)))
    for number, left in wishes:
        with suppress(LinesWrong, TooLate, IllegalMove):
            amend_order(order=part.order, quantities={number: left})
    assert not broken()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_amendment_many_times_at_once_takes_the_units_off_once():
    item = make_item()
    store = make_store()
    stock(store, {item: 10})
    order = make_order(store=store, lines={item: 5})

    at_once(8, lambda _number: amend_order(order=order, quantities={1: 2}))

    assert StockLevel.objects.get(item=item).allocated == 2
    assert told(order, "order.amended") == 1
    assert not broken()


def test_a_question_about_another_store_ends_when_less_is_wanted(items):
    home, rival = make_store(latitude=52.0), make_store(latitude=52.02)
    for store in (home, rival):
        stock(store, {items[0]: 9})
    order = make_order(store=home, lines={items[0]: 3})
    reject(fulfillment=part_of(order), reason="too_busy")
    assert MoveOffer.objects.get().state == MoveOffer.State.OPEN

    amend_order(order=order, quantities={1: 2})

    assert MoveOffer.objects.get().state == MoveOffer.State.WITHDRAWN
    (block,) = Block.objects.filter(lifted_at__isnull=True)
    assert block.note == "no store works on a part of it"
    assert not StockLevel.objects.filter(held__gt=0).exists()
    assert work_left(part_of(order)).goods == {items[0].pk: 2}


def test_what_no_store_prepares_is_no_more_than_is_lacking_beside_what_is_ready(items):
    part = make_picking(lines={items[0]: 5})
    by, line = make_picker(part.store), part.lines.get()
    count(line=line, units=3, by=by, reason="no label")
    pick_later(line=line, by=by)
    rest = complete_picking(fulfillment=part)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    reject(fulfillment=rest, reason="too_busy")
    assert work_left(rest).goods == {items[0].pk: 2}

    amend_order(order=part.order, quantities={1: 4})
    assert work_left(rest).goods == {items[0].pk: 1}
    amend_order(order=part.order, quantities={1: 3})
    with pytest.raises(MovedAlready):
        work_left(rest)
    with pytest.raises(TooLate):
        amend_order(order=part.order, quantities={1: 2})
