"""Sites that follow the change feed while sixteen writers make a hundred thousand changes."""

import gzip
import json
import random
import threading
import time
from collections import Counter

import pytest
from django.db.models import Sum
from django.test import Client

from hub import clock
from hub.api.keys import create_key
from inventory.ledger import StockEvent
from inventory.models import EventKind, InventoryEvent, StockLevel, StockTouch
from inventory.services.allocations import allocate, release
from inventory.services.availability import available
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store, stock
from tests.racing import at_once

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]
BUSY, TRIES = 503, 5  # a site that is told to come again does so
WRITERS, CHANGES, PER_CALL = 16, 100_000, 50
STORES, ITEMS = 4, 150
SECONDS = 600


class Chain:
    """Stores, items, and a site that may read all of it."""

    def __init__(self):
        self.stores = [make_store() for _ in range(STORES)]
        self.items = [make_item() for _ in range(ITEMS)]
        for store in self.stores:
            stock(store, dict.fromkeys(self.items, 100_000))
        self.channel = make_channel()
        secret = create_key(channel=self.channel, name="s", scopes=["availability:read"])[1]
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})
        self.writing = threading.Barrier(WRITERS)
        self.written = threading.Event()

    def write(self, number):
        """A writer's share: sales and returns, and now and then an order that comes and goes."""
        chance = random.Random(number)
        for turn in range(CHANGES // WRITERS // PER_CALL):
            store = chance.choice(self.stores)
            record_stock_events(
                source=f"till-{number}", events=list(self._events(chance, store, f"{turn}"))
            )
            if turn % 5 == 0:
                reference = f"ful_{number}_{turn}"
                basket = {item.pk: 1 for item in chance.sample(self.items, 3)}
                allocate(reference=reference, channel=self.channel, store=store, lines=basket)
                release(reference=reference)
        self.writing.wait(SECONDS)
        self.written.set()

    def _events(self, chance, store, call):
        for place in range(PER_CALL):
            yield StockEvent(
                event_id=f"{call}-{place}",
                kind=chance.choice([EventKind.SALE, EventKind.RETURN]),
                store_id=store.pk,
                item_id=chance.choice(self.items).pk,
                quantity=chance.randint(1, 3),
                occurred_at=clock.now(),
            )

    def follow(self, number):
        """A site's copy once the feed has nothing more to say. Some sites begin with an export
        taken in the middle of it all, some with the first change there ever was."""
        copy, cursor = {}, None
        if number % 2:
            time.sleep(number)
            copy, cursor = self.export()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            over = self.written.is_set()  # looked at before the page is read
            page = self.page(cursor)
            cursor = page["next_cursor"]
            copy |= {(row["store"], row["sku"]): row["available"] for row in page["changes"]}
            if over and not page["changes"]:
                return copy
        raise AssertionError("the feed did not come to its end")

    def page(self, cursor):
        asked = {"limit": 500} | ({"cursor": cursor} if cursor else {})
        for _ in range(TRIES):
            reply = self.client.get("/v1/availability/changes", asked)
            if reply.status_code != BUSY:
                break
            time.sleep(float(reply["Retry-After"]))
        assert reply.status_code == 200, reply.content
        return reply.json()

    def export(self):
        packed = b"".join(self.client.get("/v1/availability/export").streaming_content)
        lines = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
        head, *rows, end = lines
        assert end == {"end": len(rows)}
        return {(row["store"], row["sku"]): row["available"] for row in rows}, head["cursor"]

    def truth(self):
        skus = {item.pk: item.sku for item in self.items}
        codes = {store.pk: store.code for store in self.stores}
        found = available(channel=self.channel, store_ids=list(codes), item_ids=list(skus))
        return {(codes[s], skus[i]): position.atp for (s, i), position in found.items()}


def test_every_site_ends_with_exactly_what_the_table_says():
    chain, sites = Chain(), 4

    def work(number):
        return chain.follow(number) if number < sites else chain.write(number)

    copies = at_once(WRITERS + sites, work, seconds=SECONDS)[:sites]

    told = Counter(InventoryEvent.objects.values_list("kind", flat=True))
    assert told["sale"] + told["return"] == CHANGES
    assert copies == [chain.truth()] * sites
    assert not StockTouch.objects.exists()
    ledger = InventoryEvent.objects.aggregate(units=Sum("on_hand_change"))["units"]
    assert ledger == StockLevel.objects.aggregate(units=Sum("on_hand"))["units"]
