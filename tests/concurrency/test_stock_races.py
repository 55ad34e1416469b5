"""Whoever comes at the same moment: nothing is promised twice, and nobody waits for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from hub import clock
from hub.errors import HubError
from inventory.errors import AlreadyAllocated, HoldExpired, InsufficientStock, OverRelease
from inventory.models import Allocation, Hold, SafetyStock, StockLevel
from inventory.services.allocations import allocate, convert_hold, hand_off, release
from inventory.services.counts import record_counts
from inventory.services.holds import place_hold, release_hold, sweep_holds
from tests.factories import make_channel, make_item, make_store, stock
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG")
    stock(store, {item: 10})
    return item


def refused(job, *errors: type[HubError]):
    """What the job returned, or the class of the refusal."""
    try:
        return job()
    except errors as error:
        return type(error)


def level(store, item):
    row = StockLevel.objects.get(store=store, item=item)
    return row.on_hand, row.allocated, row.held


def test_64_buyers_of_10_units_get_exactly_10(store, channel, mug):
    def buy(number: int):
        lines = {mug.pk: 1}
        return refused(
            lambda: allocate(reference=f"ful_{number}", channel=channel, store=store, lines=lines),
            InsufficientStock,
        )

    results = at_once(64, buy)

    assert results.count(None) == 10
    assert results.count(InsufficientStock) == 54
    assert level(store, mug) == (10, 10, 0)


def test_64_carts_for_10_units_hold_exactly_10(store, channel, mug):
    def hold(_number: int):
        return refused(
            lambda: place_hold(channel=channel, store=store, lines={mug.pk: 1}).status,
            InsufficientStock,
        )

    results = at_once(64, hold)

    assert results.count(Hold.Status.ACTIVE) == 10
    assert level(store, mug) == (10, 0, 10)


def test_holds_and_direct_orders_share_the_same_units(store, channel, mug):
    SafetyStock.objects.create(store=store, units=3)

    def reserve(number: int):
        if number % 2:
            return refused(
                lambda: place_hold(channel=channel, store=store, lines={mug.pk: 1}).pk and None,
                InsufficientStock,
            )
        return refused(
            lambda: allocate(
                reference=f"ful_{number}", channel=channel, store=store, lines={mug.pk: 1}
            ),
            InsufficientStock,
        )

    results = at_once(32, reserve)

    assert results.count(None) == 7
    assert sum(level(store, mug)[1:]) == 7


def test_baskets_in_opposite_order_never_block_each_other(store, channel):
    first, second = make_item(), make_item()
    stock(store, {first: 1000, second: 1000})
    forwards = {first.pk: 1, second.pk: 1}
    backwards = {second.pk: 1, first.pk: 1}

    def buy(number: int) -> None:
        for turn in range(10):
            lines = forwards if number % 2 else backwards
            reference = f"ful_{number}_{turn}"
            allocate(reference=reference, channel=channel, store=store, lines=lines)
            hold = place_hold(channel=channel, store=store, lines=lines)
            release_hold(hold=hold)
            hand_off(reference=reference, lines=lines)

    at_once(16, buy)  # a deadlock would raise here

    assert level(store, first) == level(store, second) == (840, 0, 0)


def test_a_hold_is_used_once_however_many_orders_want_it(store, channel, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})

    def convert(number: int):
        mine = Hold.objects.get(pk=hold.pk)
        return refused(
            lambda: convert_hold(hold=mine, reference=f"ful_{number}", lines={mug.pk: 4}),
            HoldExpired,
        )

    results = at_once(16, convert)

    assert results.count(None) == 1
    assert level(store, mug) == (10, 4, 0)


def test_converting_releasing_and_sweeping_a_hold_end_it_once(store, channel, mug):
    for turn in range(5):
        hold = place_hold(channel=channel, store=store, lines={mug.pk: 1})
        Hold.objects.filter(pk=hold.pk).update(expires_at=clock.now() + timedelta(seconds=0.05))

        def end(number: int, hold_id: int = hold.pk, turn: int = turn):
            mine = Hold.objects.get(pk=hold_id)
            if number % 3 == 0:
                reference = f"ful_{turn}"
                lines = {mug.pk: 1}
                return refused(
                    lambda: convert_hold(hold=mine, reference=reference, lines=lines),
                    HoldExpired,
                    AlreadyAllocated,
                )
            return release_hold(hold=mine) if number % 3 == 1 else sweep_holds()

        at_once(9, end)
        sweep_holds()
        release(reference=f"ful_{turn}")

        assert level(store, mug) == (10, 0, 0)


def test_units_are_given_back_once_however_often_they_are_released(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})

    def give_back(number: int):
        if number % 2:
            return release(reference="ful_1")
        return refused(lambda: release(reference="ful_1", lines={mug.pk: 4}), OverRelease)

    at_once(16, give_back)

    assert level(store, mug) == (10, 0, 0)
    assert Allocation.objects.get().released == 4


def test_a_hand_off_and_a_cancel_share_the_units_out(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 8})

    def spend(number: int):
        verb = hand_off if number % 2 else release
        return refused(lambda: verb(reference="ful_1", lines={mug.pk: 3}), OverRelease)

    results = at_once(16, spend)

    allocation = Allocation.objects.get()
    assert results.count(None) == 2
    assert allocation.released + allocation.handed_off == 6
    assert level(store, mug) == (10 - allocation.handed_off, 2, 0)


def test_a_count_loses_no_hand_off_that_happens_meanwhile(store, channel, mug):
    """Counted before, handed off after: wherever the count falls, the goods are gone once."""
    stock(store, {mug: 100}, minutes_ago=30)
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 40})
    as_of = clock.now()

    def work(number: int) -> None:
        if number % 2:
            hand_off(reference="ful_1", lines={mug.pk: 2})
            return
        record_counts(
            store=store,
            source="test",
            as_of=as_of - timedelta(seconds=20 - number),
            counts={"MUG": 100},
            event_prefix=f"race-{number}",
        )

    at_once(20, work)

    assert level(store, mug) == (80, 20, 0)


def test_holds_and_counts_at_once_keep_the_promise_or_open_a_case(store, channel, mug):
    def work(number: int):
        if number % 2:
            return refused(
                lambda: place_hold(channel=channel, store=store, lines={mug.pk: 1}).status,
                InsufficientStock,
            )
        return record_counts(
            store=store,
            source="test",
            as_of=clock.now(),
            counts={"MUG": 3},
            event_prefix=f"race-{number}",
        ).shortfalls

    results = at_once(32, work)

    on_hand, _, held = level(store, mug)
    assert held == results.count(Hold.Status.ACTIVE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inventory_shortfallcase WHERE closed_at IS NULL")
        (cases,) = cursor.fetchone() or (0,)
    assert cases == int(held > on_hand)


def test_a_count_that_waited_for_a_hand_off_sees_it(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 10})
    before = clock.now()

    def work(number: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            if number:
                cursor.execute("SELECT pg_sleep(0.2)")
                record_counts(
                    store=store, source="test", as_of=before, counts={"MUG": 4}, event_prefix="race"
                )
            else:
                hand_off(reference="ful_1", lines={mug.pk: 10})
                cursor.execute("SELECT pg_sleep(0.5)")

    at_once(2, work)

    assert level(store, mug) == (0, 0, 0)


def test_counts_of_many_items_and_baskets_never_block_each_other(store, channel):
    items = [make_item() for _ in range(40)]
    stock(store, dict.fromkeys(items, 1000))
    skus = [item.sku for item in items]

    def work(number: int) -> None:
        for turn in range(4):
            if number % 2:
                lines = {item.pk: 1 for item in items[::-1]}
                reference = f"ful_{number}_{turn}"
                allocate(reference=reference, channel=channel, store=store, lines=lines)
                continue
            record_counts(
                store=store,
                source="test",
                as_of=clock.now(),
                counts=dict.fromkeys(skus if number % 4 else skus[::-1], 900 + turn),
                event_prefix=f"race-{number}-{turn}",
            )

    at_once(8, work)  # a deadlock would raise here

    assert {level(store, item)[1:] for item in items} == {(16, 0)}


def test_of_two_complete_counts_at_once_the_later_one_holds(store, channel):
    for turn in range(10):
        item = make_item()
        stock(store, {item: 5})
        now = clock.now()

        def count(number: int, item=item, now=now, turn=turn) -> None:
            record_counts(
                store=store,
                source="test",
                as_of=now - timedelta(seconds=number),
                counts={item.sku: 5 if number == 0 else 9},
                event_prefix=f"race-{turn}-{number}",
                complete=True,
            )

        at_once(2, count)

        assert level(store, item)[0] == 5


# --- the join trap ------------------------------------------------------------------------------

# The same guard, written the way an ORM writes it when the filter crosses a relation: what the
# subquery found is not looked at again after the wait for the row's lock.
_TRAP = """
UPDATE inventory_stocklevel SET allocated = allocated + 1
WHERE id IN (
    SELECT level.id FROM inventory_stocklevel level
    JOIN inventory_safetystock safety ON safety.store_id = level.store_id
    WHERE level.item_id = %s
      AND level.on_hand - level.unavailable - level.allocated - level.held - safety.units >= 1
)
"""


def test_a_guard_with_a_join_would_oversell_and_ours_does_not(store, channel, mug):
    SafetyStock.objects.create(store=store, units=9)

    def fall_into_the_trap(_number: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TRAP, [mug.pk])
            taken: int = cursor.rowcount
            cursor.execute("SELECT pg_sleep(0.2)")  # so that the others read before the commit
            return taken

    oversold = sum(at_once(8, fall_into_the_trap))
    StockLevel.objects.update(allocated=0)

    def buy(number: int) -> int:
        with transaction.atomic():
            allocate(reference=f"ful_{number}", channel=channel, store=store, lines={mug.pk: 1})
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2)")
            return 1

    sold = at_once(8, lambda number: refused(lambda: buy(number), InsufficientStock))

    assert oversold > 1
    assert sold.count(1) == 1
