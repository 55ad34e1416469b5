"""Followers of the change feed, while many change stock: none of them misses anything."""

from __future__ import annotations

import random
import threading
import time

import pytest

from inventory.models import StockTouch
from inventory.services.allocations import allocate, release
from inventory.services.availability import available
from inventory.services.changes import changes_after, export, head
from tests.factories import make_channel, make_item, make_store, stock
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WRITERS, FOLLOWERS, TURNS = 8, 4, 20


class Town:
    """A store, its items, and a site's copy of the stock with the place where it was taken."""

    def __init__(self):
        self.store, self.channel = make_store(), make_channel()
        self.items = [make_item() for _ in range(6)]
        stock(self.store, dict.fromkeys(self.items, 1000))
        self.start = head()
        rows = export(channel=self.channel, stores=[self.store])
        self.copy = {sku: row.atp for _, sku, row in rows}
        self.writing = threading.Barrier(WRITERS)
        self.written = threading.Event()

    def write(self, number):
        chance = random.Random(number)
        for turn in range(TURNS):
            lines = {item.pk: chance.randint(1, 3) for item in chance.sample(self.items, 3)}
            reference = f"ful_{number}_{turn}"
            allocate(reference=reference, channel=self.channel, store=self.store, lines=lines)
            if chance.random() < 0.5:
                release(reference=reference)
        self.writing.wait(30)
        self.written.set()

    def follow(self):
        """The copy, once the feed has nothing more to say."""
        copy, cursor, end = dict(self.copy), self.start, time.monotonic() + 30
        while time.monotonic() < end:
            over = self.written.is_set()  # looked at before the page is read
            page, cursor = changes_after(channel=self.channel, position=cursor, limit=3)
            copy |= {row.sku: row.availability.atp for row in page if row.availability}
            if over and not page:
                break
        return copy

    def truth(self):
        items = {item.pk: item.sku for item in self.items}
        found = available(channel=self.channel, store_ids=[self.store.pk], item_ids=list(items))
        return {items[item]: position.atp for (_, item), position in found.items()}


def test_followers_end_with_exactly_what_the_table_says():
    town = Town()

    def work(number: int):
        return town.follow() if number < FOLLOWERS else town.write(number)

    copies = at_once(WRITERS + FOLLOWERS, work)[:FOLLOWERS]

    assert copies == [town.truth()] * FOLLOWERS
    assert not StockTouch.objects.exists()
