"""When an order can be ready."""

from datetime import UTC, date, datetime, time

import pytest

from hub.clock import turned_to
from hub.stores.models import HoursException, OpeningHours
from orders.errors import NeverOpen
from orders.promise.services import promise
from tests.factories import make_store

pytestmark = pytest.mark.django_db


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_lead_minutes_count_from_now_while_the_store_is_open():
    store = make_store(lead_minutes=60)  # Warsaw, 8 to 20; in July two hours ahead of UTC
    assert promise(store=store, at=at("2026-07-15 10:00")) == at("2026-07-15 11:00")


def test_what_is_left_at_closing_time_goes_on_the_next_morning():
    store = make_store(lead_minutes=60)
    assert promise(store=store, at=at("2026-07-15 17:30")) == at("2026-07-16 06:30")


def test_an_order_at_night_is_ready_a_lead_time_after_opening():
    store = make_store(lead_minutes=60)
    assert promise(store=store, at=at("2026-07-15 23:00")) == at("2026-07-16 07:00")


def test_a_holiday_is_skipped():
    store = make_store(lead_minutes=60)
    HoursException.objects.create(store=store, date=date(2026, 7, 16), reason="holiday")
    assert promise(store=store, at=at("2026-07-15 23:00")) == at("2026-07-17 07:00")


@pytest.mark.parametrize(
    ("zone", "now", "ready"),
    [
        ("Europe/Warsaw", "2026-03-29 00:30", "2026-03-29 07:00"),  # clocks go forward that night
        ("Europe/Warsaw", "2026-10-24 23:30", "2026-10-25 08:00"),  # and back again
        ("America/New_York", "2026-03-08 03:00", "2026-03-08 13:00"),
        ("America/New_York", "2026-11-01 03:00", "2026-11-01 14:00"),
        ("Asia/Kolkata", "2028-02-29 16:00", "2028-03-01 03:30"),  # leap day, half-hour zone
        ("Asia/Kolkata", "2028-02-28 16:00", "2028-02-29 03:30"),
    ],
)
def test_mornings_are_the_stores_own_over_clock_changes_and_leap_days(zone, now, ready):
    store = make_store(timezone=zone, lead_minutes=60)
    assert promise(store=store, at=at(now)) == at(ready)


def test_now_is_the_business_clock():
    store = make_store(lead_minutes=30)
    with turned_to(at("2026-07-15 10:00")):
        assert promise(store=store) == at("2026-07-15 10:30")


def test_a_store_without_hours_promises_nothing():
    store = make_store()
    OpeningHours.objects.filter(store=store).delete()
    with pytest.raises(NeverOpen):
        promise(store=store)


def test_a_store_that_opens_one_hour_a_week_needs_weeks_for_a_long_lead():
    store = make_store(lead_minutes=150)
    OpeningHours.objects.filter(store=store).delete()
    OpeningHours.objects.create(store=store, weekday=0, opens=time(10), closes=time(11))
    # Mondays: 20 and 27 July, then half an hour on 3 August
    assert promise(store=store, at=at("2026-07-15 10:00")) == at("2026-08-03 08:30")
