"""The hand-off, the delegate, complaints and ratings over HTTP."""

import itertools
import json

import pytest

from hub.api.keys import SCOPES, create_key
from orders.curbside.api.hand_off import ReceiptReply
from orders.curbside.api.telling import ComplaintReply
from orders.curbside.handing import hand_off
from orders.models import Delegate, HandOff, PickupCode, Rating
from tests.factories import make_channel, make_item, make_ready, make_store, pin_of
from tests.hub.api.conftest import Api
from tests.orders.api.test_orders_api import members, members_of
from tests.orders.curbside.curb_making import make_basket, wrong_pin

pytestmark = pytest.mark.django_db

_keys = itertools.count(1)


def api_for(part, **values):
    key = {"scopes": SCOPES} | values
    return Api(create_key(channel=part.order.channel, name="test", **key)[1])


def post(part, what, body, *, api=None, key=""):
    path = f"/v1/fulfillments/{part.public_id}/{what}"
    key = key or f"key-{next(_keys)}"
    return (api or api_for(part)).post(path, body, Idempotency_Key=key)


def get(part, what):
    return api_for(part).get(f"/v1/fulfillments/{part.public_id}/{what}")


def send(part, method, what, body=None):
    api = api_for(part)
    return getattr(api.client, method)(
        f"/v1/fulfillments/{part.public_id}/{what}",
        data=json.dumps(body or {}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.secret}"},
    )


def collected():
    part = make_ready()
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def test_a_hand_off_answers_with_its_receipt():
    part = make_basket()
    lines = [{"number": 1, "later": 2}, {"number": 2, "damaged": 1, "reason": "torn"}]
    reply = post(part, "hand-off", {"pin": pin_of(part), "bags": 2, "lines": lines})
    assert reply.status_code == 200, reply.content
    told = reply.json()
    assert [(line["given"], line["damaged"], line["later"]) for line in told["lines"]] == [
        (0, 0, 2),
        (1, 1, 0),
        (2, 0, 0),
    ]
    assert told["rest_id"].startswith("ful_")
    assert get(part, "receipt").json() == told
    assert members_of(told, members(ReceiptReply())) == members(ReceiptReply())


def test_the_same_key_again_gets_the_first_reply():
    part = make_ready()
    body = {"pin": pin_of(part)}
    api = api_for(part)
    first = post(part, "hand-off", body, api=api, key="once")
    again = post(part, "hand-off", body, api=api, key="once")
    assert (first.status_code, first.content) == (200, again.content)
    assert again["Idempotency-Replayed"] == "true"
    other = post(part, "hand-off", {"pin": "111111"}, api=api, key="once")
    assert other.json()["code"] == "idempotency_key_reused"
    late = post(part, "hand-off", body, api=api, key="another")
    assert (late.status_code, late.json()["code"]) == (409, "illegal_move")


@pytest.mark.django_db(transaction=True)
def test_wrong_pins_stay_counted_though_the_request_is_refused():
    part = make_ready()
    for left in (4, 3, 2, 1, 0):
        reply = post(part, "hand-off", {"pin": wrong_pin(part)})
        assert (reply.status_code, reply.json()["code"]) == (409, "wrong_pin")
        assert reply.json()["tries_left"] == left
    assert post(part, "hand-off", {"pin": pin_of(part)}).json()["code"] == "pin_locked"
    assert PickupCode.objects.get().failures == 5


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"pin": "12345"}, 422, "pin_malformed"),
        ({"pin": 123456}, 400, "invalid_fields"),
        ({"pin": "x" * 61}, 400, "invalid_fields"),
        ({"receiver": "delegate"}, 409, "no_delegate"),
        ({"receiver": "thief"}, 400, "invalid_fields"),
        ({"bags": 7}, 409, "bags_differ"),
        ({"bags": -1}, 400, "invalid_fields"),
        ({"lines": [{"number": 9, "refused": 1}]}, 422, "lines_unaccounted"),
        ({"lines": [{"number": 1, "refused": 3}]}, 422, "lines_unaccounted"),
        ({"lines": [{"number": 1, "later": 2}]}, 409, "nothing_given"),
        ({"lines": [{"number": 1}, {"number": 1}]}, 422, "lines_unaccounted"),
        ({"lines": [{"number": 1, "eaten": 1}]}, 400, "invalid_fields"),
        ({"surprise": 1}, 400, "invalid_fields"),
    ],
)
def test_bad_hand_offs_are_refused_by_code_and_change_nothing(changes, status, code):
    part = make_ready()
    reply = post(part, "hand-off", {"pin": pin_of(part)} | changes)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not HandOff.objects.exists()


