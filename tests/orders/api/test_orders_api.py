"""The order endpoints over HTTP."""

import itertools
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers

from hub.api.keys import SCOPES, create_key
from inventory.models import StockLevel
from inventory.services.holds import place_hold
from orders.api.forms import CancelForm, ListForm, PlaceOrderForm
from orders.api.replies import OrderReply, OrdersReply
from orders.blocks import open_block
from orders.models import Block, FulfillmentStatus, Order
from orders.states import move
from tests.factories import make_channel, make_item, make_order, make_ready, make_store, stock
from tests.hub.api.conftest import Api
from tests.racing import at_once

pytestmark = pytest.mark.django_db

_keys = itertools.count(1)
META = {"cart": 7, "": None, "deep": {"list": [1, 2.5, True, "ü"]}}


def make_api(channel, **values):
    return Api(create_key(channel=channel, name="test", scopes=SCOPES, **values)[1])


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def store(item):
    store = make_store()
    stock(store, {item: 100})
    return store


@pytest.fixture
def api(channel):
    return make_api(channel)


def body_for(store, item, **changes):
    return {
        "external_id": f"W-{next(_keys)}",
        "pickup": {"store": store.code},
        "customer": {"name": "Ann Lee", "phone": "+48500123456", "notify": ["sms"]},
        "currency": "EUR",
        "total_minor": 1998,
        "lines": [{"sku": item.sku, "quantity": 2, "unit_price_minor": 999}],
    } | changes


@pytest.fixture
def body(store, item):
    return body_for(store, item)


def place(api, body, key=None):
    return api.post("/v1/orders", body, Idempotency_Key=key or f"key-{next(_keys)}")


def members(shape):
    """The names that a description knows, with those of its inner objects."""
    inner = {}
    for name, field in shape.fields.items():
        part = field.child if isinstance(field, serializers.ListSerializer) else field
        inner[name] = members(part) if isinstance(part, serializers.Serializer) else None
    return inner


def members_of(value, like):
    first = value if not isinstance(value, list) else value[0] if value else None
    if first is None:  # what may be null, or a list without a row, has the members of its kind
        return like
    return {
        name: members_of(first[name], inner) if inner is not None else None
        for name, inner in like.items()
    } | {name: None for name in first if name not in like}


def test_placing_answers_with_the_whole_order(api, store, item):
    answer = place(api, body_for(store, item, metadata=META, note="ring"))
    order = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"/v1/orders/{order['id']}"
    assert answer["ETag"] == f'"v{order["version"]}"'
    assert (order["status"], order["metadata"], order["note"]) == ("open", META, "ring")
    assert order["fulfillments"][0]["store"]["code"] == store.code
    assert order["fulfillments"][0]["lines"][0]["allocated"] == 2
    assert all(action["allowed"] for action in order["allowed_actions"])
    assert api.get(answer["Location"]).json() == order


def test_replies_hold_exactly_what_their_description_says(api, store, item):
    order = place(api, body_for(store, item)).json()
    assert members_of(order, members(OrderReply())) == members(OrderReply())
    page = api.get("/v1/orders").json()
    assert members_of(page, members(OrdersReply())) == members(OrdersReply())


def test_every_member_of_input_and_output_is_described():
    def undescribed(shape, path=""):
        for name, field in shape.fields.items():
            part = getattr(field, "child", field)
            if not field.help_text:
                yield f"{path}{name}"
            if isinstance(part, serializers.Serializer):
                yield from undescribed(part, f"{path}{name}.")

    for shape in (OrderReply(), OrdersReply(), PlaceOrderForm(), CancelForm(), ListForm()):
        assert list(undescribed(shape)) == []


