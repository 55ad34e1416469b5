"""Asking around: near a point, over all stores, why, and whether anything changed since."""

from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from inventory.models import ChannelBuffer, SafetyStock, StockLevel
from inventory.services.allocations import allocate
from inventory.services.holds import place_hold
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_api import Api
from tests.inventory.test_stock_events import event

pytestmark = pytest.mark.django_db
MONDAY_NOON = datetime.fromisoformat("2026-03-02T12:00:00+01:00")
HERE = "latitude=52.23&longitude=21.01"


@pytest.fixture(autouse=True)
def _noon():
    with clock.turned_to(MONDAY_NOON):
        yield


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def api(channel):
    return Api(channel)


@pytest.fixture
def mug():
    return make_item(sku="MUG")


@pytest.fixture
def tea():
    return make_item(sku="TEA")


def near(api, query):
    reply = api.get(f"/v1/availability/near?{HERE}&{query}")
    assert reply.status_code == 200, reply.content
    return [
        (row["store"]["code"], row["basket"], [line["available"] for line in row["lines"]])
        for row in reply.json()["stores"]
    ]


@pytest.fixture
def town(mug, tea):
    """Four stores: 0, 1.1, 11 and 111 km north of the point."""
    steps = {"S0": 0.0, "S1": 0.01, "S2": 0.1, "S3": 1.0}
    stores = {code: make_store(code=code, latitude=52.23 + up) for code, up in steps.items()}
    stock(stores["S1"], {mug: 2, tea: 1})
    stock(stores["S2"], {mug: 5, tea: 5})
    stock(stores["S3"], {mug: 9, tea: 9})
    return stores


def test_stores_come_nearest_first_with_what_of_the_basket_they_have(api, town):
    found = near(api, "sku=MUG&sku=TEA&quantity=2&quantity=2")

    assert found == [("S0", "none", [0, 0]), ("S1", "part", [2, 1]), ("S2", "whole", [5, 5])]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("basket=whole&radius_metres=20000000", ["S2", "S3"]),
        ("basket=whole&radius_metres=20000000&limit=1", ["S2"]),
        ("basket=part", ["S1", "S2"]),
        ("radius_metres=5000", ["S0", "S1"]),
        ("limit=1", ["S0"]),
    ],
)
def test_only_stores_within_the_radius_that_have_enough_are_told(api, town, query, codes):
    found = near(api, f"sku=MUG&sku=TEA&quantity=2&quantity=2&{query}")

    assert [code for code, _, _ in found] == codes


def test_distance_and_opening_times_are_told(api, town):
    night = datetime(2026, 3, 2, 3, tzinfo=UTC)
    with clock.turned_to(night):
        asleep = api.get(f"/v1/availability/near?{HERE}&sku=MUG&limit=2").json()["stores"][1]
    reply = api.get(f"/v1/availability/near?{HERE}&sku=MUG&limit=2").json()["stores"][1]

    assert reply["metres"] == 1112
    assert reply["open_now"] is True
    assert reply["opens_at"] is None
    assert asleep["open_now"] is False
    assert asleep["opens_at"] == "2026-03-02T07:00:00Z"
    assert reply["closes_at"] == "2026-03-02T19:00:00Z"
    assert reply["store"]["city"] == "Warszawa"


def test_lines_of_the_same_sku_are_summed(api, town):
    found = near(api, "sku=MUG&sku=MUG&quantity=3&quantity=3&basket=whole&radius_metres=20000000")

    assert [code for code, _, _ in found] == ["S3"]


