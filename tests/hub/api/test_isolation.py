"""What is another's cannot be told from what does not exist; what is odd breaks nothing."""

import copy
import json
from typing import Any

import pytest

from hub.api.keys import SCOPES, create_key
from hub.api.schema import description
from tests.factories import make_channel, make_item, make_stock_file, make_store, stock
from tests.hub.api.conftest import Api

pytestmark = pytest.mark.django_db

NAUGHTY = [
    "\x00",
    "\ud800",
    "\u202egnp.exe",
    "ﷺ" * 100,
    "Ω≈ç√∫˜µ≤≥÷",
    "👩\u200d👩\u200d👧\u200d👦" * 20,
    "Z\u0351\u036b\u0343" * 50,
    "'; DROP TABLE orders_order; --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}${7*7}%(x)s%s%n",
    "=cmd|' /C calc'!A0",
    "\r\nSet-Cookie: x=1",
    "x" * 10_000,
    "",
]
# What operations on one thing cannot do without, by the last word of their path.
BODIES = {
    "amend": {"lines": [{"number": 1, "quantity": 0}]},
    "blocks": {"reason": "payment"},
    "visit": {"minutes": 5},
    "location": {"latitude": 52.2, "longitude": 21.0},
    "window": {"start": "2030-01-07T10:00:00Z"},
    "store": {"store": "MINE"},
    "lines": {"lines": [{"number": 1, "quantity": 1}]},
    "hand-off": {"pin": "123456"},
    "complaints": {"kind": "other", "words": "odd"},
    "rating": {"stars": 5},
    "consents": {"channel": "sms", "purpose": "all", "status": "revoked", "wording": "w1"},
    "returns": {
        "reason": "broken",
        "lines": [{"number": 1, "quantity": 1, "disposition": "damaged"}],
    },
}
ODD_VALUES: list[Any] = ["", "\u0301", None, True, -1, 1.5, 2**62, [], {}, [[]], {"a": {"b": []}}]


@pytest.fixture
def shop():
    """A channel with its key, a store with goods, an order body that is accepted."""
    channel, store, item = make_channel(), make_store(code="MINE"), make_item(sku="A1")
    stock(store, {item: 10_000})
    _, secret = create_key(channel=channel, name="mine", scopes=SCOPES)
    body = {
        "external_id": "W-1",
        "pickup": {"store": "MINE"},
        "customer": {
            "name": "Ana",
            "phone": "+48600123456",
            "email": "ana@example.com",
            "account_id": "7",
            "locale": "pl-PL",
            "notify": ["sms"],
        },
        "currency": channel.currency,
        "total_minor": 250,
        "tax_minor": 20,
        "lines": [{"sku": "A1", "quantity": 1, "unit_price_minor": 250}],
        "note": "the blue door",
        "metadata": {"cart": "1"},
    }
    return Api(secret), channel, store, body


def place(api, body, key):
    return api.post("/v1/orders", body, Idempotency_Key=key)


def operations():
    """(method, path) of every operation that names one thing; a PUT names what it makes."""
    for path, methods in json.loads(description())["paths"].items():
        if path.startswith("/v1/") and "{" in path:
            yield from ((method, path) for method in methods if method != "put")


def test_a_thing_of_another_channel_or_store_is_answered_like_one_that_is_not_there(shop):
    api, channel, store, body = shop
    order = place(api, body, "k1").json()
    held = {"store": "MINE", "lines": [{"sku": "A1", "quantity": 1}]}
    hold = api.post("/v1/holds", held, Idempotency_Key="k2").json()
    elsewhere = make_store(code="ELSEWHERE")
    strangers = [
        create_key(channel=make_channel(), name="other site", scopes=SCOPES)[1],
        create_key(channel=channel, name="other store", scopes=SCOPES, stores=[elsewhere])[1],
    ]
    file = make_stock_file(store=store, received_by=f"api:{channel.code}")
    part = order["fulfillments"][0]["id"]
    visit = api.post(f"/v1/fulfillments/{part}/visit", {"minutes": 5}, Idempotency_Key="k3").json()
    things = {
        "orders": order["id"],
        "fulfillments": part,
        "visits": visit["id"],
        "holds": hold["id"],
        "stores": store.public_id,
        "stock": file.public_id,
        "window-holds": hold["id"],
        "customers": order["id"],
    }

    tried = 0
    for stranger in [Api(secret) for secret in strangers]:
        for method, path in operations():
            kind = path.split("/")[2]
            if kind == "stores" and stranger.secret == strangers[0]:
                continue  # stores are the retailer's: a key without a list sees them all
            mine, nowhere = (
                answer(stranger, method, path, name) for name in (things[kind], things[kind][:-4])
            )
            assert mine[0] == nowhere[0] == 404, f"{method} {path}"
            assert mine[1] == nowhere[1], f"{method} {path}"
            tried += 1

    assert tried >= 8
    assert api.get(f"/v1/orders/{order['id']}").json()["status"] == order["status"]


def answer(api, method, path, name):
    """Status and what is told, without the trace and without the name that was asked for."""
    address = path[: path.index("{")] + name + path[path.index("}") + 1 :]
    headers = {"Authorization": f"Bearer {api.secret}", "Idempotency-Key": f"{method}{address}"}
    body = json.dumps(BODIES.get(path.rpartition("/")[2], {}))
    sent = {} if method in ("get", "delete") else {"data": body, "content_type": "application/json"}
    reply = getattr(api.client, method)(address, headers=headers, **sent)
    told = {k: v for k, v in reply.json().items() if k != "trace_id"}
    return reply.status_code, json.dumps(told).replace(name, "")


def test_an_order_placed_with_odd_values_is_accepted_or_refused_but_never_breaks(shop):
    api, _, _, body = shop
    tries = [
        (path, value)
        for path, known in leaves(body)
        for value in (NAUGHTY if isinstance(known, str) else ODD_VALUES)
    ]
    for number, (path, value) in enumerate(tries):
        odd = copy.deepcopy(body)
        holder = odd
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
        if path != ("external_id",):
            odd["external_id"] = f"W-{number}"

        reply = place(api, odd, f"k{number}")

        assert reply.status_code in (201, 400, 404, 409, 422), (path, value, reply.content)
        assert reply.status_code == 201 or reply.json()["code"]


def leaves(value, path=()):
    """The path and value of every member, those that hold others included."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in members:
        yield (*path, name), inner
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, name))


def test_no_member_of_a_model_can_be_written_past_the_form(shop):
    api, _, _, body = shop
    for name in ("id", "status", "version", "channel", "store", "is_test", "placed_at", "contact"):
        refused = place(api, body | {name: 1}, f"k-{name}")

        assert refused.status_code == 400
        assert refused.json()["errors"][0]["code"] == "unknown_field"
