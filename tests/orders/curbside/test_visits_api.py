"""Visits over HTTP: what a site's own app says for its customer, and what it may know."""

import itertools
import json

import pytest

from hub.api.keys import SCOPES, create_key
from hub.customers.services.vehicles import vehicle_of
from orders.curbside.api.shapes import LocatedReply, SpotsReply, VisitReply
from orders.curbside.visits import active_visit, arrive, begin_service, leave
from orders.models import FulfillmentOrder, Spot, Visit
from orders.placing.cancel import cancel_order
from tests.factories import (
    CUSTOMER,
    make_channel,
    make_fulfillment,
    make_item,
    make_ready,
    make_spots,
    make_store,
    stock,
)
from tests.hub.api.conftest import Api
from tests.orders.api.test_orders_api import members, members_of

pytestmark = pytest.mark.django_db

_keys = itertools.count(1)


def api_for(part, **values):
    key = {"scopes": SCOPES} | values
    return Api(create_key(channel=part.order.channel, name="test", **key)[1])


def post(api, path, body=None):
    return api.post(path, body, Idempotency_Key=f"key-{next(_keys)}")


def visit_of(api, part, **body):
    return post(api, f"/v1/fulfillments/{part.public_id}/visit", body)


def ready_for(customer, store, **values):
    item = make_item()
    stock(store, {item: 5})
    return make_ready(store=store, lines={item: 1}, customer=customer, **values)


def test_a_visit_goes_from_the_road_to_the_spot_and_can_be_read():
    part = make_fulfillment()
    make_spots(part.store)
    api = api_for(part)
    began = visit_of(api, part, minutes=20)
    told = began.json()
    assert (began.status_code, told["status"], told["source"]) == (201, "on_my_way", "api")
    assert began["Location"] == f"/v1/visits/{told['id']}"
    assert (told["suggested_spot"], told["spot"]) == ("1", None)
    assert told["fulfillments"][0]["ready_at"]
    assert visit_of(api, part, minutes=10).status_code == 200

    here = post(api, f"/v1/visits/{told['id']}/arrival", {"spot": "2", "placement": "trunk"})
    assert (here.json()["status"], here.json()["spot"]) == ("arrived", "2")
    read = api.get(f"/v1/visits/{told['id']}")
    assert read.json() == here.json()
    assert read["ETag"] == f'"v{here.json()["version"]}"'
    assert members(VisitReply()) == members_of(read.json(), members(VisitReply()))


def test_who_is_there_without_a_word_before_says_so_in_one_call():
    part = make_ready()
    told = visit_of(api_for(part), part, here={"place": "by the door"})
    assert (told.status_code, told.json()["place"]) == (201, "by the door")


def test_a_car_is_remembered_when_the_customer_agreed_and_never_told():
    part = make_ready()
    car = {"make": "Škoda", "model": "Octavia", "colour": "blue", "plate": "WX 12345"}
    api = api_for(part)
    told = visit_of(api, part, here={"vehicle": car})
    assert vehicle_of(part.order.profile) is None
    again = visit_of(api, part, here={"vehicle": car, "remember_vehicle": True})
    assert vehicle_of(part.order.profile) == car
    assert active_visit(part).vehicle == "blue Škoda Octavia, WX 12345"
    for reply in (told, again):
        assert not any(word in reply.content.decode() for word in ("WX", "koda", "Ann", "+48"))


def test_a_location_tells_the_distance_and_the_wrong_store():
    part = make_ready()
    other = make_store(latitude=part.store.latitude + 0.2)
    api = api_for(part)
    name = visit_of(api, part, minutes=20).json()["id"]
    place = {"latitude": part.store.latitude, "longitude": part.store.longitude + 0.01}
    near = post(api, f"/v1/visits/{name}/location", place | {"accuracy_metres": 20})
    assert (near.json()["near"], near.json()["visit"]["status"]) == (True, "nearby")
    assert 600 < near.json()["metres"] < 700

    there = {"latitude": other.latitude, "longitude": other.longitude}
    Visit.objects.update(located_at=None)
    wrong = post(api, f"/v1/visits/{name}/location", there).json()
    assert wrong["wrong_store"] == {"id": other.public_id, "code": other.code, "name": other.name}
    assert wrong["visit"]["status"] == "wrong_store"
    assert members(LocatedReply()) == members_of(wrong, members(LocatedReply()))
    assert post(api, f"/v1/visits/{name}/location", there).json()["code"] == "visit_over"


