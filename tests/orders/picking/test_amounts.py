"""What a ready part came to, and what happens when that is not what was ordered."""

import pytest
from django.db import transaction

from hub.events.models import Fact
from hub.events.registry import decode
from hub.webhooks.models import ChannelEvent
from orders.announcing import announce_fulfillment
from orders.blocks import lift_block
from orders.curbside.handing import hand_off
from orders.errors import Blocked
from orders.models import Block, FulfillmentLine, Refund, Settlement
from orders.picking.amounts import settle_amount
from orders.picking.services import finish_picking, mark_ready
from tests.factories import make_item, make_picking, make_ready, pin_of

pytestmark = pytest.mark.django_db


def settled(part):
    return Settlement.objects.get(fulfillment=part)


def make_short(units=3, found=1, **goods):
    """A ready part with fewer units than ordered."""
    part = make_picking(lines={make_item(**goods): units})
    finish_picking(fulfillment=part, picked={part.lines.get().pk: found})
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    return part


def told(part, name):
    fact = Fact.objects.get(name=name, data__fulfillment_id=part.pk)
    announce_fulfillment([decode(name=fact.name, v=fact.v, data=fact.data)], [fact])
    return ChannelEvent.objects.get(public_id=fact.public_id).data


def test_a_part_as_ordered_is_settled_without_a_block():
    part = make_ready()
    settlement = settled(part)
    assert (settlement.ordered_minor, settlement.supplied_minor) == (1000, 1000)
    assert not Block.objects.exists()
    assert not Refund.objects.exists()


def test_a_short_part_waits_for_the_site_and_states_one_refund():
    part = make_short(units=3, found=1)
    with transaction.atomic():
        settle_amount(fulfillment=part)
    settlement = settled(part)
    assert (settlement.ordered_minor, settlement.supplied_minor) == (1500, 500)
    block = Block.objects.get()
    assert block.reason == "amount"
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount_minor) == ("supplied_less", 1000)
    assert [row["units"] for row in refund.lines] == [2]
    with pytest.raises(Blocked):
        hand_off(fulfillment=part, pin=pin_of(part), by=None)
    lift_block(block=block)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    assert part.status == "completed"


def test_the_site_hears_of_the_supplied_lines_and_of_the_changed_amount():
    part = make_short(units=3, found=2)
    item = part.lines.get().item
    line = {
        "number": 1,
        "sku": item.sku,
        "units": 2,
        "unit": "each",
        "unit_price_minor": 500,
        "amount_minor": 1000,
    }
    supplied = {"ordered_minor": 1500, "amount_minor": 1000, "lines": [line]}
    assert told(part, "fulfillment.ready_for_pickup")["supplied"] == supplied
    assert told(part, "fulfillment.amount_changed")["supplied"] == supplied
    refund = told(part, "order.refund_due")["refund"]
    assert refund["id"].startswith("rfd_")
    assert (refund["amount_minor"], refund["currency"]) == (500, "EUR")


def test_grams_count_at_the_price_of_a_gram():
    part = make_short(units=750, found=730, unit="gram")
    settlement = settled(part)
    assert settlement.lines[0]["unit"] == "gram"
    assert settlement.supplied_minor == 730 * 500


def test_goods_that_weigh_more_than_was_bought_change_the_amount():
    part = make_picking(lines={make_item(unit="gram"): 500})
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 540})
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    settlement = settled(part)
    assert (settlement.ordered_minor, settlement.supplied_minor) == (500 * 500, 540 * 500)
    assert Block.objects.get().reason == "amount"
    assert not Refund.objects.exists()


def test_more_lines_than_fit_an_event_are_left_to_the_order_itself():
    part = make_ready(lines={make_item(): 1 for _ in range(51)})
    assert told(part, "fulfillment.ready_for_pickup")["supplied"]["lines"] is None


def test_a_price_of_its_own_counts_instead_of_the_orders():
    part = make_picking()
    FulfillmentLine.objects.filter(fulfillment=part).update(unit_price_minor=400)
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 2})
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    assert settled(part).supplied_minor == 800
    assert Refund.objects.get().amount_minor == 200
