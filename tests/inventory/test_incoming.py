"""Units on their way: announced, shown, never sold, taken off when they come."""

import json
from datetime import timedelta

import pytest

from hub import clock
from hub.errors import Invalid
from hub.events import retention
from inventory.ledger import StockEvent
from inventory.lines import MOST_UNITS
from inventory.models import IncomingUnits
from inventory.services.availability import available
from inventory.services.explaining import explain
from inventory.services.incoming import arrive, expect, sweep_overdue
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_api import Api
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def channel():
    return make_channel(code="erp")


@pytest.fixture
def mug():
    return make_item(sku="MUG")


@pytest.fixture
def tea():
    return make_item(sku="TEA")


def announce(store, units, *, reference="DN-1", source="erp", days=2):
    expect(
        source=source,
        reference=reference,
        store=store,
        expected_at=clock.now() + timedelta(days=days),
        units={item.pk: count for item, count in units.items()},
    )


def waiting():
    rows = IncomingUnits.objects.order_by("reference", "item__sku", "units")
    return list(rows.values_list("reference", "item__sku", "units"))


def test_what_a_source_says_of_a_delivery_replaces_what_it_said_before(store, mug, tea):
    announce(store, {mug: 5, tea: 3})
    announce(store, {mug: 5, tea: 3})
    announce(store, {mug: 7}, reference="DN-2")
    announce(store, {tea: 4, mug: 0})

    assert waiting() == [("DN-1", "TEA", 4), ("DN-2", "MUG", 7)]


def test_deliveries_of_other_stores_and_sources_are_left_alone(store, mug):
    announce(store, {mug: 5})
    announce(make_store(), {mug: 6})
    announce(store, {mug: 7}, source="wms")

    announce(store, {})

    assert waiting() == [("DN-1", "MUG", 6), ("DN-1", "MUG", 7)]


@pytest.mark.parametrize(
    "values",
    [
        {"reference": ""},
        {"reference": "x" * 121},
        {"days": -15},
        {"days": 732},
        {"count": -1},
        {"count": MOST_UNITS + 1},
    ],
)
def test_what_cannot_be_is_refused(values, store, mug):
    count = values.pop("count", 1)

    with pytest.raises(Invalid):
        announce(store, {mug: count}, **values)


def test_incoming_units_are_shown_and_never_part_of_the_number(store, channel, mug):
    stock(store, {mug: 2})
    before = available(channel=channel, store_ids=[store.pk], item_ids=[mug.pk])
    announce(store, {mug: 24}, source="api:erp", days=3)
    announce(store, {mug: 6}, source="wms", days=1)

    story = explain(channel=channel, store=store, item=mug)

    assert story.position == before[store.pk, mug.pk]
    assert [(row.reference, row.units) for row in story.incoming] == [("", 6), ("DN-1", 24)]


def test_the_api_shows_them_with_the_terms_alone(store, channel, mug, tea):
    stock(store, {mug: 2})
    announce(store, {mug: 24}, source="api:erp", days=3)
    announce(store, {mug: 6}, source="wms", reference="DN-9", days=1)
    first = IncomingUnits.objects.get(source="wms").expected_at
    api = Api(channel)

    plain = api.get("/v1/availability?store=S1&sku=MUG&sku=TEA").json()["items"]
    explained = api.get("/v1/availability?store=S1&sku=MUG&sku=TEA&explain=1").json()["items"]
    why = api.get("/v1/availability/why?store=S1&sku=MUG").json()

    assert [row["available"] for row in explained] == [row["available"] for row in plain] == [2, 0]
    assert "incoming" not in plain[0]
    shown = explained[0]["incoming"]
    assert (shown["quantity"], shown["expected_at"]) == (30, _json(first))
    assert explained[1]["incoming"] is None
    assert why["available"] == 2
    told = [(row["reference"], row["quantity"]) for row in why["incoming"]]
    assert told == [(None, 6), ("DN-1", 24)]


def _json(moment):
    return moment.isoformat().replace("+00:00", "Z")


def test_what_arrives_is_taken_off_down_to_nothing(store, mug, tea):
    announce(store, {mug: 5, tea: 3})
    announce(store, {mug: 5}, reference="DN-2")
    announce(make_store(), {mug: 8})

    arrive(store_id=store.pk, arrivals={("DN-1", mug.pk): 2, ("DN-1", tea.pk): 9, ("?", tea.pk): 1})
    arrive(store_id=store.pk, arrivals={})

    assert sorted(waiting()) == [("DN-1", "MUG", 3), ("DN-1", "MUG", 8), ("DN-2", "MUG", 5)]


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({"kind": "adjustment", "reason": "received", "quantity": 3}, 2),
        ({"kind": "transfer", "quantity": 9}, 0),
        ({"kind": "transfer", "quantity": -3}, 5),
        ({"kind": "adjustment", "reason": "found", "quantity": 3}, 5),
        ({"kind": "transfer", "quantity": 3, "reference": "DN-2"}, 5),
    ],
)
def test_the_stock_event_of_an_arrival_takes_it_off_once(told, left, store, mug):
    announce(store, {mug: 5})
    values = {"event_id": "e1", "store_id": store.pk, "item_id": mug.pk, "reference": "DN-1"}
    event = StockEvent(**(values | {"occurred_at": clock.now()} | told))

    record_stock_events(source="pos", events=[event])
    record_stock_events(source="pos", events=[event])

    assert sum(units for _, _, units in waiting()) == left


