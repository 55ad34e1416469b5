"""Recalls beside orders, counts and each other: whoever comes first, the goods are stopped."""

import pytest
from django.db import connection, transaction

from hub import clock
from inventory.errors import (
    InsufficientStock,
    ItemsRecalled,
)
from inventory.ledger import StockEvent
from inventory.models import (
    Allocation,
    Recall,
    StockLevel,
)
from inventory.services.allocations import allocate, convert_hold
from inventory.services.holds import place_hold
from inventory.services.recalls import (
    close_recall,
    finish_pull,
    open_recall,
)
from inventory.services.stock_events import record_stock_events
from inventory.services.stops import stop_after_short_pick
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def mug():
    return make_item(sku="MUG")


@pytest.fixture
def here(mug):
    store = make_store()
    stock(store, {mug: 10})
    return store


def recall_of(item, **values):
    return open_recall(**{"item": item, "reason": "glass splinters", "by": "chief"} | values)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [False, True])
def test_an_order_beside_a_recall_is_seen_by_it_or_refused(held):
    """The recall's own commit decides: whoever was quicker stands in the books before it."""
    channel, store, mug = make_channel(), make_store(), make_item()
    stock(store, {mug: 1000})
    for turn in range(12):
        hold = place_hold(channel=channel, store=store, lines={mug.pk: 1}) if held else None
        seen: list[set[str]] = []

        def work(number: int, hold=hold, turn=turn, seen=seen):
            reference = f"ful_{turn}"
            if number:
                with transaction.atomic():
                    recall_of(mug)
                with transaction.atomic():
                    seen.append(set(Allocation.objects.values_list("reference", flat=True)))
                return None
            try:
                with transaction.atomic():
                    if hold:
                        convert_hold(hold=hold, reference=reference, lines={mug.pk: 1})
                    else:
                        allocate(
                            reference=reference, channel=channel, store=store, lines={mug.pk: 1}
                        )
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_sleep(0.02)")
            except (InsufficientStock, ItemsRecalled):
                return None
            return reference

        placed = at_once(2, work)[0]

        assert placed is None or placed in seen[0]
        for recall in Recall.objects.filter(closed_at=None):
            close_recall(recall=recall)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_opening_and_closing_at_once_never_loses_the_stop_of_an_open_recall():
    store, mug = make_store(), make_item()
    stock(store, {mug: 10})
    for turn in range(8):
        old = recall_of(mug)

        def work(number: int, old=old):
            return recall_of(mug, reason="wrong label").pk if number else close_recall(recall=old)

        at_once(2, work)

        assert StockLevel.objects.get().stopped, turn
        for recall in Recall.objects.filter(closed_at=None):
            close_recall(recall=recall)
        assert not StockLevel.objects.get().stopped


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_pulls_beside_counts_sales_and_short_picks_block_nobody():
    mug, tea, stores = make_item(), make_item(), [make_store() for _ in range(4)]
    for store in stores:
        stock(store, {mug: 50, tea: 50})
    recall = recall_of(mug, lot="L-17")
    tasks = list(recall.tasks.order_by("store_id"))

    def work(number: int) -> None:
        store = stores[number // 4]
        if number % 4 == 0:
            finish_pull(task=tasks[number // 4], units=5)
        elif number % 4 == 1:
            stock(store, {mug: 40, tea: 40}, minutes_ago=1)
        elif number % 4 == 2:
            stop_after_short_pick(store_id=store.pk, item_ids=[mug.pk, tea.pk])
        else:
            events = [
                StockEvent(
                    event_id=f"{number}-{place.pk}-{item.pk}",
                    kind="return",
                    store_id=place.pk,
                    item_id=item.pk,
                    quantity=1,
                    occurred_at=clock.now(),
                )
                for place in stores[::-1]
                for item in (tea, mug, make_item())
            ]
            record_stock_events(source="till", events=events)

    at_once(16, work)  # a deadlock would raise here

    assert broken() == set()
