"""Pickup windows over HTTP: listed, kept for a cart, named by an order."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from hub.api.keys import SCOPES, create_key
from hub.clock import turned_to
from hub.stores.models import StoreSwitch
from inventory.services.holds import place_hold
from orders.models import FulfillmentOrder, WindowBooking
from orders.placing.cancel import cancel_order
from orders.promise.windows import book
from orders.switches.services import switch_on
from tests.factories import make_channel, make_item, make_store, stock
from tests.flows.test_pos_answers_in_any_order import work_off
from tests.hub.api.conftest import Api
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)  # noon in Warsaw, open from 8 to 20
ONE = "2026-07-15T11:00:00Z"
HALF_PAST_ONE = "2026-07-15T11:30:00Z"
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def noon():
    with turned_to(NOW):
        yield


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def api(channel):
    return Api(create_key(channel=channel, name="test", scopes=SCOPES)[1])


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def store(item):
    store = make_store(code="S1", slot_capacity=1)
    stock(store, {item: 50})
    return store


@pytest.fixture
def hold(channel, store, item):
    return place_hold(channel=channel, store=store, lines={item.pk: 1})


def post(api, address, body, key=""):
    return api.post(address, body, Idempotency_Key=key or f"k-{next(_numbers)}")


def order_for(item, **changes):
    number = next(_numbers)
    pickup = {"store": "S1"} | changes.pop("pickup", {})
    return {
        "external_id": f"W-{number}",
        "pickup": pickup,
        "customer": {"name": "Ann Lee", "phone": "+48500123456"},
        "currency": "EUR",
        "total_minor": 500,
        "lines": [{"sku": item.sku, "quantity": 1, "unit_price_minor": 500}],
    } | changes


def starts(api, query=""):
    reply = api.get(f"/v1/stores/S1/windows{query}")
    return [window["start"] for window in reply.json()["windows"]]


def part_of(reply):
    return reply.json()["fulfillments"][0]


def test_windows_are_listed_for_a_basket(api, store):
    slow = make_item(sku="CAKE", lead_minutes=120)

    reply = api.get("/v1/stores/S1/windows?days=1")

    assert reply.status_code == 200
    assert reply.json()["store"] == store.public_id
    assert reply.json()["timezone"] == "Europe/Warsaw"
    assert reply.json()["windows"][0] == {"start": ONE, "end": HALF_PAST_ONE, "left": 1}
    assert len(reply.json()["windows"]) == 14
    assert starts(api, f"?sku={slow.sku}&sku={slow.sku}")[0] == "2026-07-15T12:00:00Z"


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/v1/stores/NONE/windows", 404, "not_found"),
        ("/v1/stores/S1/windows?days=0", 400, "invalid_fields"),
        ("/v1/stores/S1/windows?days=x", 400, "invalid_fields"),
        ("/v1/stores/S1/windows?sku=NONE", 422, "unknown_sku"),
        ("/v1/stores/S1/windows?sku=a%00b", 400, "invalid_text"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(api, store, address, status, code):
    reply = api.get(address)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_paused_store_and_one_without_pickup_have_no_windows(api, store):
    switch_on(store=store, kind=StoreSwitch.Kind.PAUSED, by="lead")
    paused = api.get("/v1/stores/S1/windows")
    make_store(code="S2", pickup_enabled=False)
    off = api.get("/v1/stores/S2/windows")

    assert [reply.json()["code"] for reply in (paused, off)] == [
        "store_paused",
        "pickup_not_offered",
    ]


def test_a_paused_store_gets_no_orders_by_name_by_hold_or_by_search(api, store, item, hold):
    switch_on(store=store, kind=StoreSwitch.Kind.PAUSED, by="lead")
    near = order_for(item, pickup={"near": {"latitude": 52.23, "longitude": 21.01}})
    del near["pickup"]["store"]

    named, held, searched = (
        post(api, "/v1/orders", body)
        for body in (order_for(item), order_for(item, hold_id=hold.public_id), near)
    )
    listed = api.get(f"/v1/availability/near?latitude=52.23&longitude=21.01&sku={item.sku}")

    assert [reply.json()["code"] for reply in (named, held, searched)] == [
        "store_paused",
        "store_paused",
        "no_store_can_fulfil",
    ]
    assert listed.json()["stores"] == []


def test_a_cart_keeps_a_window_and_its_order_has_it_without_naming_it(api, store, item, hold):
    kept = post(api, "/v1/window-holds", {"hold_id": hold.public_id, "start": ONE})
    shown = starts(api)
    with turned_to(NOW + timedelta(minutes=5)):
        placed = post(api, "/v1/orders", order_for(item, hold_id=hold.public_id))

    assert kept.status_code == 201
    assert kept.json()["end"] == HALF_PAST_ONE
    assert kept.json()["expires_at"] == "2026-07-15T10:10:00Z"
    assert ONE not in shown
    assert placed.status_code == 201, placed.content
    assert part_of(placed)["window"] == {"start": ONE, "end": HALF_PAST_ONE}
    assert part_of(placed)["promised_at"] == ONE
    assert ONE not in starts(api)


def test_a_window_is_given_up_by_its_cart(api, store, hold):
    post(api, "/v1/window-holds", {"hold_id": hold.public_id, "start": ONE})
    client, headers = api.client, {"Authorization": f"Bearer {api.secret}"}

    gone = [
        client.delete(f"/v1/window-holds/{hold.public_id}", headers=headers).status_code
        for _ in range(2)
    ]

    assert gone == [204, 204]
    assert starts(api)[0] == ONE


@pytest.mark.parametrize(
    ("start", "refusal"),
    [
        ("2026-07-15T11:10:00Z", (422, "window_closed")),
        ("2026-07-15T09:00:00Z", (422, "window_closed")),
        ("2026-07-15T10:30:00Z", (422, "window_too_early")),
        ("9999-12-31T23:59:59Z", (422, "window_closed")),
        ("0001-01-01T00:00:00+14:00", (400, "invalid_fields")),
        ("soon", (400, "invalid_fields")),
    ],
)
def test_a_window_that_cannot_be_had_is_refused(api, item, hold, start, refusal):
    kept = post(api, "/v1/window-holds", {"hold_id": hold.public_id, "start": start})
    placed = post(api, "/v1/orders", order_for(item, pickup={"window": {"start": start}}))

    assert (kept.status_code, kept.json()["code"]) == refusal
    assert (placed.status_code, placed.json()["code"]) == refusal
    assert not FulfillmentOrder.objects.exists()


def test_a_full_window_is_refused_with_the_next_three(api, store, item):
    book(store=store, start=NOW + timedelta(hours=1), reference="ful_other")

    reply = post(api, "/v1/orders", order_for(item, pickup={"window": {"start": ONE}}))

    assert (reply.status_code, reply.json()["code"]) == (409, "window_full")
    assert reply.json()["next"] == [
        HALF_PAST_ONE,
        "2026-07-15T12:00:00Z",
        "2026-07-15T12:30:00Z",
    ]


def test_another_channels_hold_gets_no_window(api, store, item):
    hold = place_hold(channel=make_channel(), store=store, lines={item.pk: 1})

    reply = post(api, "/v1/window-holds", {"hold_id": hold.public_id, "start": ONE})

    assert reply.status_code == 404


def test_a_canceled_orders_place_is_free_again(api, store, item):
    post(api, "/v1/orders", order_for(item, pickup={"window": {"start": ONE}}))
    taken = starts(api)[0]

    cancel_order(order=FulfillmentOrder.objects.get().order, reason="changed my mind")
    work_off()

    assert (taken, starts(api)[0]) == (HALF_PAST_ONE, ONE)
    assert not WindowBooking.objects.exists()


def test_orders_as_soon_as_possible_fill_windows_too(api, store, item):
    promised = [part_of(post(api, "/v1/orders", order_for(item)))["promised_at"] for _ in range(3)]

    assert promised == [ONE, HALF_PAST_ONE, "2026-07-15T12:00:00Z"]
    assert starts(api)[0] == "2026-07-15T12:30:00Z"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_order_gets_the_last_place_and_the_others_are_offered_the_next(
    channel, api, store, item
):
    bodies = [order_for(item, pickup={"window": {"start": ONE}}) for _ in range(8)]

    replies = at_once(8, lambda number: post(api, "/v1/orders", bodies[number], f"race-{number}"))

    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7
    refused = [reply.json() for reply in replies if reply.status_code == 409]
    assert {body["code"] for body in refused} == {"window_full"}
    assert all(body["next"][0] == HALF_PAST_ONE for body in refused)
    assert WindowBooking.objects.count() == FulfillmentOrder.objects.count() == 1
