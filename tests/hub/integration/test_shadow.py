"""What the outside learns of a store in shadow: nothing, until it goes live."""

from __future__ import annotations

import gzip

import pytest

from hub.api.keys import SCOPES, create_key
from hub.events.models import Fact
from hub.integration.stages import move_stage
from hub.stores.models import Stage, Store
from inventory.services.signals import set_signal_rule, tell_signals
from tests.factories import make_channel, make_item, make_store, stock
from tests.hub.api.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def api(channel):
    return Api(create_key(channel=channel, name="site", scopes=SCOPES)[1])


@pytest.fixture
def mug():
    return make_item(sku="MUG")


@pytest.fixture
def dark(mug):
    """A store in shadow with five mugs."""
    store = make_store(code="DARK")
    Store.objects.filter(pk=store.pk).update(stage=Stage.SHADOW, pickup_enabled=False)
    stock(store, {mug: 5})
    store.refresh_from_db()
    return store


def changes(api):
    return api.get("/v1/availability/changes").json()["changes"]


def test_no_list_names_it(api, dark):
    shown = make_store(code="SEEN")

    assert [store["code"] for store in api.get("/v1/stores").json()["stores"]] == [shown.code]
    assert api.get(f"/v1/stores/{dark.code}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/v1/availability?store=DARK&sku=MUG",
        "/v1/availability?store=DARK&sku=MUG&explain=true",
        "/v1/availability/why?store=DARK&sku=MUG",
        "/v1/availability/export?store=DARK",
    ],
)
def test_who_asks_for_it_by_its_code_hears_that_there_is_no_such_store(api, dark, address):
    reply = api.get(address)

    assert reply.status_code == 404
    assert reply.json()["detail"] == "no such store: DARK"


def test_neither_feed_nor_export_nor_signals_tell_of_it(api, channel, dark, mug):
    set_signal_rule(channel=channel, low_units=2)
    stock(dark, {mug: 0}, minutes_ago=1)

    exported = api.get("/v1/availability/export")
    lines = gzip.decompress(b"".join(exported.streaming_content)).decode()
    tell_signals(seconds=2)

    assert changes(api) == []
    assert "DARK" not in lines
    assert not Fact.objects.filter(name="inventory.threshold_crossed").exists()


def test_going_live_tells_of_all_of_it(api, dark):
    changes(api)

    move_stage(store=dark, to=Stage.LIVE, by="iga", readiness=[])

    assert {"type": "scope", "store": "DARK", "sku": None, "category": None} in changes(api)
    position = api.get("/v1/availability?store=DARK&sku=MUG").json()["items"][0]
    assert position["available"] == 5


def test_holds_are_refused_with_a_code_that_sites_can_read(api, dark):
    body = {"store": "DARK", "lines": [{"sku": "MUG", "quantity": 1}]}

    reply = api.post("/v1/holds", body, Idempotency_Key="h1")

    assert reply.status_code == 409
    assert reply.json()["code"] == "store_not_live"


def test_a_test_key_sees_it_and_may_hold_there(channel, dark):
    tester = Api(create_key(channel=channel, name="t", scopes=SCOPES, is_test=True)[1])
    body = {"store": "DARK", "lines": [{"sku": "MUG", "quantity": 1}]}

    assert tester.get("/v1/stores/DARK").status_code == 200
    reply = tester.post("/v1/holds", body, Idempotency_Key="h1")
    assert (reply.status_code, reply.json().get("code")) == (201, None)


def test_its_counts_are_taken_as_those_of_any_store(api, dark):
    body = {
        "store": "DARK",
        "as_of": "2026-03-02T12:00:00Z",
        "counts": [{"sku": "MUG", "on_hand": 3}],
    }

    assert api.post("/v1/stock/counts", body, Idempotency_Key="c1").status_code == 200