def test_what_is_two_weeks_late_is_forgotten_by_the_daily_clean_up(store, mug, tea, monkeypatch):
    announce(store, {mug: 5}, days=1)
    announce(store, {tea: 5}, reference="DN-2", days=3)

    with clock.turned_to(clock.now() + timedelta(days=16)):
        assert retention.run()["overdue_incoming_units"] == 1
        assert waiting() == [("DN-2", "TEA", 5)]
        assert sweep_overdue() == 0


class Sender:
    """A key that announces deliveries."""

    def __init__(self, channel, **key):
        self.api = Api(channel, **key)

    def put(self, body, reference="DN-1"):
        return self.api.client.put(
            f"/v1/stock/incoming/{reference}",
            body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
        )


@pytest.fixture
def announcer(store, channel, mug):
    return Sender(channel)


def body(**values):
    return {
        "store": "S1",
        "expected_at": _json(clock.now() + timedelta(days=2)),
        "lines": [{"sku": "MUG", "quantity": 12}],
    } | values


def test_a_delivery_is_announced_read_and_withdrawn_over_the_api(store, channel, mug, tea):
    sender, asked = Sender(channel), body()

    first = sender.put(asked, "LKW/7 a")
    again = sender.put(asked, "LKW/7 a")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json() == sender.api.get("/v1/stock/incoming/LKW/7 a").json()
    assert first.json() == {
        "reference": "LKW/7 a",
        "stores": [
            {
                "store": "S1",
                "expected_at": asked["expected_at"],
                "lines": [{"sku": "MUG", "quantity": 12}],
            }
        ],
    }
    assert sender.put(body(lines=[]), "LKW/7 a").json()["stores"] == []
    assert sender.api.get("/v1/stock/incoming/LKW/7 a").status_code == 404


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"store": "nowhere"}, 404, "not_found"),
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, 422, "unknown_sku"),
        ({"lines": [{"sku": "MUG", "quantity": 1}] * 2}, 422, "listed_twice"),
        ({"lines": [{"sku": "MUG", "quantity": -1}]}, 400, "invalid_fields"),
        ({"lines": [{"sku": "MUG", "quantity": 1.5}]}, 400, "invalid_fields"),
        ({"lines": [{"sku": "MUG", "quantity": 1}] * 1001}, 400, "invalid_fields"),
        ({"expected_at": "2020-01-01T00:00:00Z"}, 422, "invalid"),
        ({"expected_at": "9999-12-31T23:59:59Z"}, 422, "invalid"),
        ({"expected_at": "soon"}, 400, "invalid_fields"),
        ({"extra": 1}, 400, "invalid_fields"),
    ],
)
def test_bad_news_of_a_delivery_is_refused_with_a_code(values, status, code, announcer):
    reply = announcer.put(body(**values))

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert waiting() == []


def test_a_reference_that_is_too_long_is_refused(store, channel, mug):
    assert Sender(channel).put(body(), "x" * 121).json()["code"] == "invalid"


def test_stores_out_of_reach_are_neither_told_nor_written(store, channel, mug):
    Sender(channel).put(body())
    stranger = Sender(channel, stores=[make_store()])

    assert stranger.put(body()).status_code == 404
    assert stranger.api.get("/v1/stock/incoming/DN-1").status_code == 404


def test_a_test_key_announces_nothing(store, channel, mug):
    assert Sender(channel, is_test=True).put(body()).json()["code"] == "test_key"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_words_on_one_delivery_end_as_one_of_them_while_some_of_it_comes():
    store, items = make_store(), [make_item() for _ in range(6)]
    words = [dict.fromkeys(items, 5), dict.fromkeys(items[:3], 7)]

    def work(number):
        for _ in range(5):
            if number == 0:
                arrive(store_id=store.pk, arrivals={("DN-1", item.pk): 1 for item in items[::-1]})
            else:
                announce(store, words[number % 2])

    at_once(5, work)
    announce(store, words[1])

    assert [units for _, _, units in waiting()] == [7, 7, 7]