def test_stores_out_of_reach_closed_or_across_the_date_line_are_told_rightly(channel, town, mug):
    make_store(code="OFF", pickup_enabled=False)
    make_store(code="EAST", latitude=0, longitude=179.99)
    key = Api(channel, stores=[town["S1"], *type(town["S1"]).objects.filter(code="EAST")])

    assert [code for code, _, _ in near(key, "sku=MUG")] == ["S1"]
    west = key.get("/v1/availability/near?latitude=0&longitude=-179.99&sku=MUG").json()
    assert [row["store"]["code"] for row in west["stores"]] == ["EAST"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("latitude=91&longitude=0&sku=MUG", 400, "invalid_fields"),
        ("latitude=nan&longitude=0&sku=MUG", 400, "invalid_fields"),
        (f"{HERE}", 400, "invalid_fields"),
        (f"{HERE}&sku=MUG&quantity=0", 400, "invalid_fields"),
        (f"{HERE}&sku=MUG&radius_metres=-1", 400, "invalid_fields"),
        (f"{HERE}&sku=MUG&quantity=1&quantity=2", 422, "quantity_per_sku"),
        (f"{HERE}&sku=NO", 422, "unknown_sku"),
    ],
)
def test_impossible_questions_are_refused(api, mug, query, status, code):
    reply = api.get(f"/v1/availability/near?{query}")

    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_the_network_is_told_for_every_item_asked_for(api, channel, town):
    ChannelBuffer.objects.create(channel=channel, network_units=1)
    make_item(sku="NEW")

    reply = api.get("/v1/availability/network?sku=TEA&sku=MUG&sku=NEW")

    assert reply.json()["items"] == [
        {"sku": "TEA", "available": 14, "stores": 3},
        {"sku": "MUG", "available": 15, "stores": 3},
        {"sku": "NEW", "available": 0, "stores": 0},
    ]


def test_the_network_of_a_key_for_some_stores_is_theirs(channel, town):
    key = Api(channel, stores=[town["S1"]])

    (row,) = key.get("/v1/availability/network?sku=MUG").json()["items"]

    assert (row["available"], row["stores"]) == (2, 1)


@pytest.mark.parametrize(
    "address",
    [
        "/v1/availability?store=S1&sku=MUG",
        f"/v1/availability/near?{HERE}&sku=MUG",
        "/v1/availability/network?sku=MUG",
    ],
)
def test_an_answer_that_still_holds_is_not_sent_again(address, api, town):
    first = api.get(address)
    same = api.client.get(address, headers={"If-None-Match": f'"x", {first["ETag"]}'})
    StockLevel.objects.update(on_hand=1)
    other = api.client.get(address, headers={"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert other.status_code == 200
    assert other["ETag"] != first["ETag"]


def test_reasons_are_told_with_the_terms(api, town):
    SafetyStock.objects.create(units=5)

    (row,) = api.get("/v1/availability?store=S2&sku=MUG&explain=1").json()["items"]

    assert (row["available"], row["reasons"]) == (0, ["safety_stock"])


def test_why_names_the_holds_and_orders_of_the_site_and_counts_those_of_others(
    api, channel, town, mug
):
    store, other = town["S2"], make_channel()
    later = place_hold(channel=other, store=store, lines={mug.pk: 1}, minutes=30)
    sooner = place_hold(channel=channel, store=store, lines={mug.pk: 1}, minutes=5)
    allocate(reference="ful_ours", channel=channel, store=store, lines={mug.pk: 1})
    allocate(reference="ful_theirs", channel=other, store=store, lines={mug.pk: 1})
    aside = event(store, mug, "move", 1, state="display", minutes=-60)
    record_stock_events(source="pos", events=[aside])

    story = api.get("/v1/availability/why?store=S2&sku=MUG").json()

    assert story["available"] == 0
    assert story["reasons"] == ["unavailable", "allocated", "held"]
    assert story["unavailable"] == {"display": 1}
    assert [row["id"] for row in story["holds"]] == [sooner.public_id, None]
    assert [row["id"] for row in story["orders"]] == ["ful_ours", None]
    assert story["next_hold_lapses_at"] == story["holds"][0]["expires_at"]
    assert sooner.expires_at + timedelta(minutes=25) == later.expires_at


def test_why_of_another_keys_store_is_not_told(channel, town):
    key = Api(channel, stores=[town["S1"]])

    assert key.get("/v1/availability/why?store=S2&sku=MUG").status_code == 404