def test_without_a_key_no_pin_is_looked_at():
    part = make_ready()
    path = f"/v1/fulfillments/{part.public_id}/hand-off"
    reply = api_for(part).post(path, {"pin": wrong_pin(part)})
    assert reply.json()["code"] == "idempotency_key_missing"
    assert PickupCode.objects.get().failures == 0


def test_age_restricted_goods_need_a_look():
    part = make_ready(lines={make_item(minimum_age=18): 1})
    reply = post(part, "hand-off", {"pin": pin_of(part)})
    assert (reply.json()["code"], reply.json()["minimum_age"]) == ("age_unchecked", 18)
    body = {"pin": pin_of(part), "age_checked": True}
    assert post(part, "hand-off", body).json()["age_checked"] is True


@pytest.mark.parametrize("what", ["hand-off", "complaints", "rating"])
def test_others_find_nothing_and_need_the_scope(what):
    part = make_ready()
    bodies = {
        "hand-off": {"pin": "123456"},
        "complaints": {"kind": "other", "words": "x"},
        "rating": {"stars": 5},
    }
    stranger = Api(create_key(channel=make_channel(), name="x", scopes=SCOPES)[1])
    assert post(part, what, bodies[what], api=stranger).status_code == 404
    bound = api_for(part, stores=[make_store()])
    assert post(part, what, bodies[what], api=bound).status_code == 404
    reader = api_for(part, scopes=["orders:read"])
    assert post(part, what, bodies[what], api=reader).status_code == 403


def test_a_delegate_is_named_and_revoked():
    part = make_ready()
    named = send(part, "put", "delegate", {"name": "Bob Ray"})
    assert named.status_code == 200
    told = named.json()
    assert told["qr"] == f"{part.public_id}.d{told['code']}"
    assert send(part, "put", "delegate", {"name": "Bob Ray"}).json() == told
    assert send(part, "put", "delegate", {"name": ""}).status_code == 400
    assert send(part, "delete", "delegate").status_code == 204
    assert not Delegate.objects.exists()
    code = send(part, "put", "delegate", {"name": "Eve"}).json()["code"]
    given = post(part, "hand-off", {"pin": code, "receiver": "delegate"})
    assert given.json()["receiver"] == "delegate"
    assert send(part, "put", "delegate", {"name": "Bob"}).json()["code"] == "pickup_over"


def test_there_is_no_receipt_before_the_hand_off():
    reply = get(make_ready(), "receipt")
    assert (reply.status_code, reply.json()["code"]) == (409, "not_collected")


def test_a_complaint_is_told_and_read():
    part = collected()
    first = post(part, "complaints", {"kind": "missing", "number": 1, "units": 2})
    assert first.status_code == 201
    again = post(part, "complaints", {"kind": "missing", "number": 1, "words": "really"})
    assert again.json() == first.json()
    assert get(part, "complaints").json() == [first.json()]
    assert set(first.json()) == set(ComplaintReply().fields)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "late"}, 400, "invalid_fields"),
        ({"kind": "other"}, 422, "complaint_unclear"),
        ({"kind": "missing", "number": 7}, 422, "lines_unaccounted"),
        ({"kind": "missing", "number": 1, "units": 3}, 422, "complaint_unclear"),
        ({"kind": "missing", "number": 1, "sku": "NOPE"}, 422, "lines_unaccounted"),
        ({"kind": "other", "words": "x" * 501}, 400, "invalid_fields"),
    ],
)
def test_unclear_complaints_are_refused_by_code(body, status, code):
    reply = post(collected(), "complaints", body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_rating_is_kept():
    part = collected()
    assert post(part, "rating", {"stars": 2, "words": "cold"}).json()["stars"] == 2
    assert post(part, "rating", {"stars": 5}).json()["words"] == ""
    assert Rating.objects.get().stars == 5
    assert post(part, "rating", {"stars": 6}).status_code == 400
    assert post(make_ready(), "rating", {"stars": 5}).json()["code"] == "not_collected"
