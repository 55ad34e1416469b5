"""What customers change, over HTTP: the page's choices for a site's own app."""

import itertools
from datetime import UTC, datetime

import pytest

from hub import clock
from hub.api.keys import SCOPES, create_key
from hub.customers.preferences import ranked_channels
from orders.curbside.api.changes import ChangesReply, PreferencesReply
from orders.models import CurbSettings, FulfillmentOrder, Order, Refund
from orders.picking.services import accept
from tests.factories import make_fulfillment, make_item, make_order, make_ready, make_store, stock
from tests.hub.api.conftest import Api
from tests.orders.api.test_orders_api import members, members_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
_keys = itertools.count(1)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.turned_to(NOON):
        yield


def api_for(part, **values):
    key = {"scopes": SCOPES} | values
    return Api(create_key(channel=part.order.channel, name="test", **key)[1])


def change(api, part, what, body=None, **headers):
    headers = {"Idempotency_Key": f"key-{next(_keys)}"} | headers
    return api.post(f"/v1/fulfillments/{part.public_id}/changes/{what}", body or {}, **headers)


def put(api, path, body):
    send = api.client.put
    return api._send(send, path, {}, data=body, content_type="application/json")


def offers(api, part):
    return api.get(f"/v1/fulfillments/{part.public_id}/changes")


def test_the_offers_are_told_as_the_reference_says():
    item = make_item()
    part, other = make_fulfillment(lines={item: 2}), make_store(latitude=52.24)
    stock(other, {item: 5})
    told = offers(api_for(part), part)
    assert told.status_code == 200
    assert told["ETag"] == f'"v{part.version}"'
    body = told.json()
    described = members(ChangesReply())
    assert members_of(body, described) == described
    assert body["lines"] == [{"number": 1, "sku": item.sku, "quantity": 2}]
    assert [one["code"] for one in body["stores"]] == [other.code]
    assert (body["may_change_window"], body["keep_until"]) == (True, None)


def test_a_window_is_chosen_once_however_often_the_request_comes():
    part = make_fulfillment()
    api = api_for(part)
    start = offers(api, part).json()["windows"][5]["start"]
    first = change(api, part, "window", {"start": start}, Idempotency_Key="once")
    again = change(api, part, "window", {"start": start}, Idempotency_Key="once")
    assert (first.status_code, first.json()) == (200, again.json())
    assert first.json()["window"]["start"] == start == first.json()["promised_at"]
    assert first.json()["version"] == 2


def test_another_store_answers_with_its_part():
    item = make_item()
    part, other = make_fulfillment(lines={item: 2}), make_store(latitude=52.24)
    stock(other, {item: 5})
    told = change(api_for(part), part, "store", {"store": other.code}).json()
    assert (told["store"]["code"], told["status"]) == (other.code, "proposed")
    assert told["id"] != part.public_id


def test_canceled_units_are_owed():
    part = make_fulfillment()
    reply = change(api_for(part), part, "lines", {"lines": [{"number": 1, "quantity": 1}]})
    assert reply.status_code == 200
    assert Refund.objects.get().amount_minor == 500


def test_a_day_more_moves_the_deadline():
    part = make_ready()
    reply = change(api_for(part), part, "extension")
    assert reply.json()["expires_at"] > part.expires_at.isoformat()


def test_what_was_read_is_no_longer_so():
    part = make_fulfillment()
    api = api_for(part)
    accept(fulfillment=part)
    stale = change(api, part, "lines", {"lines": [{"number": 1, "quantity": 1}]}, If_Match='"v1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("what", "body", "status", "code"),
    [
        ("window", {"start": "2026-11-18T10:00:00Z"}, 422, "window_closed"),
        ("window", {"start": "9999-12-31T23:59:59Z"}, 422, "window_closed"),
        ("window", {"start": "0001-01-01T00:00:00+14:00"}, 400, None),
        ("window", {"start": "soon"}, 400, None),
        ("window", {}, 400, None),
        ("store", {"store": "nowhere"}, 404, "not_found"),
        ("store", {"store": "a\x00b"}, 400, None),
        ("lines", {"lines": []}, 400, None),
        ("lines", {"lines": [{"number": 9, "quantity": 1}]}, 422, "lines_wrong"),
        ("lines", {"lines": [{"number": 1, "quantity": 10**12}]}, 400, None),
        ("lines", {"lines": [{"number": 1, "quantity": 1}] * 2}, 422, "invalid"),
        ("extension", {}, 409, "too_late_to_change"),
        ("extension", {"days": 99}, 400, None),
    ],
)
def test_bad_wishes_are_coded_problems_and_change_nothing(what, body, status, code):
    part = make_fulfillment()
    before = list(FulfillmentOrder.objects.values())
    reply = change(api_for(part), part, what, body)
    assert reply.status_code == status, reply.content
    assert reply.json()["code"] if code is None else reply.json()["code"] == code
    assert list(FulfillmentOrder.objects.values()) == before
    assert list(Order.objects.values_list("version", flat=True)) == [1]


def test_switched_off_and_foreign_pickups_are_not_changed():
    part = make_fulfillment()
    CurbSettings.objects.create(store=part.store, may_cancel_items=False)
    api = api_for(part)
    off = change(api, part, "lines", {"lines": [{"number": 1, "quantity": 1}]})
    assert (off.status_code, off.json()["code"]) == (409, "change_not_offered")
    foreign = make_order().fulfillments.get()
    assert change(api, foreign, "extension").status_code == 404
    assert offers(api, foreign).status_code == 404
    weak = api_for(part, scopes=["orders:read"])
    assert change(weak, part, "extension").status_code == 403
    elsewhere = api_for(part, stores=[make_store()])
    assert offers(elsewhere, part).status_code == 404


def test_preferences_are_the_customers_and_are_told_back():
    part = make_fulfillment()
    api = api_for(part)
    path = f"/v1/fulfillments/{part.public_id}/preferences"
    reply = put(api, path, {"channels": ["email", "sms"], "locale": "pl"})
    assert reply.json() == {"channels": ["email", "sms"], "locale": "pl"}
    assert set(reply.json()) == set(members(PreferencesReply()))
    assert ranked_channels(part.order.profile) == ["email", "sms"]
    for odd in ({"locale": "<>"}, {"channels": []}, {"channels": ["sms", "sms"]}, {"odd": 1}):
        assert put(api, path, odd).status_code in (400, 422)
    part.order.profile.refresh_from_db()
    assert part.order.profile.chosen_locale == "pl"
