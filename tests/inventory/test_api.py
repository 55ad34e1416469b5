"""The stock API: what a site asks, holds and counts, and what it is refused."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from hub import clock
from hub.api.keys import SCOPES, create_key
from hub.stores.models import Store
from inventory.models import ChannelBuffer, Hold, InventoryEvent, SafetyStock, StockLevel
from inventory.services.allocations import convert_hold
from inventory.services.holds import find_hold, place_hold
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG")
    stock(store, {item: 10})
    return item


@pytest.fixture
def tea(store):
    item = make_item(sku="TEA")
    stock(store, {item: 3})
    return item


class Api:
    def __init__(self, channel, **values):
        self.channel = channel
        secret = create_key(channel=channel, name="test", scopes=SCOPES, **values)[1]
        self.client = Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"}
        )
        self.requests = 0

    def get(self, address):
        return self.client.get(address)

    def delete(self, address):
        return self.client.delete(address)

    def patch(self, address, body):
        return self.client.patch(address, data=json.dumps(body), content_type="application/json")

    def post(self, address, body, key=None):
        self.requests += 1
        return self.client.post(
            address,
            data=json.dumps(body),
            content_type="application/json",
            headers={"Idempotency-Key": key or f"request-{self.requests}"},
        )


@pytest.fixture
def api(channel):
    return Api(channel)


def test_availability_is_told_for_every_item_in_every_store(api, store, mug, tea):
    other = make_store(code="S2")

    reply = api.get("/v1/availability?store=S1&store=S2&sku=TEA&sku=MUG")

    assert reply.status_code == 200, reply.content
    items = reply.json()["items"]
    assert [(row["store"], row["sku"], row["available"]) for row in items] == [
        ("S1", "TEA", 3),
        ("S1", "MUG", 10),
        ("S2", "TEA", 0),
        ("S2", "MUG", 0),
    ]
    assert items[0]["counted_at"] is not None
    assert items[2]["counted_at"] is None
    by_id = api.get(f"/v1/availability?store={other.public_id}&sku=MUG").json()["items"]
    assert by_id[0]["store"] == other.public_id


def test_the_terms_are_told_on_request_and_add_up(api, channel, store, mug):
    SafetyStock.objects.create(store=store, item=mug, units=2)
    ChannelBuffer.objects.create(channel=channel, units=1)
    place_hold(channel=channel, store=store, lines={mug.pk: 3})

    (row,) = api.get("/v1/availability?store=S1&sku=MUG&explain=1").json()["items"]

    assert row["available"] == 4
    assert row["terms"] == {
        "on_hand": 10,
        "unavailable": 0,
        "allocated": 0,
        "held": 3,
        "safety_stock": 2,
        "channel_buffer": 1,
        "feed_buffer": 0,
    }
    assert row["reasons"] == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("store=S1", 400, "invalid_fields"),
        ("sku=MUG", 400, "invalid_fields"),
        ("store=S1&sku=", 400, "invalid_fields"),
        ("store=S1&sku=MUG&colour=red", 400, "invalid_fields"),
        ("store=S1&" + "&".join(f"sku=X{n}" for n in range(101)), 400, "invalid_fields"),
        ("store=S1&sku=MUG&explain=perhaps", 400, "invalid_fields"),
        ("store=nowhere&sku=MUG", 404, "not_found"),
        ("store=S1&sku=NO&sku=NEITHER", 422, "unknown_sku"),
        ("store=S1&sku=%00", 400, "invalid_text"),
        ("store=S1&sku=%ff", 422, "unknown_sku"),
    ],
)
def test_questions_that_make_no_sense_are_refused_by_code(api, mug, query, status, code):
    reply = api.get(f"/v1/availability?{query}")

    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_key_of_some_stores_does_not_see_the_others(channel, store, mug):
    api = Api(channel, stores=[make_store(code="MINE")])

    asked = api.get("/v1/availability?store=S1&sku=MUG")
    held = api.post("/v1/holds", {"store": "S1", "lines": [{"sku": "MUG", "quantity": 1}]})

    assert asked.status_code == held.status_code == 404


def test_a_hold_sums_lines_of_the_same_sku_and_is_made_once(api, store, mug):
    body = {
        "store": "S1",
        "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "MUG", "quantity": 3}],
        "minutes": 20,
    }

    first = api.post("/v1/holds", body, key="cart-1")
    again = api.post("/v1/holds", body, key="cart-1")

    assert first.status_code == 201, first.content
    assert first.content == again.content
    hold = first.json()
    assert hold["lines"] == [{"sku": "MUG", "quantity": 5}]
    assert hold["status"] == "active"
    assert first["Location"] == f"/v1/holds/{hold['id']}"
    assert api.get(first["Location"]).json() == hold
    assert StockLevel.objects.get().held == 5


def test_a_refused_hold_lists_every_short_line(api, store, mug, tea):
    lines = [{"sku": "MUG", "quantity": 11}, {"sku": "TEA", "quantity": 4}]

    reply = api.post("/v1/holds", {"store": "S1", "lines": lines})

    assert reply.status_code == 409
    problem = reply.json()
    assert problem["code"] == "insufficient_stock"
    assert problem["lines"] == [
        {"sku": "MUG", "requested": 11, "available": 10},
        {"sku": "TEA", "requested": 4, "available": 3},
    ]
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"store": "S1", "lines": []},
        {"store": "S1", "lines": [{"sku": "MUG", "quantity": 0}]},
        {"store": "S1", "lines": [{"sku": "MUG", "quantity": 1.5}]},
        {"store": "S1", "lines": [{"sku": "MUG", "quantity": 2**40}]},
        {"store": "S1", "lines": [{"sku": "MUG", "quantity": 1, "colour": "red"}]},
        {"store": "S1", "lines": [{"sku": "MUG", "quantity": 1}], "minutes": 121},
        {"store": "S1", "lines": {"sku": "MUG", "quantity": 1}},
        {"store": ["S1"], "lines": [{"sku": "MUG", "quantity": 1}]},
    ],
)
def test_holds_that_make_no_sense_are_refused(api, mug, body):
    reply = api.post("/v1/holds", body)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_fields")


def test_a_released_hold_gives_its_units_back_once(api, channel, store, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})

    first = api.delete(f"/v1/holds/{hold.public_id}")
    again = api.delete(f"/v1/holds/{hold.public_id}")

    assert first.status_code == again.status_code == 204
    assert StockLevel.objects.get().held == 0


def test_a_hold_that_became_an_order_cannot_be_released(api, channel, store, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})
    convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 4})

    reply = api.delete(f"/v1/holds/{hold.public_id}")

    assert (reply.status_code, reply.json()["code"]) == (409, "hold_expired")
    assert find_hold(reference=hold.public_id, channel=channel).status == Hold.Status.CONVERTED


def test_the_holds_of_another_site_are_not_there(api, store, mug):
    hold = place_hold(channel=make_channel(), store=store, lines={mug.pk: 4})

    assert api.get(f"/v1/holds/{hold.public_id}").status_code == 404
    assert api.delete(f"/v1/holds/{hold.public_id}").status_code == 404


def counts_of(**values):
    return {
        "store": "S1",
        "as_of": clock.now().isoformat(),
        "counts": [{"sku": "MUG", "on_hand": 6}],
    } | values


def test_counts_are_taken_over_once(api, store, mug):
    body = counts_of()

    first = api.post("/v1/stock/counts", body, key="night-1")
    again = api.post("/v1/stock/counts", body, key="night-1")

    assert first.status_code == 200, first.content
    assert first.json()["applied"] == 1
    assert first.content == again.content
    assert StockLevel.objects.get().on_hand == 6


def test_a_complete_count_may_come_by_api(api, store, mug, tea):
    reply = api.post("/v1/stock/counts", counts_of(complete=True))

    assert reply.json()["zeroed"] == 1
    assert StockLevel.objects.get(item=tea).on_hand == 0


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"counts": [{"sku": "NO", "on_hand": 1}]}, 422, "unknown_sku"),
        ({"counts": [{"sku": "MUG", "on_hand": 1}] * 2}, 422, "counted_twice"),
        ({"counts": [{"sku": "MUG", "on_hand": -1}]}, 400, "invalid_fields"),
        ({"counts": [{"sku": "MUG", "on_hand": 0.5}]}, 400, "invalid_fields"),
        ({"as_of": "yesterday"}, 400, "invalid_fields"),
        ({"as_of": "0001-01-01T00:00:00+14:00"}, 400, "invalid_fields"),
        ({"as_of": "2999-01-01T00:00:00Z"}, 422, "invalid"),
        ({"store": "nowhere"}, 404, "not_found"),
    ],
)
def test_counts_that_cannot_be_are_refused_and_nothing_is_recorded(api, mug, change, status, code):
    before = InventoryEvent.objects.count()

    reply = api.post("/v1/stock/counts", counts_of(**change))

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert InventoryEvent.objects.count() == before


def test_a_test_key_cannot_change_real_stock(channel, mug):
    reply = Api(channel, is_test=True).post("/v1/stock/counts", counts_of())

    assert (reply.status_code, reply.json()["code"]) == (403, "test_key")


def test_a_hold_whose_time_is_over_shows_it_before_the_sweep(api, channel, store, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4}, minutes=1)

    with clock.turned_to(clock.now() + timedelta(minutes=2)):
        shown = api.get(f"/v1/holds/{hold.public_id}").json()

    assert shown["status"] == "expired"


@pytest.mark.parametrize(
    ("age", "minutes", "lasts"),
    [(5, 20, 25), (5, 1, 10), (9, 120, 120)],
    ids=["longer", "never shorter", "two hours in all"],
)
def test_a_living_hold_can_be_made_to_last(age, minutes, lasts, api, mug):
    hold = place_hold(channel=api.channel, store=Store.objects.get(), lines={mug.pk: 4})

    with clock.turned_to(hold.created_at + timedelta(minutes=age)):
        reply = api.patch(f"/v1/holds/{hold.public_id}", {"minutes": minutes})

    hold.refresh_from_db()
    assert reply.status_code == 200
    assert round((hold.expires_at - hold.created_at) / timedelta(minutes=1)) == lasts


def test_a_hold_whose_time_is_over_cannot_be_extended(api, channel, store, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4}, minutes=1)

    with clock.turned_to(clock.now() + timedelta(minutes=2)):
        reply = api.patch(f"/v1/holds/{hold.public_id}", {"minutes": 10})

    assert (reply.status_code, reply.json()["code"]) == (409, "hold_expired")


@pytest.mark.parametrize("minutes", [0, 121, "soon", 1.5])
def test_a_hold_is_not_extended_by_nonsense(minutes, api, mug):
    hold = place_hold(channel=api.channel, store=Store.objects.get(), lines={mug.pk: 4})

    reply = api.patch(f"/v1/holds/{hold.public_id}", {"minutes": minutes})

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_fields")