def test_a_repeat_gets_the_first_reply_byte_for_byte(api, store, item):
    body = body_for(store, item)
    first, again = place(api, body, "same"), place(api, body, "same")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(api, store, item):
    place(api, body_for(store, item), "same")
    answer = place(api, body_for(store, item), "same")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": [{"sku": "NONE", "quantity": 1, "unit_price_minor": 1}]}, 422, "unknown_sku"),
        ({"currency": "USD"}, 422, "wrong_currency"),
        ({"pickup": {"store": "NOWHERE"}}, 404, "not_found"),
        ({"pickup": {"near": {"latitude": -70, "longitude": 0}}}, 409, "no_store_can_fulfil"),
        ({"hold_id": "hld_nothing"}, 404, "not_found"),
        ({"customer": {"name": "Ann", "phone": "12"}}, 422, "invalid_phone"),
        ({"customer": {"name": "Ann"}}, 422, "no_address"),
    ],
)
def test_what_the_hub_refuses_has_a_code(api, body, change, status, code):
    answer = place(api, body | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Order.objects.exists()


def _line(**changes):
    return {"lines": [{"sku": "A", "quantity": 1, "unit_price_minor": 1} | changes]}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        (_line(quantity=0), "/lines/0/quantity", "min_value"),
        (_line(quantity=-3), "/lines/0/quantity", "min_value"),
        (_line(quantity=100_001), "/lines/0/quantity", "max_value"),
        (_line(quantity=1.5), "/lines/0/quantity", "invalid"),
        (_line(quantity="2"), "/lines/0/quantity", "invalid"),
        (_line(quantity=True), "/lines/0/quantity", "invalid"),
        (_line(unit_price_minor=-1), "/lines/0/unit_price_minor", "min_value"),
        (_line(unit_price_minor=9.999), "/lines/0/unit_price_minor", "invalid"),
        (_line(sku=""), "/lines/0/sku", "blank"),
        (_line(sku="A\u200bB"), "/lines/0/sku", "invalid_text"),
        (_line(colour="red"), "/lines/0/colour", "unknown_field"),
        ({"lines": []}, "/lines", "min_length"),
        ({"lines": {}}, "/lines", "not_a_list"),
        ({"lines": [1]}, "/lines/0", "invalid"),
        ({"total_minor": 10**12 + 1}, "/total_minor", "max_value"),
        ({"currency": "eur"}, "/currency", "invalid"),
        ({"pickup": {}}, "/pickup", "one_of"),
        (
            {"pickup": {"near": {"latitude": 91, "longitude": 0}}},
            "/pickup/near/latitude",
            "max_value",
        ),
        ({"metadata": [1]}, "/metadata", "not_a_dict"),
        ({"metadata": {"x": "y" * 20_000}}, "/metadata", "too_large"),
        ({"note": "x" * 10_001}, "/note", "max_length"),
        ({"external_id": "a\u202eb"}, "/external_id", "invalid_text"),
        ({"customer": {"name": "A", "notify": ["fax"]}}, "/customer/notify/0", "invalid_choice"),
        ({"external_id": 17}, "/external_id", "invalid"),
        ({"customer": {"name": "\u202e \u200b"}}, "/customer/name", "blank"),
        ({"customer": {"name": ["Ann"]}}, "/customer/name", "invalid"),
        ({"coupon": "X"}, "/coupon", "unknown_field"),
    ],
)
def test_every_refused_field_is_pointed_at(api, body, change, pointer, code):
    answer = place(api, body | change)
    found = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert answer.status_code == 400
    assert (pointer, code) in found


@pytest.mark.parametrize("note", ["x" * 10_000, "🛎️ שלום \u202eabc\u202c", " a\nb\tc ", ""])
def test_odd_notes_are_kept_as_they_are(api, store, item, note):
    answer = place(api, body_for(store, item, note=note))
    assert (answer.status_code, answer.json()["note"]) == (201, note)


def test_short_lines_are_listed(api, store, item):
    lines = [{"sku": item.sku, "quantity": 101, "unit_price_minor": 0}]
    answer = place(api, body_for(store, item, lines=lines))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "insufficient_stock")
    assert problem["lines"] == [{"sku": item.sku, "requested": 101, "available": 100}]


def test_a_taken_number_names_the_order_that_has_it(api, store, item):
    first = place(api, body_for(store, item, external_id="W-X")).json()
    answer = place(api, body_for(store, item, external_id="W-X"))
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_order")
    assert answer.json()["id"] == first["id"]


def test_an_order_from_a_hold_uses_it_up(api, channel, store, item):
    hold = place_hold(channel=channel, store=store, lines={item.pk: 2})
    assert place(api, body_for(store, item, hold_id=hold.public_id)).status_code == 201
    again = place(api, body_for(store, item, hold_id=hold.public_id))
    assert (again.status_code, again.json()["code"]) == (409, "hold_expired")


def test_what_is_not_the_callers_is_not_there(api, channel, store, item):
    order = place(api, body_for(store, item)).json()
    strangers = [
        make_api(make_channel()),
        make_api(channel, stores=[make_store()]),
        make_api(channel, is_test=True),
    ]
    for stranger in strangers:
        assert stranger.get(f"/v1/orders/{order['id']}").status_code == 404
        canceled = stranger.post(f"/v1/orders/{order['id']}/cancel", {}, Idempotency_Key="k")
        assert canceled.status_code == 404
        assert stranger.get("/v1/orders").json()["orders"] == []
    limited = make_api(channel, stores=[make_store()])
    assert place(limited, body_for(store, item)).status_code == 404
    assert make_api(channel, stores=[store]).get(f"/v1/orders/{order['id']}").status_code == 200


