"""Until when a ready order waits."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from hub.stores.calendar import Calendar, Span
from hub.stores.models import HoursException, OpeningHours
from orders.waiting import last_closing, pickup_deadline
from tests.factories import make_store

WARSAW = ZoneInfo("Europe/Warsaw")
pytestmark = pytest.mark.django_db


def test_it_waits_until_the_store_closes_on_the_third_day():
    ready = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert pickup_deadline(make_store(), ready) == datetime(2026, 11, 24, 20, 0, tzinfo=WARSAW)


def test_days_are_the_stores_own():
    late_in_utc = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # in Warsaw it is the 21st
    assert pickup_deadline(make_store(), late_in_utc).astimezone(WARSAW).day == 24


def test_the_hour_that_the_clocks_gain_does_not_shift_it():
    ready = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)  # the clocks go back on the 25th
    assert pickup_deadline(make_store(), ready) == datetime(2026, 10, 27, 20, 0, tzinfo=WARSAW)


def test_a_shut_day_is_no_day_to_collect():
    store = make_store()
    HoursException.objects.create(store=store, date="2026-11-24")
    ready = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert pickup_deadline(store, ready) == datetime(2026, 11, 25, 20, 0, tzinfo=WARSAW)


def test_a_store_without_hours_keeps_it_to_the_end_of_the_third_day():
    store = make_store()
    OpeningHours.objects.filter(store=store).delete()
    ready = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert pickup_deadline(store, ready) == datetime(2026, 11, 25, 0, 0, tzinfo=WARSAW)


def test_a_lunch_break_is_not_the_end_of_the_day():
    spans = [Span(time(8), time(12)), Span(time(14), time(19))]
    calendar = Calendar(dict.fromkeys(range(7), spans), {}, WARSAW)
    morning = datetime(2026, 11, 24, 0, 0, tzinfo=WARSAW)
    assert last_closing(calendar, morning) == datetime(2026, 11, 24, 19, 0, tzinfo=WARSAW)