def test_who_leaves_has_left_and_may_come_again():
    part = make_ready()
    api = api_for(part)
    name = visit_of(api, part, here={}).json()["id"]
    for _ in range(2):
        assert post(api, f"/v1/visits/{name}/leave").json()["status"] == "left"
    assert post(api, f"/v1/visits/{name}/arrival", {}).json()["code"] == "visit_over"
    assert visit_of(api, part, here={}).status_code == 201


def test_the_same_key_acts_once():
    part = make_ready()
    api = api_for(part)
    path = f"/v1/fulfillments/{part.public_id}/visit"
    first = api.post(path, {"here": {}}, Idempotency_Key="once")
    leave(fulfillment=part)
    again = api.post(path, {"here": {}}, Idempotency_Key="once")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert active_visit(part) is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_fields"),
        ({"minutes": 5, "here": {}}, 400, "invalid_fields"),
        ({"minutes": 0}, 422, "eta_out_of_range"),
        ({"minutes": 7 * 24 * 60}, 422, "eta_out_of_range"),
        ({"minutes": 2**62}, 422, "eta_out_of_range"),
        ({"minutes": "5"}, 400, "invalid_fields"),
        ({"minutes": 5.0}, 400, "invalid_fields"),
        ({"here": {"spot": "99"}}, 422, "unknown_spot"),
        ({"here": {"spot": "1"}}, 409, "spot_taken"),
        ({"here": {"spot": "2"}}, 409, "spot_closed"),
        ({"here": {"spot": ["1"]}}, 400, "invalid_fields"),
        ({"here": {"place": "x" * 36}}, 400, "invalid_fields"),
        ({"here": {"placement": "roof"}}, 400, "invalid_fields"),
        ({"here": {"vehicle": {"plate": "x" * 16}}}, 400, "invalid_fields"),
        ({"here": {"vehicle": {"wheels": 4}}}, 400, "invalid_fields"),
        ({"here": {"status": "done"}}, 400, "invalid_fields"),
        ({"here": "now"}, 400, "invalid_fields"),
        ({"here": {"place": "a" * 10_000_000}}, 413, "body_too_large"),
    ],
)
def test_bad_visits_are_refused_by_code_and_change_nothing(body, status, code):
    part, standing = make_ready(), make_ready()
    FulfillmentOrder.objects.filter(pk=standing.pk).update(store=part.store)
    make_spots(part.store)
    Spot.objects.filter(label="2").update(closed_for="snow")
    arrive(fulfillment=FulfillmentOrder.objects.get(pk=standing.pk), spot="1")
    reply = visit_of(api_for(part), part, **body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert active_visit(part) is None
    if code.startswith(("spot", "unknown_spot")):
        assert reply.json()["free"] == ["3"]


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"latitude": 0, "longitude": 0}, "location_invalid"),
        ({"latitude": 91, "longitude": 0.1}, "location_invalid"),
        ({"latitude": 52, "longitude": -181.5}, "location_invalid"),
        ({"latitude": 52, "longitude": 21, "accuracy_metres": -1}, "location_invalid"),
        ({"latitude": 52, "longitude": 21, "accuracy_metres": 1e6}, "location_inaccurate"),
        ({"latitude": 12, "longitude": 21}, "eta_out_of_range"),
        ({"latitude": "52", "longitude": 21}, "invalid_fields"),
        ({"latitude": "NaN", "longitude": 21}, "invalid_fields"),
        ({"latitude": True, "longitude": 21}, "invalid_fields"),
        ({"latitude": None, "longitude": 21}, "invalid_fields"),
        ({"longitude": 21}, "invalid_fields"),
    ],
)
def test_bad_locations_are_refused_by_code_and_change_nothing(place, code):
    part = make_fulfillment()
    api = api_for(part)
    before = visit_of(api, part, minutes=30).json()
    reply = post(api, f"/v1/visits/{before['id']}/location", place)
    assert (reply.json()["code"], reply.status_code // 100) == (code, 4)
    assert api.get(f"/v1/visits/{before['id']}").json() == before


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity", "1" + "0" * 400])
def test_numbers_that_are_none_are_refused(number):
    part = make_fulfillment()
    api = api_for(part)
    name = visit_of(api, part, minutes=30).json()["id"]
    body = f'{{"latitude": {number}, "longitude": 1}}'
    assert post(api, f"/v1/visits/{name}/location", body).status_code in (400, 422)


NAUGHTY = [
    "\x00",
    "\u202egnp.exe",
    "Ω≈ç√∫",
    "👩\u200d👩\u200d👧",
    "'; DROP",
    "<script>",
    "{{7*7}}",
    " ",
]


@pytest.mark.parametrize("words", NAUGHTY)
def test_naughty_words_are_cleaned_or_refused(words):
    part = make_ready()
    car = {"make": words, "plate": words}
    reply = visit_of(api_for(part), part, here={"place": words, "vehicle": car})
    assert reply.status_code in (201, 400)
    assert "\u202e" not in json.dumps(reply.json().get("place", ""), ensure_ascii=False)


def test_nobody_comes_for_what_is_over():
    canceled = make_fulfillment()
    cancel_order(order=canceled.order, reason="")
    reply = visit_of(api_for(canceled), canceled, here={})
    assert (reply.status_code, reply.json()["code"]) == (409, "pickup_over")


def test_others_orders_stores_and_kinds_of_key_are_not_there():
    part = make_ready()
    arrive(fulfillment=part)
    name = active_visit(part).public_id
    strangers = [
        Api(create_key(channel=make_channel(), name="x", scopes=SCOPES)[1]),
        api_for(part, stores=[make_store()]),
        api_for(part, is_test=True),
    ]
    for api in strangers:
        assert api.get(f"/v1/visits/{name}").status_code == 404
        assert visit_of(api, part, minutes=5).status_code == 404
        assert post(api, f"/v1/visits/{name}/leave").status_code == 404
    reader = api_for(part, scopes=["orders:read"])
    assert reader.get(f"/v1/visits/{name}").status_code == 200
    assert post(reader, f"/v1/visits/{name}/leave").status_code == 403


def test_of_a_visit_for_orders_of_two_sites_each_sees_its_own():
    store = make_store()
    one, two = ready_for(CUSTOMER, store), ready_for(CUSTOMER, store)
    visit = arrive(fulfillment=one)
    for part in (one, two):
        told = api_for(part).get(f"/v1/visits/{visit.public_id}").json()
        assert [mine["id"] for mine in told["fulfillments"]] == [part.public_id]


def test_a_served_customer_can_add_but_not_go_back_on_the_road():
    part = make_ready()
    arrive(fulfillment=part)
    begin_service(fulfillment=part)
    api = api_for(part)
    assert visit_of(api, part, minutes=5).json()["status"] == "being_served"
    assert visit_of(api, part, here={"place": "gate"}).json()["place"] == "gate"


def test_a_store_tells_which_spots_are_free():
    part = make_ready()
    make_spots(part.store, "1 2 10")
    Spot.objects.filter(label="2").update(closed_for="snow", zone="A", oversize=True)
    arrive(fulfillment=part, spot="1")
    api = api_for(part)
    told = api.get(f"/v1/stores/{part.store.code}/spots").json()
    assert [(spot["label"], spot["free"]) for spot in told["spots"]] == [
        ("1", False),
        ("2", False),
        ("10", True),
    ]
    assert told["spots"][1] | {"label": "2"} == {
        "label": "2",
        "zone": "A",
        "accessible": False,
        "oversize": True,
        "free": False,
        "out_of_service": "snow",
    }
    assert (told["store"], told["suggested"]) == (part.store.public_id, "10")
    assert members(SpotsReply()) == members_of(told, members(SpotsReply()))
    assert api.get("/v1/stores/nowhere/spots").status_code == 404


def test_reading_a_visit_takes_few_queries(django_assert_max_num_queries):
    part = make_fulfillment()
    make_spots(part.store)
    arrive(fulfillment=part)
    api = api_for(part)
    api.get(f"/v1/visits/{active_visit(part).public_id}")
    with django_assert_max_num_queries(16):
        api.get(f"/v1/visits/{active_visit(part).public_id}")
