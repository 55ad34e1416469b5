"""Pickup windows: which there are, who gets the last place, and when a place is free again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.clock import turned_to
from hub.stores.models import HoursException, OpeningHours, StoreSwitch
from inventory.errors import HoldExpired
from inventory.services.holds import extend_hold, place_hold, release_hold
from orders.models import SlotCapacity, WindowBooking
from orders.promise.errors import StorePaused, WindowClosed, WindowFull, WindowTooEarly
from orders.promise.services import promise
from orders.promise.windows import (
    book,
    book_ready,
    held_window,
    hold_window,
    take_next,
    unbook,
    windows,
)
from tests.factories import make_channel, make_item, make_store, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)  # Wednesday noon in Warsaw, open from 8 to 20


@pytest.fixture(autouse=True)
def noon():
    with turned_to(NOW):
        yield


@pytest.fixture
def store():
    return make_store(slot_capacity=2)


def after(**span):
    return NOW + timedelta(**span)


def held(store, **values):
    item = make_item(**values)
    stock(store, {item: 5})
    return place_hold(channel=make_channel(), store=store, lines={item.pk: 1})


def test_windows_begin_when_the_order_is_ready_and_end_with_the_last_day(store):
    found = windows(store=store, days=2)

    assert found[0] == (after(hours=1), after(hours=1, minutes=30), 2)
    assert found[-1].end == datetime(2026, 7, 16, 18, tzinfo=UTC)
    assert len(found) == 14 + 24


def test_windows_are_counted_from_the_stores_own_opening(store):
    OpeningHours.objects.filter(store=store).update(opens="08:15", closes="13:40")

    found = windows(store=store, days=1)

    assert [(window.start, window.end) for window in found] == [
        (after(hours=1, minutes=15), after(hours=1, minutes=40))  # 13:15, and shut at 13:40
    ]


def test_goods_that_take_a_day_of_work_have_later_windows(store):
    found = windows(store=store, lead_minutes=12 * 60)

    assert found[0].start == datetime(2026, 7, 16, 10, tzinfo=UTC)


def test_a_store_that_never_opens_has_no_windows(store):
    OpeningHours.objects.filter(store=store).delete()

    assert windows(store=store) == []


def test_a_full_window_is_not_offered_and_names_the_next_three(store):
    start = after(hours=1)
    for number in range(2):
        book(store=store, start=start, reference=f"ful_{number}")

    with pytest.raises(WindowFull) as refused:
        book(store=store, start=start, reference="ful_2")

    assert windows(store=store)[0].start == after(hours=1, minutes=30)
    assert refused.value.extra["next"] == [
        "2026-07-15T11:30:00Z",
        "2026-07-15T12:00:00Z",
        "2026-07-15T12:30:00Z",
    ]


def test_booking_again_moves_the_place_and_unbooking_frees_it(store):
    book(store=store, start=after(hours=1), reference="ful_1")
    book(store=store, start=after(hours=2), reference="ful_1")

    assert [booking.start for booking in WindowBooking.objects.all()] == [after(hours=2)]
    assert unbook(reference="ful_1")
    assert not unbook(reference="ful_1")


@pytest.mark.parametrize(
    ("start", "refusal"),
    [
        (after(hours=1, minutes=10), WindowClosed),  # between two windows
        (after(hours=9), WindowClosed),  # the store is shut
        (after(hours=-1), WindowClosed),  # over
        (after(days=3000), WindowClosed),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), WindowClosed),
        (after(minutes=30), WindowTooEarly),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_the_next_ones(store, start, refusal):
    with pytest.raises(refusal) as refused:
        book(store=store, start=start, reference="ful_1")

    assert refused.value.extra["next"][0] == "2026-07-15T11:00:00Z"
    assert not WindowBooking.objects.exists()


def test_a_paused_store_offers_and_books_nothing(store):
    StoreSwitch.objects.create(store=store, kind=StoreSwitch.Kind.PAUSED)

    with pytest.raises(StorePaused):
        windows(store=store)
    with pytest.raises(StorePaused):
        book(store=store, start=after(hours=1), reference="ful_1")


def test_a_special_day_has_its_own_number_of_places(store):
    SlotCapacity.objects.create(
        store=store, date="2026-07-15", begins="13:30", ends="14:00", orders=0
    )
    SlotCapacity.objects.create(
        store=store, date="2026-07-15", begins="14:00", ends="23:59", orders=9
    )

    found = windows(store=store, days=1)

    assert [(window.start, window.left) for window in found[:3]] == [
        (after(hours=1), 2),
        (after(hours=2), 9),
        (after(hours=2, minutes=30), 9),
    ]


# --- carts ------------------------------------------------------------------------------------


def test_a_cart_keeps_its_place_exactly_as_long_as_its_hold_lives(store):
    start = after(hours=1)
    hold = held(store)
    hold_window(hold=hold, start=start)
    others = windows(store=store)[0].left

    with turned_to(after(minutes=9)):
        extend_hold(hold=hold, minutes=10)
    with turned_to(after(minutes=18)):
        extended = WindowBooking.objects.get().start, windows(store=store, days=1)[0].start
    with turned_to(after(minutes=20)):  # nothing has swept it yet
        lapsed = windows(store=store)[0].left

    assert others == 1
    assert extended == (start, after(hours=1, minutes=30))
    assert lapsed == 2


def test_a_released_hold_gives_its_place_back(store):
    hold = held(store)
    hold_window(hold=hold, start=after(hours=1))
    release_hold(hold=hold)

    assert windows(store=store)[0].left == 2


def test_a_hold_that_is_over_gets_no_window(store):
    hold = held(store)

    with turned_to(after(minutes=10)), pytest.raises(HoldExpired):
        hold_window(hold=hold, start=after(hours=2))


def test_a_carts_window_waits_for_its_slowest_goods(store):
    hold = held(store, lead_minutes=180)

    with pytest.raises(WindowTooEarly):
        hold_window(hold=hold, start=after(hours=2))
    hold_window(hold=hold, start=after(hours=3))


def test_a_carts_place_becomes_the_orders_though_it_could_not_be_booked_any_more(store):
    start = after(hours=1)
    hold = held(store)
    hold_window(hold=hold, start=start)

    with turned_to(after(minutes=8)):  # an order of now would be ready too late
        slot = book(store=store, start=start, reference="ful_1", hold_id=hold.public_id)

    booking = WindowBooking.objects.get()
    assert (booking.reference, booking.hold, booking.start) == ("ful_1", None, start)
    assert slot == (start, start + timedelta(minutes=30))
    assert held_window(hold.public_id) is None


def test_an_order_that_names_another_window_gives_its_carts_place_up(store):
    hold = held(store)
    hold_window(hold=hold, start=after(hours=1))

    book(store=store, start=after(hours=3), reference="ful_1", hold_id=hold.public_id)

    assert [(row.reference, row.start) for row in WindowBooking.objects.all()] == [
        ("ful_1", after(hours=3))
    ]


# --- without a wish ---------------------------------------------------------------------------


def test_an_order_as_soon_as_possible_counts_where_it_becomes_ready(store):
    store.slot_capacity = 1
    store.save()
    ready = promise(store=store, at=after(minutes=10))

    first = book_ready(store=store, ready_at=ready, reference="ful_1")
    second = book_ready(store=store, ready_at=ready, reference="ful_2")

    assert (first, second) == (after(hours=1, minutes=10), after(hours=1, minutes=30))
    assert promise(store=store, at=after(minutes=10)) == after(hours=2)


def test_without_a_number_of_places_nothing_is_counted():
    store = make_store()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert book_ready(store=store, ready_at=NOW, reference="ful_1") == NOW

    assert not [query for query in asked if "windowbooking" in query["sql"]]


def test_what_has_no_room_for_a_month_gets_no_place(store):
    store.slot_capacity = 0
    store.save()

    assert take_next(store=store, since=NOW, reference="ful_1") is None
    with pytest.raises(WindowFull):
        book_ready(store=store, ready_at=NOW, reference="ful_1")


def test_a_place_that_began_in_an_old_window_still_counts_after_the_hours_changed(store):
    book(store=store, start=after(hours=1), reference="ful_1")
    HoursException.objects.create(
        store=store, date="2026-07-15", opens="08:15", closes="20:00", reason="late start"
    )

    found = {window.start: window.left for window in windows(store=store, days=1)}

    assert after(minutes=45) not in found
    with turned_to(after(minutes=-30)):
        found = {window.start: window.left for window in windows(store=store, days=1)}
    assert found[after(minutes=45)] == 1


# --- races ------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_last_places_of_a_window_go_to_as_many_as_there_are(store):
    start = after(hours=1)

    def job(number):
        try:
            book(store=store, start=start, reference=f"ful_{number}")
        except WindowFull:
            return False
        return True

    got = at_once(16, job)

    assert sum(got) == 2
    assert WindowBooking.objects.filter(start=start).count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_orders_that_come_as_soon_as_possible_never_overfill_a_window(store):
    def job(number):
        return book_ready(store=store, ready_at=after(hours=1), reference=f"ful_{number}")

    got = at_once(16, job)

    assert max(got.count(moment) for moment in got) == 2
    assert len(set(got)) == 8
