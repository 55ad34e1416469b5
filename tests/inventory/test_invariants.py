"""Each invariant of stock is silent on sound data and speaks up on data broken on purpose."""

from pathlib import Path

import pytest
from django.db import connection
from django.db.models import F

import inventory
from hub.invariants import parse
from inventory.models import (
    Allocation,
    Hold,
    InventoryEvent,
    SalesStop,
    ShortfallCase,
    StockLevel,
)
from inventory.services.allocations import allocate, hand_off
from inventory.services.holds import place_hold
from inventory.services.recalls import open_recall
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db
SHIPPED = parse("inventory", (Path(inventory.__file__).parent / "invariants.sql").read_text())


def broken():
    """The names of the invariants that do not hold."""
    names = set()
    with connection.cursor() as cursor:
        for invariant in SHIPPED:
            cursor.execute(invariant.sql)
            if cursor.fetchall():
                names.add(invariant.name)
    return names


@pytest.fixture(autouse=True)
def busy_store():
    """A store with an allocation, a hand-off, a hold, a covered shortfall, and two recalls."""
    store, channel = make_store(), make_channel()
    mug, tea = make_item(), make_item()
    stock(store, {mug: 10, tea: 5})
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4, tea.pk: 4})
    hand_off(reference="ful_1", lines={mug.pk: 1})
    place_hold(channel=channel, store=store, lines={mug.pk: 2})
    stock(store, {tea: 1}, minutes_ago=0)
    for lot in ("", "L-17"):
        bad = make_item()
        stock(store, {bad: 3})
        open_recall(item=bad, lot=lot, reason="glass")
    return store


def test_sound_data_breaks_nothing():
    assert broken() == set()


def test_an_invariant_is_shipped_for_each_promise():
    assert {invariant.name for invariant in SHIPPED} == BREAKS.keys()


BREAKS = {
    "ledger_sums_to_the_balance": lambda: StockLevel.objects.update(on_hand=F("on_hand") + 1),
    "unavailable_units_sum_to_the_level": lambda: StockLevel.objects.update(unavailable=1),
    "only_an_empty_shelf_owes_units": lambda: StockLevel.objects.update(deficit=1),
    "promises_are_covered": lambda: ShortfallCase.objects.all().delete(),
    "allocations_sum_to_the_level": lambda: Allocation.objects.update(released=F("released") + 1),
    "holds_sum_to_the_level": lambda: Hold.objects.update(status="released"),
    "holds_end_in_time": lambda: Hold.objects.update(expires_at="2020-01-01T00:00:00Z"),
    "superseded_lines_change_nothing": lambda: InventoryEvent.objects.update(superseded=True),
    "ledger_lines_name_what_is_there": lambda: InventoryEvent.objects.update(item_id=0),
    "stopped_follows_the_stops": lambda: StockLevel.objects.filter(stopped=False).update(
        stopped=True
    ),
    "open_recalls_stop_the_sale": lambda: SalesStop.objects.filter(store__isnull=True).delete(),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_invariant_notices_what_breaks_it(name):
    BREAKS[name]()

    assert name in broken()


def test_a_stop_that_its_levels_do_not_show_is_noticed():
    StockLevel.objects.filter(stopped=True).update(stopped=False)

    assert "stopped_follows_the_stops" in broken()


def test_a_lot_that_is_on_sale_before_it_was_pulled_is_noticed():
    SalesStop.objects.filter(store__isnull=False).delete()

    assert "open_recalls_stop_the_sale" in broken()


@pytest.mark.parametrize("gone", [Allocation, Hold])
def test_missing_rows_are_noticed_like_wrong_ones(gone):
    gone.objects.all().delete()

    assert {"allocations_sum_to_the_level", "holds_sum_to_the_level"} & broken()