def test_the_list_filters_and_pages_without_skipping(api, channel, store, item):
    other = make_store()
    stock(other, {item: 10})
    placed = [place(api, body_for(store, item)).json() for _ in range(5)]
    elsewhere = place(api, body_for(other, item)).json()
    seen, cursor = [], None
    while True:
        page = api.get("/v1/orders?limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [order["id"] for order in page["orders"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [elsewhere["id"], *(order["id"] for order in reversed(placed))]
    found = api.get(f"/v1/orders?external_id={placed[1]['external_id']}&status=open").json()
    assert [order["id"] for order in found["orders"]] == [placed[1]["id"]]
    found = api.get(f"/v1/orders?store={other.public_id}").json()
    assert [order["id"] for order in found["orders"]] == [elsewhere["id"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=nonsense", 400),
        ("cursor=LTE", 400),
        ("limit=0", 400),
        ("limit=101", 400),
        ("limit=x", 400),
        ("status=lost", 400),
        ("colour=red", 400),
        ("store=NOWHERE", 404),
    ],
)
def test_odd_queries_are_refused(api, query, status):
    assert api.get(f"/v1/orders?{query}").status_code == status


def test_lists_and_details_cost_the_same_number_of_queries_however_many_rows(api, channel):
    def queries(address):
        with CaptureQueriesContext(connection) as asked:
            assert api.get(address).status_code == 200
        # the key and its quota are asked for every few seconds only
        return len([query for query in asked.captured_queries if "api_" not in query["sql"]])

    small = make_order(channel=channel)
    api.get("/v1/orders")
    few = queries("/v1/orders"), queries(f"/v1/orders/{small.public_id}")
    large = make_order(channel=channel, lines={make_item(): 1 for _ in range(30)})
    open_block(order=large, reason=Block.Reason.OTHER)
    for _ in range(5):
        make_order(channel=channel)
    assert (queries("/v1/orders"), queries(f"/v1/orders/{large.public_id}")) == few


def test_canceling_over_http_is_idempotent_and_guarded_by_the_etag(api, store, item):
    placed = place(api, body_for(store, item))
    order, etag = placed.json(), placed["ETag"]
    part = Order.objects.get().fulfillments.get()
    move(part, to=FulfillmentStatus.ACCEPTED)
    address = f"/v1/orders/{order['id']}/cancel"
    stale = api.post(address, {}, Idempotency_Key="a", If_Match=etag)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    fresh = api.get(f"/v1/orders/{order['id']}")["ETag"]
    first = api.post(address, {"reason": "no time"}, Idempotency_Key="b", If_Match=fresh)
    again = api.post(address, {"reason": "no time"}, Idempotency_Key="b", If_Match=fresh)
    assert first.status_code == 200
    assert first.content == again.content
    assert first.json()["status"] == "canceled"
    assert first.json()["lines"][0]["canceled"] == 2
    assert StockLevel.objects.get().allocated == 0
    assert api.post(address, {}, Idempotency_Key="c").json()["status"] == "canceled"


def test_an_order_that_is_ready_refuses_the_cancellation_and_says_so_before(api, channel):
    part = make_ready(channel=channel)
    shown = api.get(f"/v1/orders/{part.order.public_id}").json()
    assert shown["allowed_actions"] == [
        {"name": name, "allowed": False, "reason": "a part of it is ready"}
        for name in ("cancel", "amend")
    ]
    address = f"/v1/orders/{part.order.public_id}/cancel"
    answer = api.post(address, {}, Idempotency_Key="a")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late_to_cancel")


def test_placing_needs_its_scope_and_a_key_for_repeats(channel, store, item):
    reader = Api(create_key(channel=channel, name="r", scopes=["orders:read"])[1])
    answer = place(reader, body_for(store, item))
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    answer = make_api(channel).post("/v1/orders", body_for(store, item))
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_orders_of_test_keys_are_marked_and_seen_by_test_keys(channel, store, item):
    tester = make_api(channel, is_test=True)
    order = place(tester, body_for(store, item)).json()
    assert order["is_test"]
    assert tester.get(f"/v1/orders/{order['id']}").status_code == 200


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_repeats_of_one_request_make_one_order():
    channel, item = make_channel(), make_item()
    store = make_store()
    stock(store, {item: 100})
    api = make_api(channel)
    body = body_for(store, item)

    answers = at_once(12, lambda _number: place(Api(api.secret), body, "same"))

    by_status = {answer.status_code for answer in answers}
    assert by_status <= {201, 409}
    assert 201 in by_status
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    running = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert set(running) <= {"request_running"}
    assert Order.objects.count() == 1
    assert json.loads(place(api, body, "same").content)["external_id"] == body["external_id"]
