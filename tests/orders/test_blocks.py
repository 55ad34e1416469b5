"""Orders that a person stops, and lets move on again."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub.errors import Invalid
from hub.stores.models import StaffScope
from hub.trace import acting
from inventory.services.recalls import open_recall
from orders.blocks import NotByHand, OrderOver, lift_by_hand, open_block, stop_by_hand
from orders.errors import Blocked, ReasonMissing
from orders.models import Block, RecalledPart
from orders.picking.services import accept
from orders.placing.cancel import cancel_order
from orders.timeline import timeline_of
from tests.factories import make_fulfillment, make_item, make_person, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def recalled():
    part = make_fulfillment()
    recall = open_recall(item=part.lines.get().item, reason="glass splinters")
    block = open_block(order=part.order, reason="other", note="recalled")
    return RecalledPart.objects.create(recall=recall, fulfillment=part, block=block, units=1)


def open_ones(order):
    return list(Block.objects.filter(order=order, lifted_at__isnull=True))


def test_a_person_stops_an_order_and_lets_it_move_on_and_both_are_told():
    part = make_fulfillment()
    with acting("staff:0"):
        block = stop_by_hand(order=part.order, why="  the customer  called ")
        assert stop_by_hand(order=part.order, why="the customer called") == block
    with pytest.raises(Blocked):
        accept(fulfillment=part)

    with acting("staff:0"):
        assert lift_by_hand(block=block, why="all is clear")
        assert not lift_by_hand(block=block, why="all is clear")

    accept(fulfillment=part)
    assert (block.opened_by, block.lifted_by, block.lifted_why) == (
        "staff:0",
        "staff:0",
        "all is clear",
    )
    told = {entry.title: entry.detail for entry in timeline_of(part.order)}
    assert told["Stopped"] == "Other: the customer called"
    assert told["May move on"] == "Other: all is clear"


@pytest.mark.parametrize("reason", ["payment", "fraud", "age_check", "substitution", "move"])
def test_what_something_else_has_to_end_is_not_lifted_by_hand(reason):
    block = open_block(order=make_fulfillment().order, reason=reason)
    with pytest.raises(NotByHand):
        lift_by_hand(block=block, why="I say so")
    assert open_ones(block.order) == [block]


def test_a_changed_amount_may_be_let_pass():
    block = open_block(order=make_fulfillment().order, reason="amount")
    assert lift_by_hand(block=block, why="the site agreed on the phone")


def test_a_recall_is_ended_by_a_look_at_the_goods_alone(recalled):
    with pytest.raises(NotByHand):
        lift_by_hand(block=recalled.block, why="looks fine")


@pytest.mark.parametrize("why", ["", " \t", "\x00", "x" * 61])
def test_nobody_stops_or_lets_go_without_a_reason_of_one_line(why):
    order = make_fulfillment().order
    with pytest.raises(Invalid):
        stop_by_hand(order=order, why=why)
    block = open_block(order=order, reason="other")
    with pytest.raises((ReasonMissing, Invalid)):
        lift_by_hand(block=block, why=why)
    assert open_ones(order) == [block]


def test_an_order_that_has_ended_cannot_be_stopped():
    order = make_fulfillment().order
    cancel_order(order=order, reason="no")
    with pytest.raises(OrderOver):
        stop_by_hand(order=order, why="too late")


# --- the page of the order ------------------------------------------------------------------


@pytest.fixture
def lead(client):
    """A lead of the store who is logged in; returns a part there."""
    store, item = make_store(), make_item()
    stock(store, {item: 9})
    person = make_person(first_name="Lea")
    StaffScope.objects.create(user=person, store=store)
    may = Permission.objects.filter(codename__in=["add_block", "change_block", "view_order"])
    person.user_permissions.set(may)
    client.force_login(person)
    return make_fulfillment(store=store, lines={item: 1})


def page_of(client, order):
    return client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()


def test_a_lead_stops_and_lets_go_on_the_page_of_the_order(client, lead):
    order = lead.order
    stop = reverse("admin:orders_order_stop", args=[order.pk])
    assert client.post(stop, {"reason": "wrong goods"}).status_code == 303
    (block,) = open_ones(order)
    page = page_of(client, order)
    assert "Blocked: Other, wrong goods" in page

    lift = reverse("admin:orders_order_lift", args=[order.pk, block.pk])
    assert lift in page
    assert client.post(lift, {"reason": ""}).status_code == 303
    assert open_ones(order) == [block]
    client.post(lift, {"reason": "right after all"})
    assert open_ones(order) == []
    assert "right after all" in page_of(client, order)
    assert "by Lea" in page_of(client, order)


def test_only_leads_of_all_its_stores_decide(client, lead):
    order = lead.order
    block = open_block(order=order, reason="other")
    addresses = [
        reverse("admin:orders_order_stop", args=[order.pk]),
        reverse("admin:orders_order_lift", args=[order.pk, block.pk]),
    ]
    foreign = open_block(order=make_fulfillment().order, reason="other")
    assert (
        client.post(
            reverse("admin:orders_order_lift", args=[order.pk, foreign.pk]), {"reason": "x"}
        ).status_code
        == 404
    )
    type(lead).objects.create(order=order, store=make_store(), promised_at=lead.promised_at)
    assert [client.post(one, {"reason": "x"}).status_code for one in addresses] == [404, 404]
    client.force_login(make_person())
    assert [client.post(one, {"reason": "x"}).status_code for one in addresses] == [404, 404]
    assert open_ones(order) == [block]
