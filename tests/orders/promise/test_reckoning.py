"""The earliest ready time over cut-offs, holidays, midnights, zones and queues."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import turned_to
from hub.stores.calendar import Calendar, Span, is_open
from hub.stores.models import HoursException, OpeningHours
from orders.models import FulfillmentOrder
from orders.promise.reckoning import begins, ready_at, slots
from orders.promise.services import promise, promises
from orders.promise.slipping import lies_in_hours
from tests.factories import make_fulfillment, make_item, make_store, stock

# one of each family: both hemispheres, half an hour of summer time, clocks that go back for
# Ramadan, none at all, and both sides of the date line
ZONES = [
    "Europe/Warsaw",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/St_Johns",
    "Asia/Beirut",
    "America/Havana",
    "Pacific/Chatham",
    "Africa/Cairo",
    "UTC",
]
DAILY = {day: [Span(time(8), time(20))] for day in range(7)}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text, zone, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def changes_of(zone, year):
    """The days of a year on which this zone's clocks are changed, and leap day's neighbours."""
    tz, day, found = ZoneInfo(zone), date(year, 1, 1), [date(2028, 2, 29)]
    while day.year == year:
        noon, next_noon = (
            datetime.combine(one, time(12), tz).utcoffset()
            for one in (day, day + timedelta(days=1))
        )
        if noon != next_noon:
            found.append(day + timedelta(days=1))
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_on_days_of_clock_changes_and_leap_days_mornings_begin_at_eight_on_the_stores_clock(zone):
    calendar = Calendar(DAILY, {}, ZoneInfo(zone))
    for day in changes_of(zone, 2027):
        night = datetime.combine(day - timedelta(days=1), time(23), ZoneInfo(zone)).astimezone(UTC)
        ready = ready_at(calendar, None, night, 60)
        assert ready.astimezone(calendar.tz).replace(tzinfo=None) == datetime.combine(day, time(9))


@pytest.mark.parametrize("zone", ZONES)
def test_windows_of_a_day_of_clock_change_fill_the_opening_and_nothing_else(zone):
    around = {day: [Span(time(0), time(23, 59))] for day in range(7)}
    calendar = Calendar(around, {}, ZoneInfo(zone))
    for day in changes_of(zone, 2027):
        since = datetime.combine(day, time(), calendar.tz).astimezone(UTC)
        until = datetime.combine(day + timedelta(days=1), time(), calendar.tz).astimezone(UTC)
        found = list(slots(calendar, 30, since, until))
        assert found[0].start == since
        assert found[-1].end == until
        assert all(one.end == other.start for one, other in pairwise(found))


def test_after_the_cut_off_an_order_counts_as_placed_at_the_next_days_opening():
    calendar = Calendar(DAILY, {}, ZoneInfo("Europe/Warsaw"))
    ready = [
        ready_at(calendar, time(14), local(moment, "Europe/Warsaw").astimezone(UTC), 60)
        for moment in ("2026-07-15T14:00", "2026-07-15T14:00:01", "2026-07-15T02:00")
    ]
    assert ready == [
        local("2026-07-15T15:00", "Europe/Warsaw"),
        local("2026-07-16T09:00", "Europe/Warsaw"),
        local("2026-07-15T09:00", "Europe/Warsaw"),
    ]


def test_of_two_equal_clock_times_the_later_one_is_the_cut_off():
    calendar = Calendar(DAILY, {}, ZoneInfo("America/New_York"))
    first = local("2026-11-01T01:45", "America/New_York").astimezone(UTC)
    second = local("2026-11-01T01:15", "America/New_York", fold=1).astimezone(UTC)
    assert begins(calendar, time(1, 30), first) == first
    assert begins(calendar, time(1, 30), second) == second


def test_a_cut_off_before_a_holiday_means_the_day_after_it():
    holiday = {date(2026, 7, 16): []}
    calendar = Calendar(DAILY, holiday, ZoneInfo("Europe/Warsaw"))
    late = local("2026-07-15T15:00", "Europe/Warsaw").astimezone(UTC)
    assert ready_at(calendar, time(14), late, 60) == local("2026-07-17T09:00", "Europe/Warsaw")


def test_a_store_that_closes_at_midnight_works_until_midnight():
    until_midnight = {day: [Span(time(16), time(23, 59))] for day in range(7)}
    calendar = Calendar(until_midnight, {}, ZoneInfo("Europe/Warsaw"))
    late = local("2026-07-15T23:30", "Europe/Warsaw").astimezone(UTC)
    assert ready_at(calendar, None, late, 30) == local("2026-07-16T00:00", "Europe/Warsaw")
    assert ready_at(calendar, None, late, 31) == local("2026-07-16T16:01", "Europe/Warsaw")


TIMES = st.integers(0, 47).map(lambda half: time(half // 2, half % 2 * 30))


@st.composite
def calendars(draw):
    hours = {}
    for day in range(7):
        opens, closes = sorted((draw(TIMES), draw(TIMES)))
        if opens < closes:
            hours[day] = [Span(opens, closes)]
    return Calendar(hours, {}, ZoneInfo(draw(st.sampled_from(ZONES))))


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(calendars(), st.none() | TIMES, MOMENTS, st.integers(0, 3000), st.integers(0, 3000))
def test_an_order_is_never_ready_before_it_is_placed_or_while_the_store_is_shut(
    calendar, cut_off, moment, minutes, more
):
    ready = ready_at(calendar, cut_off, moment, minutes)
    if ready is None:
        return
    assert ready >= moment
    assert lies_in_hours(calendar, ready)
    later = ready_at(calendar, cut_off, moment, minutes + more)
    assert later is None or later >= ready


@given(
    calendars(),
    st.none() | TIMES,
    MOMENTS,
    st.integers(0, 600),
    st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_asking_later_never_makes_it_ready_earlier(calendar, cut_off, moment, minutes, wait):
    ready = ready_at(calendar, cut_off, moment, minutes)
    later = ready_at(calendar, cut_off, moment + wait, minutes)
    assert later is None or (ready is not None and later >= ready)


@given(calendars(), st.integers(1, 240), MOMENTS)
def test_every_window_lies_in_opening_hours_and_none_overlaps_the_next(calendar, minutes, moment):
    found = list(slots(calendar, minutes, moment, moment + timedelta(days=3)))
    for slot in found:
        assert timedelta(0) < slot.end - slot.start <= timedelta(minutes=minutes)
        assert is_open(*calendar, slot.start)
        assert is_open(*calendar, slot.end - timedelta(microseconds=1))
    assert all(one.end <= other.start for one, other in pairwise(found))


# --- with the database ------------------------------------------------------------------------

NOON = at("2026-07-15 10:00")  # in Warsaw


@pytest.mark.django_db
def test_the_longest_lead_time_in_the_basket_counts_when_it_is_longer_than_the_stores():
    store = make_store(lead_minutes=60)
    assert promise(store=store, lead_minutes=30, at=NOON) == at("2026-07-15 11:00")
    assert promise(store=store, lead_minutes=24 * 60, at=NOON) == at("2026-07-17 10:00")


@pytest.mark.django_db
def test_the_work_that_is_promised_before_an_order_delays_it():
    store = make_store(lead_minutes=60, orders_per_hour=2)
    item = make_item()
    stock(store, {item: 100})
    keys = [make_fulfillment(store=store, lines={item: 1}).pk for _ in range(3)]
    rows = FulfillmentOrder.objects.filter(pk__in=keys)
    rows.update(promised_at=at("2026-07-15 10:30"))
    rows.filter(pk=keys[0]).update(promised_at=at("2026-07-17 10:30"))  # comes after it

    assert promise(store=store, at=NOON) == at("2026-07-15 12:00")

    rows.update(status="picked")
    assert promise(store=store, at=NOON) == at("2026-07-15 11:00")


@pytest.mark.django_db
def test_many_stores_are_promised_for_at_once_as_each_alone_in_three_queries():
    stores = [
        make_store(),
        make_store(timezone="America/New_York", cut_off="05:00"),
        make_store(orders_per_hour=5),
        make_store(slot_capacity=0),
        make_store(slot_capacity=3, lead_minutes=700),
    ]
    never = make_store()
    OpeningHours.objects.filter(store=never).delete()
    HoursException.objects.create(store=stores[0], date="2026-07-15")

    with turned_to(NOON), CaptureQueriesContext(connection) as asked:
        found = promises(stores=[store.pk for store in [*stores, never]])

    assert len(asked) == 3
    assert found[never.pk] is None
    assert found[stores[3].pk] is None
    for store in (stores[0], stores[1], stores[2], stores[4]):
        with turned_to(NOON):
            assert found[store.pk] == promise(store=store)


@pytest.mark.django_db
def test_without_queues_and_places_one_query_is_enough():
    store = make_store()
    with CaptureQueriesContext(connection) as asked:
        promise(store=store)
    assert len(asked) == 1
