"""The questions asked most often find their rows by index, however large the tables are."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub import clock
from inventory.ledger import StockEvent
from inventory.models import EventKind, StockLevel
from inventory.services.allocations import allocate, hand_off
from inventory.services.availability import (
    available,
    available_of,
    network_totals,
    promised_by_reference,
)
from inventory.services.changes import changes_after
from inventory.services.counts import record_item_counts
from inventory.services.explaining import explain
from inventory.services.holds import place_hold, release_hold, sweep_holds
from inventory.services.near import stores_near
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store

pytestmark = pytest.mark.django_db
STORES, ITEMS = 60, 150
LARGE = {
    "inventory_stocklevel",
    "inventory_inventoryevent",
    "inventory_stockchange",
    "inventory_hold",
    "inventory_holdline",
    "inventory_allocation",
    "inventory_safetystock",
    "inventory_incomingunits",
}
LIVING_HOLDS = "hold_expiry"  # a short index may be read as a whole
# Small tables are gladly read through for these: off, they show what large ones would get.
SMALL_ONLY = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
# A ledger, a feed, carts, orders and rules for every item in every store.
FILL = """
INSERT INTO inventory_stocklevel (store_id, item_id, on_hand, unavailable, allocated, held)
SELECT store.id, item.id, 50, 0, 0, 0 FROM stores_store store, inventory_item item;
INSERT INTO inventory_inventoryevent (source, source_event_id, store_id, item_id, kind, quantity,
    on_hand_change, allocated_change, superseded, reason, reference, occurred_at)
SELECT 'seed', store_id || ':' || item_id, store_id, item_id, 'count', 50, 50, 0, false, '', '',
    now() - interval '1 day' FROM inventory_stocklevel;
INSERT INTO inventory_stockchange (store_id, item_id, position, changed_at)
SELECT store_id, item_id, row_number() OVER (), now() FROM inventory_stocklevel;
INSERT INTO inventory_safetystock (store_id, item_id, category, units)
SELECT store_id, item_id, '', 1 FROM inventory_stocklevel;
INSERT INTO inventory_hold (public_id, channel_id, store_id, status, expires_at)
SELECT 'hld_' || level.id, channel.id, store_id, 'expired', now()
FROM inventory_stocklevel level, stores_saleschannel channel;
INSERT INTO inventory_holdline (hold_id, item_id, quantity)
SELECT hold.id, level.item_id, 1 FROM inventory_hold hold
JOIN inventory_stocklevel level ON hold.public_id = 'hld_' || level.id;
INSERT INTO inventory_allocation (reference, store_id, item_id, quantity, released, handed_off)
SELECT 'ful_' || id, store_id, item_id, 1, 1, 0 FROM inventory_stocklevel;
INSERT INTO inventory_incomingunits (source, reference, store_id, item_id, units, expected_at)
SELECT 'seed', 'note', store_id, item_id, 1, now() FROM inventory_stocklevel;
DELETE FROM inventory_stocktouch;
ANALYZE
"""


@pytest.fixture
def town():
    """Many stores and items, and one of each to ask about."""
    return Town()


class Town:
    def __init__(self):
        self.channel = make_channel()
        self.stores = [make_store() for _ in range(STORES)]
        self.items = [make_item() for _ in range(ITEMS)]
        with connection.cursor() as cursor:
            for statement in FILL.split(";\n"):
                cursor.execute(statement)
        self.store, self.item = self.stores[7], self.items[9]
        self.place = {"channel": self.channel, "store": self.store}
        self.some = [item.pk for item in self.items[:8]]

    def plan(self, ask):
        """Every (table, column conditions of the index used) that answering took."""
        ask()  # what is read once per process is read now
        with CaptureQueriesContext(
            connection,
        ) as asked:
            ask()
        found = set()
        for query in asked.captured_queries:
            sql = query["sql"].lstrip()
            if sql.split()[0] in ("SELECT", "WITH", "UPDATE", "INSERT", "DELETE"):
                found |= set(_reads(_explained(sql)))
        return found


def _explained(sql):
    with connection.cursor() as cursor:
        for way in SMALL_ONLY:
            cursor.execute(f"SET LOCAL {way} = off")
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
        plan = cursor.fetchone()[0]
        for way in SMALL_ONLY:
            cursor.execute(f"SET LOCAL {way} = on")
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def _reads(node):
    """A scan that stops at its limit is short; a bitmap's conditions stand one level below."""
    way = node["Node Type"]
    if "Relation Name" in node and way != "ModifyTable":
        found = node.get("Index Cond") or node.get("Recheck Cond")
        yield node["Relation Name"], found or node.get("Index Name") == LIVING_HOLDS
    if way not in ("Limit", "Bitmap Heap Scan"):
        for inner in node.get("Plans", []):
            yield from _reads(inner)


def event(town, number):
    return StockEvent(
        event_id=f"e{number}",
        kind=EventKind.SALE,
        store_id=town.store.pk,
        item_id=town.item.pk,
        quantity=1,
        occurred_at=clock.now(),
    )


class Numbers:
    """A new number each time."""

    def __init__(self):
        self.last = 0

    def __call__(self):
        self.last += 1
        return self.last


NEXT = Numbers()
QUESTIONS = {
    "one position": lambda town: promised_by_reference(
        channel=town.channel, stores=[town.store.code], skus=[town.item.sku]
    ),
    "a basket": lambda town: available(
        channel=town.channel, store_ids=[town.store.pk], item_ids=town.some
    ),
    "pairs": lambda town: available_of(
        channel=town.channel, pairs=[(town.store.pk, item) for item in town.some]
    ),
    "stores near": lambda town: stores_near(
        channel=town.channel,
        latitude=town.store.latitude,
        longitude=town.store.longitude,
        radius_metres=1000,
        lines=dict.fromkeys(town.some, 1),
        at_least="whole",
        limit=3,
    ),
    "all of an item": lambda town: network_totals(
        channel=town.channel, store_ids=[store.pk for store in town.stores[:5]], item_ids=town.some
    ),
    "a hold and its release": lambda town: release_hold(
        hold=place_hold(**town.place, lines={town.item.pk: 1})
    ),
    "the sweep": lambda _town: sweep_holds(),
    "an order and its hand-off": lambda town: _order(town, f"ful_x{NEXT()}"),
    "a sale": lambda town: record_stock_events(source="till", events=[event(town, NEXT())]),
    "a count": lambda town: record_item_counts(
        store=town.store,
        source="till",
        as_of=clock.now() - timedelta(minutes=1),
        counts={town.item.pk: 40 + NEXT() % 5},
        event_prefix=f"c{NEXT()}",
    ),
    "the feed": lambda town: changes_after(
        channel=town.channel, position=STORES * ITEMS - 20, limit=10
    ),
    "why": lambda town: explain(**town.place, item=town.item),
}


def _order(town, reference):
    allocate(reference=reference, **town.place, lines={town.item.pk: 1})
    hand_off(reference=reference, lines={town.item.pk: 1})


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_large_table_is_read_through(question, town):
    reads = town.plan(lambda: QUESTIONS[question](town))

    assert {table for table, found in reads if not found} & LARGE == set()


def test_a_question_without_an_index_would_be_noticed(town):
    reads = town.plan(lambda: list(StockLevel.objects.filter(on_hand=3)))

    assert ("inventory_stocklevel", False) in reads
