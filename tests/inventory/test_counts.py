"""Counts: truth is taken over, once, in the order in which it was true."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from hub import clock
from hub.errors import Invalid
from hub.events.models import Fact
from hub.stores.models import PosConnection
from inventory.errors import UnknownSku
from inventory.models import InventoryEvent, SalesStop, ShortfallCase, StockLevel, StoreFeed
from inventory.services.allocations import allocate, hand_off, release
from inventory.services.counts import CountResult, record_counts
from tests.factories import make_channel, make_item, make_store

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


@pytest.fixture(autouse=True)
def _afternoon():
    with clock.turned_to(NOON + timedelta(hours=3)):
        yield


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def mug():
    return make_item(sku="MUG")


@pytest.fixture
def tea():
    return make_item(sku="TEA")


def count(store, counts, *, at=NOON, event="c1", complete=False, source="pos"):
    return record_counts(
        store=store,
        source=source,
        as_of=at,
        counts=counts,
        event_prefix=event,
        complete=complete,
    )


def on_hand(store, item):
    return StockLevel.objects.get(store=store, item=item).on_hand


def test_a_first_count_makes_the_level(store, mug):
    assert count(store, {"MUG": 7}) == CountResult(applied=1)

    level = StockLevel.objects.get()
    assert (level.on_hand, level.counted_at) == (7, NOON)
    assert InventoryEvent.objects.get().on_hand_change == 7


def test_the_same_count_twice_changes_nothing(store, mug):
    count(store, {"MUG": 7})

    assert count(store, {"MUG": 7}) == CountResult(duplicates=1)

    assert InventoryEvent.objects.count() == 1


def test_the_same_event_id_of_another_store_is_another_count(store, mug):
    other = make_store()
    count(store, {"MUG": 7})

    assert count(other, {"MUG": 8}).applied == 1


def test_an_older_count_is_recorded_but_does_not_hold(store, mug):
    count(store, {"MUG": 7})

    late = count(store, {"MUG": 9}, at=NOON - timedelta(hours=1), event="late")

    assert late == CountResult(superseded=1)
    assert on_hand(store, mug) == 7
    assert InventoryEvent.objects.get(source_event_id__startswith="late").superseded


def test_counts_in_any_order_end_in_the_same_stock(mug):
    counts = [(NOON, 7, "a"), (NOON, 5, "b"), (NOON - timedelta(hours=1), 9, "c"), (NOON, 6, "d")]
    ends = set()

    for order in permutations(counts):
        store = make_store()
        for at, units, event in order:
            count(store, {"MUG": units}, at=at, event=event)
        ends.add(on_hand(store, mug))

    assert ends == {5}


def test_what_left_the_store_after_the_count_stays_gone(store, mug):
    channel = make_channel()
    count(store, {"MUG": 10}, at=NOON - timedelta(hours=2), event="morning")
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 4})
    hand_off(reference="ful_1", lines={mug.pk: 3})

    count(store, {"MUG": 9}, event="noon")

    assert on_hand(store, mug) == 6


def test_a_pos_that_leaves_out_the_goods_of_orders_is_corrected(store, mug):
    pos = PosConnection.objects.create(
        store=store, base_url="http://x/", secret="s", counts_include_orders=True
    )
    count(store, {"MUG": 10}, at=NOON - timedelta(hours=2), event="morning", source=pos.public_id)
    with clock.turned_to(NOON - timedelta(hours=1)):
        allocate(reference="ful_1", channel=make_channel(), store=store, lines={mug.pk: 4})

    count(store, {"MUG": 6}, event="noon", source=pos.public_id)

    assert on_hand(store, mug) == 10


def test_a_complete_count_zeroes_what_it_does_not_name_and_stamps_the_store(store, mug, tea):
    count(store, {"MUG": 7, "TEA": 3}, at=NOON - timedelta(hours=1))

    result = count(store, {"MUG": 7}, event="full", complete=True)

    assert result == CountResult(unchanged=1, zeroed=1)
    assert (on_hand(store, mug), on_hand(store, tea)) == (7, 0)
    assert StoreFeed.objects.get().counted_as_of == NOON
    assert not InventoryEvent.objects.filter(source_event_id__contains="full", item=mug).exists()


def test_a_count_older_than_a_complete_one_does_not_hold(store, mug):
    count(store, {"MUG": 7}, event="full", complete=True)

    late = count(store, {"MUG": 9}, at=NOON - timedelta(minutes=1), event="late")

    assert late.superseded == 1
    assert on_hand(store, mug) == 7


def test_an_older_complete_count_changes_nothing(store, mug, tea):
    count(store, {"MUG": 7, "TEA": 3}, event="full", complete=True)

    result = count(store, {"MUG": 9}, at=NOON - timedelta(hours=1), event="late", complete=True)

    assert result == CountResult(superseded=2)
    assert (on_hand(store, mug), on_hand(store, tea)) == (7, 3)
    assert StoreFeed.objects.get().counted_as_of == NOON


def test_a_count_below_what_is_promised_opens_one_case_and_tells(store, mug):
    count(store, {"MUG": 10}, at=NOON - timedelta(hours=1), event="morning")
    allocate(reference="ful_1", channel=make_channel(), store=store, lines={mug.pk: 4})

    assert count(store, {"MUG": 3}).shortfalls == 1
    assert count(store, {"MUG": 2}, at=NOON + timedelta(hours=1), event="c2").shortfalls == 0

    case = ShortfallCase.objects.get()
    assert (case.item, case.closed_at) == (mug, None)
    assert Fact.objects.get(name="inventory.shortfall_opened").data == {"case_id": case.pk}


def test_a_case_closes_when_the_stock_covers_what_is_promised(store, mug):
    count(store, {"MUG": 10}, at=NOON - timedelta(hours=1), event="morning")
    allocate(reference="ful_1", channel=make_channel(), store=store, lines={mug.pk: 4})
    count(store, {"MUG": 3})

    release(reference="ful_1", lines={mug.pk: 1})

    assert ShortfallCase.objects.get().closed_at is not None


def test_unknown_and_inactive_skus_are_all_named_and_nothing_is_recorded(store, mug):
    make_item(sku="OLD", active=False)

    with pytest.raises(UnknownSku) as refusal:
        count(store, {"MUG": 7, "OLD": 1, "NO": 1})

    assert refusal.value.skus == ["NO", "OLD"]
    assert not InventoryEvent.objects.exists()


@pytest.mark.parametrize("units", [-1, 10**12])
def test_impossible_quantities_are_refused(store, mug, units):
    with pytest.raises(Invalid):
        count(store, {"MUG": units})


def test_a_count_from_the_future_is_refused_and_a_fast_clock_is_set_right(store, mug):
    now = clock.now()

    with pytest.raises(Invalid):
        count(store, {"MUG": 7}, at=now + timedelta(minutes=6))
    count(store, {"MUG": 7}, at=now + timedelta(minutes=4))

    assert StockLevel.objects.get().counted_at == now


def test_thousands_of_skus_take_a_handful_of_statements(store, django_assert_max_num_queries):
    items = [make_item(sku=f"BULK-{number}") for number in range(2000)]

    with django_assert_max_num_queries(12):
        result = count(store, {item.sku: 5 for item in items}, complete=True)

    assert result.applied == 2000


# --- stops after short picks ------------------------------------------------------------------


def stop(store, item, *, minutes=-30, reason="short_pick"):
    """A stop that was made so many minutes after noon."""
    moment = NOON + timedelta(minutes=minutes)
    return SalesStop.objects.create(store=store, item=item, reason=reason, created_at=moment)


def is_stopped(store, item):
    return StockLevel.objects.get(store=store, item=item).stopped


def test_a_later_count_lifts_the_stop_of_a_short_pick(store, mug, tea):
    other = make_store()
    count(store, {"MUG": 7, "TEA": 3}, at=NOON - timedelta(hours=1))
    for place, item in [(store, mug), (store, tea), (other, mug)]:
        stop(place, item)

    count(store, {"MUG": 7}, event="recount")

    left = SalesStop.objects.values_list("store", "item")
    assert set(left) == {(store.pk, tea.pk), (other.pk, mug.pk)}
    assert (is_stopped(store, mug), is_stopped(store, tea)) == (False, True)


def test_a_complete_count_lifts_only_where_it_found_something_else(store, mug, tea):
    count(store, {"MUG": 7, "TEA": 3}, at=NOON - timedelta(hours=1))
    stop(store, mug)
    stop(store, tea)

    count(store, {"MUG": 7, "TEA": 2}, event="full", complete=True)

    assert (is_stopped(store, mug), is_stopped(store, tea)) == (True, False)


def test_a_count_that_does_not_hold_or_is_older_lifts_nothing(store, mug):
    count(store, {"MUG": 7}, at=NOON)
    stop(store, mug, minutes=-60)

    count(store, {"MUG": 8}, at=NOON - timedelta(minutes=10), event="superseded")
    count(store, {"MUG": 7}, at=NOON, event="c1")
    assert is_stopped(store, mug)

    SalesStop.objects.all().delete()
    stop(store, mug, minutes=20)
    count(store, {"MUG": 7}, at=NOON + timedelta(minutes=10), event="before")
    assert is_stopped(store, mug)


@pytest.mark.parametrize(("reason", "everywhere"), [("recalled", False), ("short_pick", True)])
def test_a_count_lifts_no_other_stop(store, mug, reason, everywhere):
    count(store, {"MUG": 7}, at=NOON - timedelta(hours=1))
    stop(None if everywhere else store, mug, reason=reason)

    count(store, {"MUG": 6}, event="recount")

    assert is_stopped(store, mug)
