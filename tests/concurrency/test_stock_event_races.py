"""Stock events that arrive at the same moment: each counts once, and none waits for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import clock
from inventory.ledger import StockEvent
from inventory.models import InventoryEvent, StockLevel
from inventory.services.allocations import allocate, hand_off
from inventory.services.counts import record_counts
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store, stock
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def sale(store, item, number):
    return StockEvent(
        event_id=f"{store.pk}:{item.pk}:{number}",
        kind="sale",
        store_id=store.pk,
        item_id=item.pk,
        quantity=1,
        occurred_at=clock.now() - timedelta(minutes=1),
    )


def test_the_same_events_told_by_many_at_once_in_any_order_count_once():
    stores, items = [make_store(), make_store()], [make_item(), make_item()]
    for store in stores:
        stock(store, dict.fromkeys(items, 100))
    events = [sale(s, i, number) for s in stores for i in items for number in range(5)]

    def tell(number: int):
        mine = events if number % 2 else events[::-1]
        return [row.status for row in record_stock_events(source="till", events=mine)]

    told = [status for statuses in at_once(8, tell) for status in statuses]

    assert told.count("applied") == len(events)
    assert told.count("duplicate") == 7 * len(events)
    assert set(StockLevel.objects.values_list("on_hand", flat=True)) == {95}


def test_sales_beside_orders_and_hand_offs_lose_nothing():
    store, channel, item = make_store(), make_channel(), make_item()
    stock(store, {item: 1000})

    def work(number: int) -> None:
        for turn in range(5):
            if number % 2:
                event = sale(store, item, f"{number}-{turn}")
                record_stock_events(source="till", events=[event])
            else:
                reference = f"ful_{number}_{turn}"
                allocate(reference=reference, channel=channel, store=store, lines={item.pk: 1})
                hand_off(reference=reference, lines={item.pk: 1})

    at_once(16, work)

    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, level.deficit) == (920, 0, 0)


def test_a_sale_before_a_complete_count_is_never_taken_off_it():
    """Without the lock between them the count may pass a row over that the sale then changes."""
    item = make_item()
    for turn in range(15):
        store = make_store()
        stock(store, {item: 10})
        now = clock.now()
        before = StockEvent(
            event_id=f"sale-{turn}",
            kind="sale",
            store_id=store.pk,
            item_id=item.pk,
            quantity=3,
            occurred_at=now - timedelta(minutes=5),
        )

        def work(number: int, store=store, before=before, now=now, turn=turn):
            if number:
                return record_stock_events(source="till", events=[before])
            return record_counts(
                store=store,
                source="pos",
                as_of=now,
                counts={item.sku: 10},
                event_prefix=f"full-{turn}",
                complete=True,
            )

        at_once(2, work)

        assert StockLevel.objects.get(store=store).on_hand == 10
    assert InventoryEvent.objects.filter(kind="sale").count() == 15
