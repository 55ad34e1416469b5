"""The change feed: everything that changes what a site may sell is told, and the export joins."""

import gzip
import json
from datetime import timedelta

import pytest

from hub import clock
from inventory.models import (
    ChannelBuffer,
    SafetyStock,
    SalesStop,
    StockChange,
    StockLevel,
    StockTouch,
    StoreFeed,
)
from inventory.services.allocations import allocate, hand_off
from inventory.services.availability import available
from inventory.services.changes import notice_silence
from inventory.services.holds import place_hold, release_hold
from inventory.tasks import place_changes
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG", category="kitchen")
    stock(store, {item: 10})
    return item


class Follower:
    """A site that follows the feed."""

    def __init__(self, channel, **key):
        self.api = Api(channel, **key)
        self.cursor = None

    def news(self, limit=200):
        after = f"&cursor={self.cursor}" if self.cursor else ""
        reply = self.api.get(f"/v1/availability/changes?limit={limit}{after}")
        assert reply.status_code == 200, reply.content
        page = reply.json()
        self.cursor = page["next_cursor"]
        return [
            (row["store"], row["sku"], row["category"], row.get("available"))
            for row in page["changes"]
        ]


@pytest.fixture
def site(channel, mug):
    follower = Follower(channel)
    assert follower.news() == [("S1", "MUG", None, 10)]
    assert follower.news() == []
    return follower


def test_every_change_of_stock_is_told_with_what_is_left(site, channel, store, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 2})
    held = site.news()
    release_hold(hold=hold)
    back = site.news()
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 3})
    sold = site.news()
    hand_off(reference="ful_1", lines={mug.pk: 3})
    stock(store, {mug: 4}, minutes_ago=0)

    assert [held, back, sold] == [[("S1", "MUG", None, left)] for left in (8, 10, 7)]
    assert site.news() == [("S1", "MUG", None, 4)]
    assert site.news() == []


def test_several_changes_of_a_position_are_told_as_one(site, channel, store, mug):
    tea = make_item(sku="TEA")
    stock(store, {tea: 5})
    for number in range(3):
        allocate(reference=f"ful_{number}", channel=channel, store=store, lines={mug.pk: 1})

    assert site.news(limit=1) == [("S1", "TEA", None, 5)]
    assert site.news(limit=1) == [("S1", "MUG", None, 7)]
    assert site.news(limit=1) == []


def test_a_conversion_that_leaves_availability_alone_is_not_told(site, store, mug):
    StockLevel.objects.update(counted_at=clock.now())

    assert site.news() == []


RULES = {
    "safety stock of all": (lambda p: SafetyStock.objects.create(units=1), (None, None, None)),
    "safety stock of a category": (
        lambda p: SafetyStock.objects.create(store=p["store"], category="kitchen", units=1),
        ("S1", None, "kitchen"),
    ),
    "buffer": (
        lambda p: ChannelBuffer.objects.create(channel=p["channel"], units=1),
        (None, None, None),
    ),
    "stop": (
        lambda p: SalesStop.objects.create(item=p["mug"], reason="recalled"),
        (None, "MUG", None),
    ),
    "pickup": (
        lambda p: type(p["store"]).objects.update(pickup_enabled=False),
        ("S1", None, None),
    ),
    "category": (lambda p: type(p["mug"]).objects.update(category="x"), (None, "MUG", None)),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_change_of_a_rule_is_told_as_the_scope_it_works_in(rule, site, channel, store, mug):
    change, scope = RULES[rule]

    change({"channel": channel, "store": store, "mug": mug})

    assert site.news() == [(*scope, None)]


def test_a_rule_for_one_item_in_one_store_is_told_as_that_position(site, store, mug):
    rule = SafetyStock.objects.create(store=store, item=mug, units=4)
    made = site.news()
    rule.delete()

    assert (made, site.news()) == ([("S1", "MUG", None, 6)], [("S1", "MUG", None, 10)])


def test_rules_of_other_sites_are_not_told(site, mug):
    ChannelBuffer.objects.create(channel=make_channel(), units=1)

    assert site.news() == []


def test_a_store_that_falls_silent_is_told_once_for_each_snapshot_missed(site, store):
    StoreFeed.objects.create(store=store, counted_as_of=clock.now(), expected_minutes=60)

    told = []
    for minutes in (59, 61, 62, 121):
        with clock.turned_to(clock.now() + timedelta(minutes=minutes)):
            notice_silence()
            told.append(site.news())

    scope = [("S1", None, None, None)]
    assert told == [[], scope, [], scope]


def test_a_key_for_some_stores_follows_these(channel, store, mug):
    other = make_store(code="S2")
    stock(other, {mug: 5})

    assert Follower(channel, stores=[other]).news() == [("S2", "MUG", None, 5)]


@pytest.mark.parametrize("cursor", ["nonsense", "IngiCg", "LTE", "MS41"])
def test_a_cursor_that_is_none_is_refused(channel, cursor):
    reply = Api(channel).get(f"/v1/availability/changes?cursor={cursor}")

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_cursor")


def test_the_schedule_places_changes_while_nobody_reads(mug):
    assert StockTouch.objects.exists()

    assert place_changes() == StockChange.objects.get().position

    assert not StockTouch.objects.exists()


def read_export(reply):
    lines = [json.loads(line) for line in gzip.decompress(reply.getvalue()).splitlines()]
    return lines[0]["cursor"], lines[1:-1], lines[-1]


def test_the_export_has_everything_and_its_cursor_joins_the_feed(channel, store, mug):
    other = make_store(code="S2")
    stock(other, {mug: 5, make_item(sku="TEA"): 1})
    site = Follower(channel)

    reply = site.api.get("/v1/availability/export")
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 1})
    site.cursor, rows, end = read_export(reply)

    assert [tuple(row.values()) for row in rows][1:] == [("S2", "MUG", 5), ("S2", "TEA", 1)]
    assert end == {"end": 3}
    assert site.news() == [("S1", "MUG", None, 9)]


def test_the_export_of_one_store_is_that_of_the_formula(channel, store, mug):
    ChannelBuffer.objects.create(channel=channel, units=2)

    _, rows, _ = read_export(Api(channel).get("/v1/availability/export?store=S1"))

    position = available(channel=channel, store_ids=[store.pk], item_ids=[mug.pk])
    assert rows == [{"store": "S1", "sku": "MUG", "available": position[store.pk, mug.pk].atp}]
    assert rows[0]["available"] == 8


def test_another_keys_store_is_not_exported(channel, store):
    key = Api(channel, stores=[make_store()])

    assert key.get("/v1/availability/export?store=S1").status_code == 404
