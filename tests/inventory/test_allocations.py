"""Units of orders: set aside all or none, given back once, and gone with the hand-off."""

from datetime import timedelta

import pytest

from hub import clock
from hub.errors import Invalid
from inventory.errors import (
    AlreadyAllocated,
    HoldExpired,
    HoldMismatch,
    InsufficientStock,
    OverRelease,
)
from inventory.models import Allocation, EventKind, Hold, InventoryEvent, SafetyStock, StockLevel
from inventory.services.allocations import allocate, convert_hold, hand_off, release
from inventory.services.holds import find_hold, place_hold, release_hold, sweep_holds
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db


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


@pytest.fixture
def tea(store):
    item = make_item(sku="TEA")
    stock(store, {item: 3})
    return item


def level(store, item):
    row = StockLevel.objects.get(store=store, item=item)
    return row.on_hand, row.allocated, row.held


def test_an_allocation_sets_units_aside_and_writes_the_ledger(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})

    assert level(store, mug) == (10, 4, 0)
    line = InventoryEvent.objects.get(kind=EventKind.ALLOCATION)
    assert (line.quantity, line.on_hand_change, line.allocated_change) == (4, 0, 4)
    assert Allocation.objects.get().quantity == 4


def test_a_refusal_names_every_short_line_and_takes_nothing(store, channel, mug, tea):
    coal = make_item(sku="COAL")

    with pytest.raises(InsufficientStock) as refusal:
        allocate(
            reference="ful_1",
            channel=channel,
            store=store,
            lines={mug.pk: 1, tea.pk: 4, coal.pk: 1},
        )

    assert refusal.value.extra["lines"] == [
        {"sku": "COAL", "requested": 1, "available": 0},
        {"sku": "TEA", "requested": 4, "available": 3},
    ]
    assert level(store, mug) == (10, 0, 0)
    assert not Allocation.objects.exists()


def test_safety_stock_is_not_sold(store, channel, mug):
    SafetyStock.objects.create(store=store, units=8)

    with pytest.raises(InsufficientStock) as refusal:
        allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 3})

    assert refusal.value.lines[0]["available"] == 2


def test_a_reference_cannot_take_an_item_twice(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})

    with pytest.raises(AlreadyAllocated):
        allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 1})

    assert level(store, mug) == (10, 4, 0)


@pytest.mark.parametrize("lines", [{}, {1: 0}, {1: -1}, {1: 10**12}])
def test_quantities_that_cannot_be_are_refused(store, channel, lines):
    with pytest.raises(Invalid):
        allocate(reference="ful_1", channel=channel, store=store, lines=lines)


def test_releasing_some_units_gives_just_those_back(store, channel, mug, tea):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4, tea.pk: 2})

    release(reference="ful_1", lines={mug.pk: 1})

    assert level(store, mug) == (10, 3, 0)
    assert level(store, tea) == (3, 2, 0)


def test_releasing_everything_twice_gives_it_back_once(store, channel, mug, tea):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4, tea.pk: 2})
    hand_off(reference="ful_1", lines={mug.pk: 1})

    release(reference="ful_1")
    release(reference="ful_1")

    assert level(store, mug) == (9, 0, 0)
    assert level(store, tea) == (3, 0, 0)


def test_more_than_was_set_aside_is_never_given_back(store, channel, mug, tea):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4, tea.pk: 2})

    with pytest.raises(OverRelease) as refusal:
        release(reference="ful_1", lines={mug.pk: 5, tea.pk: 2})

    assert refusal.value.extra["left"] == {"MUG": 4, "TEA": 2}
    assert level(store, tea) == (3, 2, 0)


def test_a_hand_off_takes_on_hand_and_allocated_down_together(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})

    hand_off(reference="ful_1", lines={mug.pk: 3})

    assert level(store, mug) == (7, 1, 0)
    line = InventoryEvent.objects.get(kind=EventKind.HAND_OFF)
    assert (line.quantity, line.on_hand_change, line.allocated_change) == (-3, -3, -3)
    with pytest.raises(OverRelease):
        hand_off(reference="ful_1", lines={mug.pk: 2})


def test_goods_that_a_count_missed_can_still_be_handed_off(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})
    stock(store, {mug: 1}, minutes_ago=0)

    hand_off(reference="ful_1", lines={mug.pk: 4})

    assert level(store, mug) == (0, 0, 0)
    assert InventoryEvent.objects.get(kind=EventKind.HAND_OFF).on_hand_change == -1


# --- holds --------------------------------------------------------------------------------------


def test_a_hold_sets_units_aside_until_it_is_released(store, channel, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})
    assert level(store, mug) == (10, 0, 4)

    assert release_hold(hold=hold)
    assert not release_hold(hold=hold)

    assert level(store, mug) == (10, 0, 0)
    assert hold.status == Hold.Status.RELEASED


def test_a_hold_takes_all_lines_or_none(store, channel, mug, tea):
    with pytest.raises(InsufficientStock):
        place_hold(channel=channel, store=store, lines={mug.pk: 4, tea.pk: 4})

    assert level(store, mug) == (10, 0, 0)
    assert not Hold.objects.exists()


@pytest.mark.parametrize("minutes", [0, -1, 121])
def test_a_hold_lasts_between_one_and_120_minutes(store, channel, mug, minutes):
    with pytest.raises(Invalid):
        place_hold(channel=channel, store=store, lines={mug.pk: 4}, minutes=minutes)


def test_the_sweep_ends_only_holds_whose_time_is_over(store, channel, mug, tea):
    short = place_hold(channel=channel, store=store, lines={mug.pk: 1, tea.pk: 1}, minutes=5)
    long = place_hold(channel=channel, store=store, lines={mug.pk: 2}, minutes=60)

    with clock.turned_to(clock.now() + timedelta(minutes=6)):
        assert sweep_holds() == 1
        assert sweep_holds() == 0

    assert level(store, mug) == (10, 0, 2)
    assert level(store, tea) == (3, 0, 0)
    short.refresh_from_db()
    long.refresh_from_db()
    assert (short.status, long.status) == (Hold.Status.EXPIRED, Hold.Status.ACTIVE)


def test_a_converted_hold_becomes_the_orders_and_the_rest_returns(store, channel, mug, tea):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4, tea.pk: 2})

    convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 3})

    assert level(store, mug) == (10, 3, 0)
    assert level(store, tea) == (3, 0, 0)
    assert Allocation.objects.get().quantity == 3
    assert find_hold(reference=hold.public_id, channel=channel).status == Hold.Status.CONVERTED


def test_a_hold_serves_one_order_only(store, channel, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})
    convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 4})

    with pytest.raises(HoldExpired) as refusal:
        convert_hold(hold=hold, reference="ful_2", lines={mug.pk: 4})

    assert refusal.value.extra["hold_status"] == Hold.Status.CONVERTED
    assert level(store, mug) == (10, 4, 0)


def test_a_lapsed_hold_cannot_be_used_even_before_the_sweep(store, channel, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})

    with clock.turned_to(clock.now() + timedelta(minutes=11)), pytest.raises(HoldExpired):
        convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 4})

    assert level(store, mug) == (10, 0, 4)


def test_an_order_cannot_want_more_than_its_hold(store, channel, mug, tea):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 4})

    for lines in ({mug.pk: 5}, {tea.pk: 1}):
        with pytest.raises(HoldMismatch):
            convert_hold(hold=hold, reference="ful_1", lines=lines)
