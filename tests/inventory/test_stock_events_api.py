"""POST /v1/stock/events: each event is judged by itself, and repeats are harmless."""

from datetime import timedelta

import pytest

from hub import clock
from inventory.models import InventoryEvent, StockLevel
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def api(channel):
    return Api(channel)


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG")
    stock(store, {item: 10})
    return item


def sale(number=1, **values):
    moment = (clock.now() - timedelta(minutes=1)).isoformat()
    row = {"id": f"sale-{number}", "store": "S1", "sku": "MUG", "kind": "sale"}
    return row | {"quantity": 1, "occurred_at": moment} | values


def test_good_events_are_taken_and_bad_ones_told_row_by_row(api, channel, store, mug):
    rows = [
        sale(1, quantity=2),
        sale(2, sku="NO"),
        sale(3, store="S9"),
        sale(4, kind="gift"),
        sale(5, quantity=1.5),
        sale(6, colour="red"),
        sale(7, id=None),
        "no object",
        sale(8, kind="move"),
        sale(1, quantity=2),
        sale(9, store=store.public_id, kind="move", state="damaged", quantity=3),
    ]

    reply = api.post("/v1/stock/events", {"events": rows})

    assert reply.status_code == 200, reply.content
    results = reply.json()["results"]
    assert [(row["id"], row["status"], row.get("code", "")) for row in results] == [
        ("sale-1", "applied", ""),
        ("sale-2", "refused", "unknown_sku"),
        ("sale-3", "refused", "unknown_store"),
        ("sale-4", "refused", "invalid_choice"),
        ("sale-5", "refused", "invalid"),
        ("sale-6", "refused", "unknown_field"),
        (None, "refused", "null"),
        (None, "refused", "invalid"),
        ("sale-8", "refused", "state_needed"),
        ("sale-1", "duplicate", ""),
        ("sale-9", "applied", ""),
    ]
    level = StockLevel.objects.get(store=store, item=mug)
    assert (level.on_hand, level.unavailable) == (8, 3)
    sources = InventoryEvent.objects.filter(kind="sale").values_list("source", flat=True)
    assert list(sources) == [f"api:{channel.code}"]


def test_the_same_events_under_another_key_change_nothing(api, mug):
    body = {"events": [sale()]}
    api.post("/v1/stock/events", body, key="one")

    (result,) = api.post("/v1/stock/events", body, key="two").json()["results"]

    assert result["status"] == "duplicate"
    assert StockLevel.objects.get().on_hand == 9


def test_a_store_out_of_the_keys_reach_looks_like_none(channel, store, mug):
    elsewhere = Api(channel, stores=[make_store()])

    (result,) = elsewhere.post("/v1/stock/events", {"events": [sale()]}).json()["results"]

    assert result["code"] == "unknown_store"


def test_a_test_key_changes_no_real_stock(channel, mug):
    reply = Api(channel, is_test=True).post("/v1/stock/events", {"events": [sale()]})

    assert (reply.status_code, reply.json()["code"]) == (403, "test_key")


@pytest.mark.parametrize(
    "body", [{}, {"events": []}, {"events": {}}, {"events": [{}] * 1001}, {"events": [{}], "x": 1}]
)
def test_what_is_no_list_of_events_is_refused_as_a_whole(api, body):
    reply = api.post("/v1/stock/events", body)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_fields")
