"""The audit finds every balance that does not follow from its books, and puts it right once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from inventory.models import Hold, InventoryEvent, SalesStop, StockLevel, UnavailableUnits
from inventory.services.allocations import allocate
from inventory.services.auditing import compensate, differences
from inventory.services.holds import place_hold
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    store, channel = make_store(code="S1"), make_channel()
    mug, tea = make_item(sku="MUG"), make_item(sku="TEA")
    stock(store, {mug: 10, tea: 10})
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})
    place_hold(channel=channel, store=store, lines={mug.pk: 2})
    return store


def audit(*arguments):
    """What the command printed, and its exit status."""
    out = StringIO()
    try:
        call_command("audit_stock", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), error.returncode
    return out.getvalue(), 0


def of_mug():
    return StockLevel.objects.filter(item__sku="MUG")


BREAKS = {
    "on_hand is 13, should be 10 (-3)": lambda: of_mug().update(on_hand=13),
    "allocated is 1, should be 4 (+3)": lambda: of_mug().update(allocated=1),
    "held is 9, should be 2 (-7)": lambda: of_mug().update(held=9),
    "held is 2, should be 0 (-2)": lambda: Hold.objects.update(status="released"),
    "unavailable is 1, should be 0 (-1)": lambda: of_mug().update(unavailable=1),
    "stopped is 1, should be 0 (-1)": lambda: of_mug().update(stopped=True),
    "stopped is 0, should be 1 (+1)": lambda: (
        SalesStop.objects.create(item=of_mug().get().item, reason="recalled"),
        of_mug().update(stopped=False),
    ),
    "the ledger lacks allocated +4": lambda: InventoryEvent.objects.filter(
        kind="allocation"
    ).update(allocated_change=0),
    "the ledger lacks unavailable +2": lambda: UnavailableUnits.objects.create(
        store=of_mug().get().store, item=of_mug().get().item, state="display", units=2
    ),
}


def test_sound_books_have_no_differences(store):
    assert audit() == ("1 stores, 0 differences, 0 left\n", 0)


@pytest.mark.parametrize("words", BREAKS)
def test_each_difference_is_told_with_its_lines_and_only_a_repair_changes_it(store, words):
    BREAKS[words]()
    before = list(StockLevel.objects.order_by("pk").values())

    told, status = audit()

    assert status == 1
    assert f"S1 MUG:\n  {words}" in told or f"\n  {words}\n" in told
    assert "count 10 (on hand +10)" in told
    assert "--repair would put this right" in told
    assert list(StockLevel.objects.order_by("pk").values()) == before
    assert audit("--repair")[1] == 0
    assert broken() == set()
    assert audit() == ("1 stores, 0 differences, 0 left\n", 0)


def test_a_difference_beyond_the_bound_is_left_to_a_person(store):
    StockLevel.objects.filter(item__sku="MUG").update(on_hand=111)

    told, status = audit("--repair")

    assert (status, "left to a person" in told) == (1, True)
    assert audit("--repair", "--at-most", "101")[1] == 0


def test_only_what_was_asked_for_is_audited(store):
    make_store(code="S2")
    StockLevel.objects.update(on_hand=F("on_hand") + 1)

    assert "1 stores, 1 differences" in audit("--store", "S1", "--sku", "TEA")[0]
    assert audit("--store", "S2")[1] == 0
    assert audit("--store", "nowhere")[1] == 2
    assert audit("--sku", "NO")[1] == 2


def test_compensating_what_is_right_changes_nothing(store):
    level = StockLevel.objects.get(item__sku="MUG")

    done = compensate(store_id=store.pk, item_id=level.item_id, most_units=100)

    assert not done
    assert differences(store_id=store.pk) == []
