"""The part that keeps what is collected later, beside everything else that may happen to it."""

from datetime import timedelta

import pytest

from hub import clock
from hub.errors import HubError
from inventory.models import BundlePart, StockLevel
from orders.blocks import lift_block
from orders.clocks.collecting import expire
from orders.curbside.handing import Known, LineOutcome, give, hand_off, receipt_of, rest_of
from orders.models import Block, FulfillmentOrder, Refund
from orders.picking.claims import claim
from orders.picking.scanning import count, pick_later
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.picking.splitting import complete_picking
from orders.placing.amending import amend_order
from orders.substitution.answering import answer_offers
from tests.factories import (
    ask_for,
    make_item,
    make_missing,
    make_order,
    make_person,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    pin_of,
    stock,
)
from tests.orders.curbside.curb_making import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def given(part, **told):
    return hand_off(fulfillment=part, pin=pin_of(part), by=None, **told)


def split(part, units=1, line=None):
    """Hand over all but some units of a line; the rest."""
    line = line or part.lines.first()
    given(part, lines={line.pk: LineOutcome(later=units)})
    return rest_of(part)


def make_substituted():
    """A ready part of one unit as bought and two of its substitute."""
    part, line, other = make_missing()
    answer_offers(asked=ask_for(part, line, other), answers={1: True})
    part = FulfillmentOrder.objects.get(pk=part.pk)
    counts = {one.pk: one.allocated - one.short for one in part.lines.all()}
    finish_picking(fulfillment=part, picked=counts)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    for block in Block.objects.filter(lifted_at__isnull=True):
        lift_block(block=block)
    return part, other


def test_a_substitute_collected_later_still_stands_for_what_was_bought():
    part, other = make_substituted()
    rest = split(part, 1, part.lines.get(item=other))
    substitute = rest.lines.get(item=other)
    assert (substitute.picked, substitute.stands_for.fulfillment_id) == (1, rest.pk)
    assert substitute.stands_for.allocated == 0
    assert broken() == set()
    given(rest)
    (told,) = receipt_of(rest)["lines"]
    assert (told["sku"], told["stands_for"]) == (other.sku, substitute.stands_for.item.sku)
    assert broken() == set()


def test_a_rest_of_a_rest_is_ready_too():
    part = make_ready(lines={make_item(): 3})
    second = split(part, 2)
    third = split(second, 1)
    assert (second.status, third.status) == ("completed", "ready")
    given(third)
    part.order.refresh_from_db()
    assert part.order.status == "completed"
    assert broken() == set()


def test_the_same_item_on_two_lines_is_split_by_line():
    item, store = make_item(), make_store()
    stock(store, {item: 9})
    asked = [{"sku": item.sku, "quantity": units, "unit_price_minor": 500} for units in (2, 3)]
    order = make_order(store=store, lines={item: 5}, lines_asked=asked)
    part = _readied(order.fulfillments.get())
    one, two = part.lines.order_by("order_line__number")
    given(part, lines={one.pk: LineOutcome(later=1), two.pk: LineOutcome(later=2, refused=1)})
    rest = rest_of(part)
    assert list(rest.lines.values_list("picked", flat=True)) == [1, 2]
    level = StockLevel.objects.get(store=store, item=item)
    assert (level.on_hand, level.allocated) == (8, 4)
    assert broken() == set()


def _readied(part):
    accept(fulfillment=part)
    start_picking(fulfillment=part)
    pick_all(part)
    mark_ready(fulfillment=part, staging_location="A-1", bags=2)
    return part


def test_a_bundle_collected_later_keeps_its_parts_set_aside():
    bundle, cup, plate = make_item(), make_item(), make_item()
    BundlePart.objects.create(bundle=bundle, part=cup, quantity=2)
    BundlePart.objects.create(bundle=bundle, part=plate, quantity=1)
    store = make_store()
    stock(store, {cup: 10, plate: 10})
    part = _readied(make_order(store=store, lines={bundle: 3}).fulfillments.get())
    rest = split(part, 1)
    level = StockLevel.objects.get(store=store, item=cup)
    assert (level.on_hand, level.allocated) == (6, 2)
    given(rest)
    level.refresh_from_db()
    assert (level.on_hand, level.allocated) == (4, 0)


def test_goods_by_weight_are_split_by_the_gram():
    ham = make_item(unit="gram", zone="chilled")
    part = make_picking(lines={ham: 500})
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 520})
    mark_ready(fulfillment=part, staging_location="C-1", bags=1)
    for block in Block.objects.filter(lifted_at__isnull=True):
        lift_block(block=block)
    rest = split(part, 120)
    assert (part.lines.get().handed_off, rest.lines.get().picked) == (400, 120)
    assert broken() == set()


def test_fresh_goods_of_the_rest_wait_only_today():
    part = make_ready(lines={make_item(fresh=True): 2})
    rest = split(part)
    assert rest.expires_at - clock.now() < timedelta(days=2)


def test_a_rest_that_nobody_collects_expires_and_is_paid_back():
    part = make_ready(lines={make_item(): 3})
    rest = split(part, 2)
    FulfillmentOrder.objects.filter(pk=rest.pk).update(expires_at=clock.now())
    assert expire(fulfillment=FulfillmentOrder.objects.get(pk=rest.pk))
    assert Refund.objects.get(fulfillment=rest).amount_minor == 1000
    part.order.refresh_from_db()
    assert part.order.status == "completed"
    assert broken() == set()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hand_off_and_the_expiry_at_once_leave_one_of_them():
    for _ in range(5):
        part = make_ready()
        FulfillmentOrder.objects.filter(pk=part.pk).update(expires_at=clock.now())

        def race(number, part=part):
            mine = FulfillmentOrder.objects.get(pk=part.pk)
            if number:
                return expire(fulfillment=mine)
            try:
                give(fulfillment=mine, known=Known(method="pin"), by=None)
            except HubError:
                return False
            return True

        assert sum(at_once(2, race)) == 1
    assert broken() == set()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_partial_hand_off_and_an_amendment_at_once_both_hold():
    for _ in range(4):
        item = make_item()
        ready = make_picking(lines={item: 6})
        line = ready.lines.get()
        _pick_some(ready, line)
        later = complete_picking(fulfillment=ready)
        mark_ready(fulfillment=ready, staging_location="A-1", bags=1)

        def race(number, ready=ready, line=line):
            mine = FulfillmentOrder.objects.get(pk=ready.pk)
            try:
                if number:
                    amend_order(order=mine.order, quantities={1: 4})
                else:
                    told = {line.pk: LineOutcome(later=1)}
                    give(fulfillment=mine, known=Known(method="pin"), by=None, lines=told)
            except HubError:
                return False
            return True

        assert at_once(2, race)[0]
        assert later.lines.get().allocated in (1, 2, 3)
        assert broken() == set()


def _pick_some(part, line):
    """Three of six are picked, the others put off."""
    by = make_person()
    claim(fulfillment=part, by=by)
    count(line=line, units=3, by=by)
    pick_later(line=line, by=by)
