"""Stock files beside everybody else who moves stock: one runner, no lost unit, no deadlock."""

import contextlib
import random
from datetime import timedelta

import pytest

from hub import clock
from inventory.errors import InsufficientStock
from inventory.models import InventoryEvent, StockFile, StockLevel, StoreFeed
from inventory.services import files
from inventory.services.allocations import allocate
from inventory.services.counts import record_counts
from inventory.services.feeding import looking
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_invariants import broken
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture(autouse=True)
def _feeds(settings, tmp_path, monkeypatch):
    settings.FEEDS_DIR = tmp_path / "feeds"
    monkeypatch.setattr(looking, "CHUNK_LINES", 40)


def receive(rows, **values):
    content = "store,sku,on_hand\n" + "".join(f"{store},{sku},{n}\n" for store, sku, n in rows)
    values = {"name": "s.csv", "source": "erp", "as_of": clock.now()} | values
    return files.receive_file(content=[content.encode()], **values)[0]


def test_of_many_runners_one_runs_the_file():
    stores, items = [make_store() for _ in range(4)], [make_item() for _ in range(30)]
    file = receive([(store.code, item.sku, 5) for store in stores for item in items])

    def work(_number: int) -> str:
        return str(files.run_file(file=StockFile.objects.get(pk=file.pk)).status)

    at_once(8, work)

    file.refresh_from_db()
    assert (file.status, file.lines_done, file.result["applied"]) == ("done", 120, 120)
    assert InventoryEvent.objects.count() == 120
    assert broken() == set()


def test_the_same_file_brought_many_times_at_once_is_one():
    make_store(code="S1")
    make_item(sku="MUG")
    as_of = clock.now()

    brought = at_once(8, lambda _number: receive([("S1", "MUG", 5)], as_of=as_of).pk)

    assert len(set(brought)) == 1
    assert StockFile.objects.count() == 1


def test_files_counts_and_baskets_pass_each_other():
    stores, items = [make_store() for _ in range(4)], [make_item() for _ in range(30)]
    channel, before = make_channel(), clock.now() - timedelta(minutes=30)
    for store in stores:
        stock(store, dict.fromkeys(items, 1_000))
    rows = [(store.code, item.sku) for store in stores for item in items]

    def work(number: int) -> None:
        chance = random.Random(number)
        for turn in range(3):
            store, moment = chance.choice(stores), before + timedelta(seconds=10 * turn + number)
            if number % 4 == 0:
                file = receive([(*row, 900 + turn) for row in rows], complete=True, as_of=moment)
                files.run_file(file=file)
            elif number % 4 == 1:
                counts = {item.sku: 800 + turn for item in chance.sample(items, 20)}
                record_counts(
                    store=store, source="pos", as_of=moment, counts=counts, event_prefix=f"{moment}"
                )
            else:
                lines = {item.pk: 1 for item in chance.sample(items, 20)}
                reference = f"ful_{number}_{turn}"
                allocate(reference=reference, channel=channel, store=store, lines=lines)

    at_once(8, work)  # a deadlock would raise here

    assert set(StockFile.objects.values_list("status", flat=True)) == {"done"}
    assert StoreFeed.objects.count() == 4
    assert broken() == set()


def test_a_count_that_makes_and_zeroes_levels_locks_them_in_one_order():
    """Two complete counts and baskets from the other end; each names half of what is there."""
    store, channel = make_store(), make_channel()
    items = [make_item() for _ in range(40)]
    stock(store, dict.fromkeys(items, 500))

    def work(number: int) -> None:
        for turn in range(4):
            if number % 2:
                lines = {item.pk: 1 for item in items[::-1]}
                reference = f"ful_{number}_{turn}"
                with contextlib.suppress(InsufficientStock):
                    allocate(reference=reference, channel=channel, store=store, lines=lines)
                continue
            half = items[number // 2 % 2 :: 2]
            record_counts(
                store=store,
                source="erp",
                as_of=clock.now() - timedelta(minutes=5) + timedelta(seconds=turn),
                counts={item.sku: 400 + number for item in items[:20] + half},
                event_prefix=f"c-{number}-{turn}",
                complete=number == 2,
            )

    at_once(6, work)  # a deadlock would raise here

    assert StockLevel.objects.filter(store=store).count() == 40
    assert broken() == set()
