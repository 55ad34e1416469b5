"""Goods that come back: into stock or damaged, never more than were given, each once."""

import pytest

from hub.events.models import Fact
from hub.events.registry import decode
from hub.trace import acting
from hub.webhooks.models import ChannelEvent
from inventory.models import BundlePart, InventoryEvent, StockLevel
from inventory.services.availability import available
from orders.announcing import announce_fulfillment
from orders.models import GoodsReturn, Refund
from orders.refunds import refund_due
from orders.returns.errors import (
    MoreThanHandedOver,
    NoRestock,
    NotHandedOver,
    NothingReturned,
    WhyMissing,
)
from orders.returns.services import Brought, take_back
from tests.factories import make_item, make_ready, make_store, stock
from tests.orders.returns.making import bring_back, make_collected
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def level(part, item=None):
    return StockLevel.objects.get(store=part.store, item=item or part.lines.get().item)


def test_restocked_units_are_on_sale_again():
    part = make_collected()
    before = level(part).on_hand
    goods = bring_back(part, 1)
    assert level(part).on_hand == before + 1
    assert level(part).unavailable == 0
    event = InventoryEvent.objects.get(kind="return")
    assert (event.quantity, event.reference) == (1, part.public_id)
    assert goods.public_id.startswith("ret_")


def test_damaged_units_are_on_hand_but_not_for_sale():
    part = make_collected()
    item, channel = part.lines.get().item, part.order.channel
    before = available(channel=channel, store_ids=[part.store_id], item_ids=[item.pk])
    bring_back(part, 2, "damaged")
    after = available(channel=channel, store_ids=[part.store_id], item_ids=[item.pk])
    key = part.store_id, item.pk
    assert (after[key].on_hand, after[key].unavailable) == (before[key].on_hand + 2, 2)
    assert after[key].atp == before[key].atp


def test_the_refund_is_what_the_units_cost_and_the_site_hears_of_both():
    part = make_collected()
    with acting("staff:7"):
        goods = bring_back(part, 1, reason="changed\x00 her\u202e mind ")
    assert (goods.reason, goods.by) == ("changed her mind", "staff:7")
    assert (goods.refund.reason, goods.refund.amount_minor) == ("returned", 500)
    for fact in Fact.objects.filter(name__in=["order.refund_due", "fulfillment.goods_returned"]):
        announce_fulfillment([decode(name=fact.name, v=fact.v, data=fact.data)], [fact])
    told = {event.type: event.data for event in ChannelEvent.objects.all()}
    row = {
        "number": 1,
        "sku": part.lines.get().item.sku,
        "units": 1,
        "disposition": "restock",
        "amount_minor": 500,
    }
    assert told["fulfillment.goods_returned"]["return"] == {
        "id": goods.public_id,
        "reason": "changed her mind",
        "refund_id": goods.refund.public_id,
        "lines": [row],
    }
    assert told["order.refund_due"]["refund"]["amount_minor"] == 500


def test_the_same_tap_takes_back_once():
    part = make_collected()
    first = bring_back(part, 1, token="tap-1")
    assert bring_back(part, 1, token="tap-1") == first
    assert GoodsReturn.objects.count() == 1
    assert InventoryEvent.objects.filter(kind="return").count() == 1


def test_no_more_comes_back_than_was_handed_over():
    part = make_collected()
    bring_back(part, 1)
    with pytest.raises(MoreThanHandedOver) as refusal:
        bring_back(part, 2)
    assert refusal.value.extra["lines"] == [1]
    bring_back(part, 1, "damaged")
    with pytest.raises(MoreThanHandedOver):
        bring_back(part, 1, "damaged")
    assert sum(refund.amount_minor for refund in Refund.objects.all()) == 1000


@pytest.mark.parametrize("wrong", ["nothing", "zero", "foreign", "twice", "disposition"])
def test_a_return_that_makes_no_sense_is_refused(wrong):
    part = make_collected()
    line = part.lines.get().pk
    good = Brought(line_id=line, units=1, disposition="restock")
    brought = {
        "nothing": [],
        "zero": [Brought(line_id=line, units=0, disposition="restock")],
        "foreign": [Brought(line_id=line + 1, units=1, disposition="restock")],
        "twice": [good, good],
        "disposition": [Brought(line_id=line, units=1, disposition="eaten")],
    }[wrong]
    with pytest.raises(NothingReturned):
        take_back(fulfillment=part, brought=brought, reason="why not")
    assert not GoodsReturn.objects.exists()


def test_a_return_needs_a_reason_and_goods_that_were_handed_over():
    with pytest.raises(WhyMissing):
        bring_back(make_collected(), 1, reason=" \u200f")
    with pytest.raises(NotHandedOver):
        bring_back(make_ready(), 1)


@pytest.mark.parametrize("marks", [{"fresh": True}, {"zone": "chilled"}, {"zone": "frozen"}])
def test_goods_that_left_the_cold_are_not_sold_again(marks):
    part = make_collected(lines={make_item(**marks): 2})
    with pytest.raises(NoRestock):
        bring_back(part, 1)
    bring_back(part, 1, "damaged")
    assert level(part).unavailable == 1


def test_of_a_bundle_its_parts_come_back():
    store, bundle, cup = make_store(), make_item(), make_item()
    BundlePart.objects.create(bundle=bundle, part=cup, quantity=6)
    stock(store, {cup: 20})
    part = make_collected(store=store, lines={bundle: 1})
    before = level(part, cup).on_hand
    bring_back(part, 1)
    assert level(part, cup).on_hand == before + 6


def test_what_costs_nothing_is_taken_back_without_a_refund():
    item, store = make_item(), make_store()
    stock(store, {item: 5})
    asked = [{"sku": item.sku, "quantity": 1, "unit_price_minor": 0}]
    part = make_collected(store=store, lines={item: 1}, lines_asked=asked)
    assert bring_back(part, 1).refund is None


def test_an_ended_part_owes_what_it_would_have_supplied():
    part = make_ready()
    refund = refund_due(fulfillment=part, reason="expired")
    assert refund
    assert (refund.reason, refund.amount_minor) == ("expired", 1000)
    part = make_ready()
    some = refund_due(fulfillment=part, reason="canceled", units={part.lines.get().pk: 1})
    assert some
    assert some.amount_minor == 500


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_returns_at_once_no_unit_comes_back_twice():
    part = make_collected(lines={make_item(): 3})

    def bring(number):
        try:
            bring_back(type(part).objects.get(pk=part.pk), 1, token=f"tap-{number}")
        except MoreThanHandedOver:
            return False
        return True

    before = level(part).on_hand
    assert sum(at_once(8, bring)) == 3
    assert level(part).on_hand == before + 3
