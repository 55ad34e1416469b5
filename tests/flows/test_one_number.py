"""Whoever asks what can be promised hears the same: site, feed, routing, guard and the store."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.api.keys import create_key
from hub.ids import new_id
from inventory.errors import InsufficientStock
from inventory.models import (
    ChannelBuffer,
    Item,
    SafetyStock,
    SalesStop,
    StockLevel,
    StoreFeed,
)
from inventory.services.allocations import allocate
from inventory.services.explaining import tell
from orders.errors import NoStore
from orders.routing.geography import Point
from orders.routing.services import route
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db

units = st.integers(0, 12)
levels = st.fixed_dictionaries(
    {"on_hand": st.integers(0, 40), "unavailable": units, "allocated": units, "held": units}
)
safety = st.one_of(
    st.none(),
    st.tuples(st.sampled_from(["here", "everywhere", "item", "item here", "category"]), units),
)
buffers = st.one_of(st.none(), st.tuples(units, st.integers(0, 100)))
stops = st.sampled_from([None, "not_for_pickup", "suppressed_for_channel", "recalled"])
missed = st.sampled_from([None, 0, 1, 3, 4, 9])


class Town:
    """A store with one item, a site that sells it, and everybody who may be asked about it."""

    def __init__(self):
        self.store, self.item = make_store(), make_item(category="kitchen")
        stock(self.store, {self.item: 1})
        self.channel = make_channel()
        secret = create_key(channel=self.channel, name="s", scopes=["availability:read"])[1]
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})

    def arrange(self, level, rule, buffer, stop, silence):
        """The stock and the rules, in place of those before."""
        for model in (SafetyStock, ChannelBuffer, SalesStop, StoreFeed):
            model.objects.all().delete()
        StockLevel.objects.filter(store=self.store).update(**level)
        places = {
            "here": {"store": self.store},
            "everywhere": {},
            "item": {"item": self.item},
            "item here": {"store": self.store, "item": self.item},
            "category": {"category": "kitchen"},
        }
        if rule:
            SafetyStock.objects.create(**places[rule[0]], units=rule[1])
        if buffer:
            ChannelBuffer.objects.create(channel=self.channel, units=buffer[0], percent=buffer[1])
        if stop:
            SalesStop.objects.create(item=self.item, store=self.store, reason=stop)
        if silence is not None:
            since = clock.now() - timedelta(minutes=10 * silence + 1)
            StoreFeed.objects.create(store=self.store, counted_as_of=since, expected_minutes=10)

    def answers(self):
        """What each of them says, by who says it."""
        one = {"store": self.store.code, "sku": self.item.sku}
        place = {"latitude": self.store.latitude, "longitude": self.store.longitude}
        near = self.read("near", sku=self.item.sku, radius_metres=1000, **place)
        story = tell(store=self.store, item=self.item)
        return {
            "point": self.read("", **one)["items"][0]["available"],
            "explained": self.read("", **one, explain=1)["items"][0]["available"],
            "why": self.read("why", **one)["available"],
            "network": self.read("network", sku=self.item.sku)["items"][0]["available"],
            "near": near["stores"][0]["lines"][0]["available"],
            "feed": self.fed(),
            "export": self.exported(),
            "workspace": dict(story.positions)[self.channel].atp,
            "guard": self.most(self.allocated),
            "routing": self.most(self.routed),
        }

    def read(self, what, **asked):
        return self.client.get(f"/v1/availability/{what}".rstrip("/"), asked).json()

    def fed(self):
        found, page = None, {"next_cursor": ""}
        while True:
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
            page = self.read("changes", **cursor)
            if not page["changes"]:
                return found
            for row in page["changes"]:
                if row["type"] == "position":
                    found = row["available"]

    def exported(self):
        reply = self.client.get("/v1/availability/export")
        lines = gzip.decompress(b"".join(reply.streaming_content)).splitlines()
        return json.loads(lines[1])["available"]

    def most(self, try_to):
        """The largest order that is taken: found by trying, and taken back each time."""
        least, beyond = 0, 60
        while beyond - least > 1:
            quantity = (least + beyond) // 2
            with transaction.atomic():
                taken = try_to({self.item.pk: quantity})
                transaction.set_rollback(True)
            least, beyond = (quantity, beyond) if taken else (least, quantity)
        return least

    def allocated(self, lines):
        try:
            with transaction.atomic():
                allocate(
                    reference=new_id("ful"), channel=self.channel, store=self.store, lines=lines
                )
        except InsufficientStock:
            return False
        return True

    def routed(self, lines):
        near = Point(self.store.latitude, self.store.longitude)
        try:
            with transaction.atomic():
                route(channel=self.channel, reference=new_id("ful"), lines=lines, near=near)
        except NoStore:
            return False
        return True


@pytest.fixture
def town():
    return Town()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=st.tuples(levels, safety, buffers, stops, missed))
def test_everybody_who_is_asked_says_the_same_number(case, town):
    town.arrange(*case)

    answers = town.answers()

    assert set(answers.values()) == {answers["point"]}, answers


def test_there_is_an_item_to_ask_about(town):
    town.arrange(
        {"on_hand": 20, "unavailable": 1, "allocated": 2, "held": 3},
        ("item", 4),
        (2, 10),
        None,
        1,
    )

    assert set(town.answers().values()) == {20 - 1 - 2 - 3 - 4 - 2 - 2 - 1}
    assert Item.objects.count() == 1
