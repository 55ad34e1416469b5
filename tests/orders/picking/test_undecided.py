"""A part of a split order that no store prepares: the order does not end over it."""

import pytest
from django.db import transaction

from inventory.models import Hold
from orders.clocks.collecting import expire
from orders.curbside.handing import hand_off
from orders.models import Block, FulfillmentOrder, MoveOffer, Order, Refund
from orders.picking.rejecting import reject, send_elsewhere
from orders.picking.services import accept, mark_ready, start_picking
from orders.placing.amending import give_up
from orders.placing.moving import offer_move
from orders.placing.rerouting import MovedAlready, undecided
from orders.routing.alone import one_at_a_time
from tests.factories import make_item, make_order, pick_all, pin_of
from tests.orders.routing.doing import make_rules, store_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def split():
    """The two parts of one order; the second is rejected and no other store has its goods."""
    items = [make_item(), make_item()]
    for place, item in enumerate(items, start=1):
        store_at(place, item)
    make_rules({"whole_basket": False}, most_parts=2)
    near = {"near": {"latitude": 52.0, "longitude": 21.0}}
    order = make_order(pickup=near, lines=dict.fromkeys(items, 2))
    kept, lost = order.fulfillments.order_by("store__code")
    reject(fulfillment=lost, reason="too_busy")
    return kept, lost


def collect(part):
    accept(fulfillment=part)
    start_picking(fulfillment=part)
    pick_all(part)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)


def status(part):
    return FulfillmentOrder.objects.get(pk=part.pk).order.status


def test_the_order_stays_open_until_somebody_decides(split):
    kept, lost = split
    assert not Block.objects.filter(lifted_at__isnull=True).exists()
    collect(kept)
    assert status(kept) == "open"
    assert "a part of it" in Block.objects.get(lifted_at__isnull=True).note
    assert undecided(lost.order) == [lost]
    other = store_at(90, lost.lines.get().item)
    collect(send_elsewhere(fulfillment=lost, store=other, by="staff:1"))
    assert status(kept) == "completed"


def test_giving_the_part_up_pays_back_its_goods_and_ends_the_order(split):
    kept, lost = split
    collect(kept)
    give_up(ended=lost)
    assert status(kept) == "completed"
    refund = Refund.objects.get()
    assert (refund.fulfillment, refund.amount_minor) == (lost, 1000)
    assert not Block.objects.filter(lifted_at__isnull=True).exists()
    with pytest.raises(MovedAlready):
        give_up(ended=lost)


def test_what_is_given_up_while_the_rest_is_under_way_ends_nothing(split):
    kept, lost = split
    give_up(ended=lost)
    assert status(kept) == "open"
    assert lost.lines.get().order_line.canceled == 2
    collect(kept)
    assert status(kept) == "completed"


def test_an_order_whose_other_part_expires_waits_too(split):
    kept, lost = split
    accept(fulfillment=kept)
    start_picking(fulfillment=kept)
    pick_all(kept)
    mark_ready(fulfillment=kept, staging_location="A-1", bags=1)
    FulfillmentOrder.objects.filter(pk=kept.pk).update(expires_at=kept.ready_at)
    assert expire(fulfillment=kept)
    assert status(kept) == "open"
    give_up(ended=lost)
    assert status(kept) == "canceled"


def test_the_customer_is_not_asked_about_what_is_given_up(split):
    kept, lost = split
    Order.objects.update(near_latitude=None, near_longitude=None)
    store_at(5, lost.lines.get().item)
    lost.refresh_from_db()
    with transaction.atomic():
        one_at_a_time()
        assert offer_move(ended=lost)
    give_up(ended=lost)
    assert MoveOffer.objects.get().state == MoveOffer.State.WITHDRAWN
    assert Hold.objects.get().status == Hold.Status.RELEASED
    assert status(kept) == "open"
