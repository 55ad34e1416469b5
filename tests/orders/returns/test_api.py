"""Returns over HTTP, and what an order's JSON tells of substitutes, amounts and refunds."""

import itertools

import pytest

from hub.api.keys import SCOPES, create_key
from orders.api.replies import OrderReply
from orders.blocks import lift_block
from orders.curbside.handing import hand_off
from orders.models import Block, FulfillmentOrder
from orders.picking.services import finish_picking, mark_ready
from orders.substitution.answering import answer_offers
from tests.factories import ask_for, make_channel, make_item, make_missing, make_store, pin_of
from tests.hub.api.conftest import Api
from tests.orders.api.test_orders_api import members, members_of
from tests.orders.returns.making import make_collected

pytestmark = pytest.mark.django_db

_keys = itertools.count(1)


def api_for(part, **values):
    key = {"scopes": SCOPES} | values
    return Api(create_key(channel=part.order.channel, name="test", **key)[1])


def give_back(api, part, **changes):
    body = {
        "reason": "too large",
        "lines": [{"number": 1, "quantity": 1, "disposition": "restock"}],
    } | changes
    path = f"/v1/orders/{part.order.public_id}/returns"
    return api.post(path, body, Idempotency_Key=f"key-{next(_keys)}")


def row(**changes):
    return {"number": 1, "quantity": 1, "disposition": "damaged"} | changes


def substituted():
    """A part handed over with two of three units replaced, and its substitute's line."""
    part, line, other = make_missing()
    answer_offers(asked=ask_for(part, line, other), answers={1: True})
    part = FulfillmentOrder.objects.get(pk=part.pk)
    counts = {one.pk: one.allocated - one.short for one in part.lines.all()}
    finish_picking(fulfillment=part, picked=counts)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    for block in Block.objects.filter(lifted_at__isnull=True):
        lift_block(block=block)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part, line, other


def test_goods_come_back_and_the_order_tells_of_return_and_refund():
    part = make_collected()
    reply = give_back(api_for(part), part)
    assert reply.status_code == 201
    told = reply.json()["fulfillments"][0]
    (goods,), (refund,) = told["returns"], told["refunds"]
    assert goods["refund_id"] == refund["id"]
    assert (refund["reason"], refund["amount_minor"]) == ("returned", 500)
    assert goods["lines"][0]["disposition"] == "restock"


def test_the_same_key_returns_once():
    part = make_collected()
    api = api_for(part)
    body = {"reason": "broken", "lines": [row()]}
    path = f"/v1/orders/{part.order.public_id}/returns"
    first = api.post(path, body, Idempotency_Key="once")
    again = api.post(path, body, Idempotency_Key="once")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert len(again.json()["fulfillments"][0]["returns"]) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"lines": []}, 400, "invalid_fields"),
        ({"lines": [row(quantity=0)]}, 400, "invalid_fields"),
        ({"lines": [row(quantity=3)]}, 409, "more_than_handed_over"),
        ({"lines": [row(number=2)]}, 422, "unknown_line"),
        ({"lines": [row(sku="NOPE")]}, 422, "unknown_line"),
        ({"lines": [row(), row()]}, 422, "nothing_returned"),
        ({"lines": [row(disposition="eaten")]}, 400, "invalid_fields"),
        ({"fulfillment_id": "ful_nothing"}, 404, "not_found"),
        ({"reason": " "}, 400, "invalid_fields"),
        ({"extra": 1}, 400, "invalid_fields"),
    ],
)
def test_bad_returns_are_refused_by_code_and_change_nothing(changes, status, code):
    part = make_collected()
    reply = give_back(api_for(part), part, **changes)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not part.returns.exists()


def test_foreign_orders_and_stores_out_of_reach_are_refused():
    part = make_collected()
    stranger = Api(create_key(channel=make_channel(), name="x", scopes=SCOPES)[1])
    assert give_back(stranger, part).status_code == 404
    bound = api_for(part, stores=[make_store()])
    assert give_back(bound, part).status_code == 404


def test_of_a_substituted_line_the_item_is_named():
    part, line, other = substituted()
    api = api_for(part)
    assert give_back(api, part).json()["code"] == "unknown_line"
    reply = give_back(api, part, lines=[row(sku=other.sku, quantity=2)])
    assert reply.status_code == 201
    told = reply.json()["fulfillments"][0]
    assert told["supplied"]["lines"][1]["stands_for"] == line.item.sku
    assert told["lines"][1]["stands_for"] == line.item.sku
    assert told["offers"][0]["outcome"] == "accepted"
    assert told["returns"][0]["lines"][0]["sku"] == other.sku


def test_what_is_told_is_exactly_what_is_described():
    part, _, other = substituted()
    order = give_back(api_for(part), part, lines=[row(sku=other.sku)]).json()
    assert members_of(order, members(OrderReply())) == members(OrderReply())


def test_an_order_with_all_of_it_is_read_in_a_fixed_number_of_queries(
    django_assert_max_num_queries,
):
    part, _, _ = substituted()
    give_back(api_for(part), part, lines=[row(sku=part.lines.first().item.sku)])
    api = api_for(part)
    with django_assert_max_num_queries(22):
        assert api.get(f"/v1/orders/{part.order.public_id}").status_code == 200


def test_a_part_that_is_not_ready_tells_of_nothing_yet():
    part = make_collected(lines={make_item(): 1})
    fresh = make_missing()[0]
    told = api_for(fresh).get(f"/v1/orders/{fresh.order.public_id}").json()["fulfillments"][0]
    assert (told["supplied"], told["offers"], told["refunds"], told["returns"]) == (
        None,
        [],
        [],
        [],
    )
    assert part.settlement.supplied_minor == 500
