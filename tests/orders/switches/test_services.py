"""The three switches of a store: looked at first, one effect for any number of taps, undone."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hub.clock import turned_to
from hub.events.models import Fact
from hub.stores.models import HoursException, OpeningHours, StoreSwitch
from hub.stores.services import calendar_of
from hub.stores.switches import is_on, stores_with
from inventory.models import Item
from inventory.services.holds import place_hold
from orders.errors import NeverOpen
from orders.models import FulfillmentOrder, WindowBooking
from orders.promise.errors import StorePaused, WindowClosed
from orders.promise.services import promise, promises
from orders.promise.windows import book, hold_window
from orders.switches.errors import InBreak, NotToday, TimeOver
from orders.switches.services import end_due, preview, switch_on, undo
from tests.factories import make_channel, make_fulfillment, make_item, make_ready, make_store, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 14, 11, tzinfo=UTC)  # Wednesday noon in Warsaw, open from 8 to 20
TWO = time(14)
CLOSING = datetime(2026, 1, 14, 13, tzinfo=UTC)
TOMORROW = datetime(2026, 1, 15, 7, tzinfo=UTC)
Kind = StoreSwitch.Kind


@pytest.fixture(autouse=True)
def noon():
    with turned_to(NOW):
        yield


@pytest.fixture
def store():
    store = make_store()
    stock(store, {make_item(): 500})
    return store


def part_of(store, **times):
    """A part of that store with times of its own."""
    item = Item.objects.order_by("pk").first()
    part = make_fulfillment(store=store, lines={item: 1})
    FulfillmentOrder.objects.filter(pk=part.pk).update(**times)
    part.refresh_from_db()
    return part


def windowed(store, start):
    part = part_of(store, promised_at=start)
    slot = book(store=store, start=start, reference=part.public_id)
    FulfillmentOrder.objects.filter(pk=part.pk).update(window_start=slot.start, window_end=slot.end)
    part.refresh_from_db()
    return part


def close(store, closes=TWO, **values):
    return switch_on(store=store, kind=Kind.CLOSING_EARLY, by="lead", closes=closes, **values)


def told(name="fulfillment.store_closing_early"):
    rows = Fact.objects.filter(name=name).order_by("id")
    return [fact.data["fulfillment_id"] for fact in rows]


# --- no new orders ----------------------------------------------------------------------------


def test_a_paused_store_promises_nothing_until_it_is_undone(store):
    other = make_store()
    switch = switch_on(store=store, kind=Kind.PAUSED, by="lead", reason="no staff")

    with pytest.raises(StorePaused) as refused:
        promise(store=store)
    assert refused.value.extra == {"store": store.code}
    assert promises(stores=[store.pk, other.pk])[store.pk] is None
    assert is_on(store_id=store.pk, kind=Kind.PAUSED)
    assert stores_with(Kind.PAUSED) == {store.pk}

    assert undo(switch=switch, by="lead")
    assert promise(store=store) == NOW + timedelta(hours=1)
    assert not undo(switch=switch, by="lead")
    assert [fact.data["on"] for fact in Fact.objects.filter(name="store.switched")] == [True, False]


def test_a_pause_ends_by_itself_at_once_and_is_closed_by_the_sweep(store):
    switch_on(store=store, kind=Kind.PAUSED, by="lead", until=NOW + timedelta(minutes=30))

    with turned_to(NOW + timedelta(minutes=30)):
        assert promise(store=store)
        assert not stores_with(Kind.PAUSED)
        assert end_due() == 1
        assert end_due() == 0
    assert StoreSwitch.objects.get().closed_at == NOW + timedelta(minutes=30)


def test_a_switch_that_would_end_before_it_begins_is_refused(store):
    with pytest.raises(TimeOver):
        switch_on(store=store, kind=Kind.PAUSED, by="lead", until=NOW)


def test_the_same_tap_twice_is_one_switch_even_after_it_was_undone(store):
    values = {"store": store, "kind": Kind.POS_DOWN, "by": "lead", "token": "tap-1"}
    first = switch_on(**values)
    undo(switch=first, by="lead")

    again = switch_on(**values)

    assert again == first
    assert again.closed_at
    assert not is_on(store_id=store.pk, kind=Kind.POS_DOWN)
    assert switch_on(**values | {"token": "tap-2"}) != first


def test_a_switch_whose_time_is_over_makes_way_for_a_new_one(store):
    old = switch_on(store=store, kind=Kind.PAUSED, by="lead", until=NOW + timedelta(minutes=5))

    with turned_to(NOW + timedelta(minutes=6)):
        new = switch_on(store=store, kind=Kind.PAUSED, by="lead")

    old.refresh_from_db()
    assert old.closed_at
    assert new.pk != old.pk


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_people_on_one_switch_have_one_effect(store):
    parts = [part_of(store, promised_at=CLOSING + timedelta(hours=1)) for _ in range(3)]

    switches = at_once(8, lambda number: close(store, token=f"tap-{number}"))
    undone = at_once(8, lambda number: undo(switch=StoreSwitch.objects.get(), by="lead"))

    assert len({switch.pk for switch in switches}) == 1
    assert undone.count(True) == 1
    assert sorted(told()) == sorted([part.pk for part in parts] * 2)


# --- closing early ----------------------------------------------------------------------------


def test_a_preview_counts_what_would_change_and_changes_nothing(store):
    part_of(store, promised_at=CLOSING - timedelta(minutes=10))
    part_of(store, promised_at=CLOSING + timedelta(hours=1))
    windowed(store, CLOSING + timedelta(hours=2))
    make_ready(store=store, lines={Item.objects.order_by("pk").first(): 1})

    shown = preview(store=store, kind=Kind.CLOSING_EARLY, closes=TWO)

    assert (shown.open_orders, shown.told, shown.promises, shown.windows) == (4, 3, 2, 1)
    assert (shown.closes_at, shown.usually_at) == (CLOSING, CLOSING + timedelta(hours=6))
    assert not StoreSwitch.objects.exists()
    assert not HoursException.objects.exists()
    assert not told()


def test_orders_promised_after_the_closing_move_to_the_next_morning(store):
    early = part_of(store, promised_at=CLOSING)
    late = part_of(store, promised_at=CLOSING + timedelta(hours=1))

    close(store)

    early.refresh_from_db()
    late.refresh_from_db()
    assert early.promised_at == CLOSING
    assert late.promised_at == TOMORROW + timedelta(hours=1)
    assert late.promised_first == NOW + timedelta(hours=1)  # as it was placed
    assert told() == [late.pk]


def test_windows_move_to_the_next_ones_with_room(store):
    store.slot_capacity = 1
    store.save()
    parts = [windowed(store, CLOSING + timedelta(hours=hours)) for hours in (1, 2)]
    book(store=store, start=TOMORROW + timedelta(minutes=30), reference="ful_other")

    close(store)

    starts = []
    for part in parts:
        part.refresh_from_db()
        starts.append(part.window_start)
        assert part.promised_at == part.window_start
        assert WindowBooking.objects.get(reference=part.public_id).start == part.window_start
    assert starts == [TOMORROW, TOMORROW + timedelta(hours=1)]


def test_an_order_that_could_not_be_ready_at_the_opening_gets_a_later_window(store):
    with turned_to(CLOSING - timedelta(minutes=30)):
        part = windowed(store, CLOSING + timedelta(hours=1))
        close(store)

    part.refresh_from_db()
    assert part.window_start == part.promised_at == TOMORROW + timedelta(minutes=30)


def test_a_window_that_is_only_cut_short_stays_the_customers(store):
    part = windowed(store, CLOSING - timedelta(minutes=30))

    close(store, closes=time(13, 45))

    part.refresh_from_db()
    assert part.window_start == CLOSING - timedelta(minutes=30)
    assert part.window_end == CLOSING - timedelta(minutes=15)


def test_a_cart_cannot_keep_a_window_after_the_closing(store):
    item = Item.objects.order_by("pk").first()
    hold = place_hold(channel=make_channel(), store=store, lines={item.pk: 1})
    hold_window(hold=hold, start=CLOSING + timedelta(hours=1))

    close(store)

    with pytest.raises(WindowClosed):
        book(
            store=store,
            start=CLOSING + timedelta(hours=1),
            reference="ful_1",
            hold_id=hold.public_id,
        )


def test_deadlines_of_today_move_to_the_next_closing_but_fresh_goods_wait_no_longer(store):
    fresh = make_item(fresh=True)
    stock(store, {fresh: 9})
    ready = [
        make_ready(store=store, lines={item: 1})
        for item in (Item.objects.order_by("pk").first(), fresh)
    ]
    keys = [part.pk for part in ready]
    FulfillmentOrder.objects.filter(pk__in=keys).update(expires_at=CLOSING + timedelta(hours=6))

    close(store)

    moved = [FulfillmentOrder.objects.get(pk=key).expires_at for key in keys]
    assert moved == [CLOSING + timedelta(hours=30), CLOSING]


def test_the_accept_clock_stands_still_while_the_store_is_shut(store):
    part = part_of(store, accept_by=CLOSING + timedelta(minutes=5))

    close(store)

    part.refresh_from_db()
    assert part.accept_by == TOMORROW + timedelta(minutes=5)


def test_undoing_puts_hours_windows_promises_and_deadlines_back(store):
    HoursException.objects.create(
        store=store, date="2026-01-14", opens="09:00", closes="19:00", reason="stock-taking"
    )
    late = part_of(store, promised_at=CLOSING + timedelta(hours=1), promised_first=None)
    coming = windowed(store, CLOSING + timedelta(hours=2))
    was = [(late.promised_at, None), (coming.promised_at, coming.window_start)]

    undo(switch=close(store, reason="snow"), by="lead")

    day = HoursException.objects.get()
    assert (day.opens, day.closes, day.reason) == (time(9), time(19), "stock-taking")
    for part in (late, coming):
        part.refresh_from_db()
    assert [(part.promised_at, part.window_start) for part in (late, coming)] == was
    assert WindowBooking.objects.get().start == coming.window_start
    assert (told()[:2], sorted(told()[2:])) == ([late.pk, coming.pk], [late.pk, coming.pk])
    assert [
        fact.data["undone"]
        for fact in Fact.objects.filter(name="fulfillment.store_closing_early").order_by("id")
    ] == [False, False, True, True]


def test_undoing_leaves_alone_what_somebody_has_changed_since(store):
    late = part_of(store, promised_at=CLOSING + timedelta(hours=1))
    switch = close(store)
    agreed = TOMORROW + timedelta(hours=5)
    FulfillmentOrder.objects.filter(pk=late.pk).update(promised_at=agreed)
    HoursException.objects.update(closes="15:00")

    undo(switch=switch, by="lead")

    late.refresh_from_db()
    assert late.promised_at == agreed
    assert HoursException.objects.get().closes == time(15)


def test_what_became_ready_meanwhile_gets_its_window_back(store):
    part = windowed(store, CLOSING + timedelta(hours=1))
    switch = close(store)
    FulfillmentOrder.objects.filter(pk=part.pk).update(
        status="ready", expires_at=TOMORROW + timedelta(days=2)
    )

    undo(switch=switch, by="lead")

    part.refresh_from_db()
    assert part.window_start == CLOSING + timedelta(hours=1)
    assert part.expires_at == TOMORROW + timedelta(days=2)


def test_a_window_that_has_filled_up_meanwhile_stays_the_moved_one(store):
    store.slot_capacity = 1
    store.save()
    start = CLOSING + timedelta(hours=2)
    part = windowed(store, start)
    switch = close(store)
    WindowBooking.objects.create(store=store, start=start, reference="ful_other")

    undo(switch=switch, by="lead")

    part.refresh_from_db()
    assert part.window_start == TOMORROW


def test_a_store_can_stay_shut_all_day(store):
    with turned_to(NOW - timedelta(hours=6)):  # six in the morning
        close(store, closes=time(7))
        assert promise(store=store) == TOMORROW + timedelta(hours=1)
    assert calendar_of(store).exceptions[NOW.date()] == []


@pytest.mark.parametrize("closes", [time(11, 50), time(20), time(21)])
def test_a_closing_that_is_none_is_refused(store, closes):
    with pytest.raises(NotToday):
        close(store, closes=closes)
    assert not StoreSwitch.objects.exists()


def test_a_closing_after_todays_break_waits_until_the_break_is_over(store):
    OpeningHours.objects.filter(store=store).update(closes="13:00")
    OpeningHours.objects.create(store=store, weekday=2, opens="15:00", closes="19:00")

    with pytest.raises(InBreak):
        close(store, closes=time(16))
    with turned_to(CLOSING):
        close(store, closes=time(16))
    assert calendar_of(store).exceptions[NOW.date()] == [(time(15), time(16))]


def test_closing_now_means_now_though_the_button_was_pressed_a_little_later(store):
    with turned_to(NOW + timedelta(seconds=40)):
        close(store, closes=time(12))
    assert HoursException.objects.get().closes == time(12)


def test_a_store_without_hours_has_nothing_to_close():
    store = make_store()
    OpeningHours.objects.filter(store=store).delete()

    with pytest.raises(NotToday):
        close(store)
    with pytest.raises(NeverOpen):
        promise(store=store)
