"""Placing many orders, canceling lines, amending and blocking over HTTP."""

import itertools

import pytest

from orders.blocks import open_block_once
from orders.models import Block
from orders.picking.services import accept
from tests.factories import make_channel, make_item, make_order, make_store, stock
from tests.orders.api.test_orders_api import body_for, make_api
from tests.racing import at_once

pytestmark = pytest.mark.django_db

_keys = itertools.count(1)


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def api(channel):
    return make_api(channel)


@pytest.fixture
def order(channel):
    return make_order(channel=channel, lines={make_item(): 3, make_item(): 2})


def send(api, path, body=None, **headers):
    return api.post(path, body or {}, Idempotency_Key=f"change-{next(_keys)}", **headers)


def test_a_batch_says_of_each_order_what_became_of_it(api):
    item, store = make_item(), make_store()
    stock(store, {item: 100})
    good = body_for(store, item)
    odd = body_for(store, item, currency=7)
    other = body_for(store, item, currency="USD")

    reply = send(api, "/v1/orders/batch", {"orders": [good, odd, other, 7]})

    results = reply.json()["results"]
    assert reply.status_code == 200
    assert [result["status"] for result in results] == [201, 400, 422, 400]
    assert results[0]["order"]["external_id"] == good["external_id"]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/currency"
    assert results[2]["problem"]["code"] == "wrong_currency"
    assert results[3]["external_id"] is None


def test_a_repeated_batch_gets_the_first_reply_and_places_nothing_again(api):
    item, store = make_item(), make_store()
    stock(store, {item: 100})
    body = {"orders": [body_for(store, item), body_for(store, item)]}

    first = api.post("/v1/orders/batch", body, Idempotency_Key="batch-1")
    again = api.post("/v1/orders/batch", body, Idempotency_Key="batch-1")

    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("orders", [[], [{}] * 101, "all", None])
def test_an_empty_or_endless_batch_is_refused(api, orders):
    assert send(api, "/v1/orders/batch", {"orders": orders}).status_code == 400


def test_lines_are_canceled_by_number(api, order):
    reply = send(api, f"/v1/orders/{order.public_id}/cancel", {"lines": [2]})

    lines = reply.json()["lines"]
    assert reply.status_code == 200
    assert [(line["quantity"], line["canceled"]) for line in lines] == [(3, 0), (2, 2)]
    assert reply.json()["status"] == "open"


def test_amending_is_guarded_by_the_etag(api, order):
    path = f"/v1/orders/{order.public_id}"
    etag = api.get(path)["ETag"]
    body = {"lines": [{"number": 1, "quantity": 1}], "total_minor": 900, "tax_minor": 10}

    first = send(api, f"{path}/amend", body, If_Match=etag)
    stale = send(api, f"{path}/amend", body, If_Match=etag)

    assert first.status_code == 200
    assert first.json()["total_minor"] == 900
    assert first.json()["fulfillments"][0]["lines"][0]["allocated"] == 1
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        ([{"number": 1, "quantity": 4}], 422, "lines_wrong"),
        ([{"number": 7, "quantity": 0}], 422, "lines_wrong"),
        ([{"number": 1, "quantity": -1}], 400, "invalid_fields"),
        ([{"number": 1, "quantity": 1}, {"number": 1, "quantity": 2}], 400, "invalid_fields"),
        ([], 400, "invalid_fields"),
    ],
)
def test_amending_upward_or_oddly_is_refused_by_code(api, order, lines, status, code):
    reply = send(api, f"/v1/orders/{order.public_id}/amend", {"lines": lines})

    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_block_stops_the_store_and_says_why_until_it_is_lifted(api, order):
    path = f"/v1/orders/{order.public_id}/blocks"

    blocked = send(api, path, {"reason": "payment", "note": "card expired"})
    send(api, path, {"reason": "payment"})
    accepting = blocked.json()["fulfillments"][0]["allowed_actions"][0]
    lifted = send(api, f"{path}/payment/lift")

    assert blocked.status_code == 201
    assert [block["note"] for block in blocked.json()["blocks"]] == ["card expired"]
    assert accepting == {"name": "accept", "allowed": False, "reason": "blocked: payment"}
    assert Block.objects.count() == 1
    assert lifted.json()["blocks"] == []
    accept(fulfillment=order.fulfillments.get())


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_blocks_of_one_reason_are_one(order):
    at_once(8, lambda _number: open_block_once(order=order, reason=Block.Reason.FRAUD))

    assert Block.objects.count() == 1


@pytest.mark.parametrize("reason", ["other", "substitution", "move", "x"])
def test_what_waits_for_others_is_not_lifted_by_a_site(api, order, reason):
    reply = send(api, f"/v1/orders/{order.public_id}/blocks/{reason}/lift")

    assert reply.status_code == 404


def test_an_order_of_another_channel_is_not_there(order):
    stranger = make_api(make_channel())

    for path in ("amend", "blocks", "blocks/payment/lift", "cancel"):
        body = {"reason": "payment"} if path == "blocks" else {}
        body = {"lines": [{"number": 1, "quantity": 0}]} if path == "amend" else body
        assert send(stranger, f"/v1/orders/{order.public_id}/{path}", body).status_code == 404
