"""Opening times across midnights, holidays, leap days and both changes of the clocks."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.stores.calendar import (
    Span,
    add_open_minutes,
    is_open,
    next_closing,
    next_opening,
)

WARSAW = ZoneInfo("Europe/Warsaw")
NEW_YORK = ZoneInfo("America/New_York")
SHOP = Span(time(8), time(20))
DAILY = {day: [SHOP] for day in range(7)}
WEEKDAYS = {day: [SHOP] for day in range(5)}
SPLIT = {day: [Span(time(15), time(19)), Span(time(9), time(13))] for day in range(7)}
AROUND_THE_CLOCK = {day: [Span(time(0), time(23, 59))] for day in range(7)}


def at(text, tz=WARSAW, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=tz, fold=fold)


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-03-02T07:59:59", False),
        ("2026-03-02T08:00", True),
        ("2026-03-02T19:59:59", True),
        ("2026-03-02T20:00", False),
    ],
)
def test_a_store_is_open_from_opening_until_just_before_closing(moment, opened):
    assert is_open(DAILY, {}, WARSAW, at(moment)) is opened


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-03-02T05:00", "2026-03-02T08:00"),
        ("2026-03-02T12:30", "2026-03-02T12:30"),
        ("2026-03-06T20:00", "2026-03-09T08:00"),
        ("2026-03-07T12:00", "2026-03-09T08:00"),
    ],
)
def test_the_next_opening_is_now_or_the_next_time_the_door_opens(moment, opening):
    assert next_opening(WEEKDAYS, {}, WARSAW, at(moment)) == at(opening)


def test_moments_may_be_told_in_any_zone():
    in_utc = datetime.fromisoformat("2026-03-02T23:30:00+00:00")

    assert next_opening(DAILY, {}, WARSAW, in_utc) == at("2026-03-03T08:00")


def test_the_lunch_break_counts_as_closed():
    assert not is_open(SPLIT, {}, WARSAW, at("2026-03-02T14:00"))
    assert next_opening(SPLIT, {}, WARSAW, at("2026-03-02T14:00")) == at("2026-03-02T15:00")
    assert add_open_minutes(SPLIT, {}, WARSAW, at("2026-03-02T12:30"), 60) == at("2026-03-02T15:30")


def test_an_exceptional_day_replaces_the_usual_hours():
    exceptions = {
        date(2026, 12, 24): [Span(time(8), time(12))],
        date(2026, 12, 25): [],
        date(2026, 12, 26): [],
    }

    assert not is_open(DAILY, exceptions, WARSAW, at("2026-12-24T13:00"))
    assert next_opening(DAILY, exceptions, WARSAW, at("2026-12-24T13:00")) == at("2026-12-27T08:00")


def test_a_closed_day_may_open_by_exception():
    exceptions = {date(2026, 3, 8): [Span(time(10), time(16))]}

    assert is_open(WEEKDAYS, exceptions, WARSAW, at("2026-03-08T11:00"))


def test_29_february_is_a_day_like_any_other():
    monday_hours = {date(2028, 2, 29): [Span(time(10), time(11))]}

    assert next_opening(DAILY, {}, WARSAW, at("2028-02-28T21:00")) == at("2028-02-29T08:00")
    assert next_opening(DAILY, monday_hours, WARSAW, at("2028-02-28T21:00")) == at(
        "2028-02-29T10:00"
    )
    assert add_open_minutes(DAILY, {}, WARSAW, at("2028-02-28T19:00"), 120) == at(
        "2028-02-29T09:00"
    )


def test_a_store_without_hours_never_opens():
    assert next_opening({}, {}, WARSAW, at("2026-03-02T12:00")) is None
    assert add_open_minutes({}, {}, WARSAW, at("2026-03-02T12:00"), 1) is None
    assert not is_open({}, {}, WARSAW, at("2026-03-02T12:00"))


def test_work_that_does_not_fit_today_goes_on_tomorrow():
    end = add_open_minutes(WEEKDAYS, {}, WARSAW, at("2026-03-06T19:30"), 60)

    assert end == at("2026-03-09T08:30")


def test_work_may_end_at_the_very_moment_of_closing():
    assert add_open_minutes(DAILY, {}, WARSAW, at("2026-03-02T19:00"), 60) == at("2026-03-02T20:00")


def test_no_work_is_done_as_soon_as_the_store_is_open():
    assert add_open_minutes(DAILY, {}, WARSAW, at("2026-03-02T21:00"), 0) == at("2026-03-03T08:00")


def test_around_the_clock_has_no_gap_at_midnight():
    evening = at("2026-03-02T23:30")

    assert add_open_minutes(AROUND_THE_CLOCK, {}, WARSAW, evening, 60) == at("2026-03-03T00:30")
    assert is_open(AROUND_THE_CLOCK, {}, WARSAW, at("2026-03-02T23:59:30"))


def test_the_closing_is_that_of_the_running_or_the_next_opening():
    assert next_closing(DAILY, {}, WARSAW, at("2026-03-02T12:00")) == at("2026-03-02T20:00")
    assert next_closing(DAILY, {}, WARSAW, at("2026-03-02T20:00")) == at("2026-03-03T20:00")


# --- the clocks change ------------------------------------------------------------------------
# Warsaw: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
# New York: 2026-03-08 02:00 becomes 03:00, 2026-11-01 02:00 becomes 01:00.


@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        (WARSAW, "2026-03-29", 23),
        (WARSAW, "2026-10-25", 25),
        (NEW_YORK, "2026-03-08", 23),
        (NEW_YORK, "2026-11-01", 25),
        (WARSAW, "2026-03-30", 24),
    ],
)
def test_a_day_open_around_the_clock_lasts_as_long_as_the_day_does(tz, day, hours):
    midnight = at(f"{day}T00:00", tz)
    next_midnight = at(f"{date.fromisoformat(day) + timedelta(days=1)}T00:00", tz)

    end = add_open_minutes(AROUND_THE_CLOCK, {}, tz, midnight, hours * 60)

    assert end == next_midnight


def test_opening_times_stay_on_the_wall_when_the_clocks_change():
    spring = next_opening(DAILY, {}, WARSAW, at("2026-03-28T21:00"))
    autumn = next_opening(DAILY, {}, WARSAW, at("2026-10-24T21:00"))

    assert spring is not None
    assert autumn is not None
    assert spring.isoformat() == "2026-03-29T06:00:00+00:00"
    assert autumn.isoformat() == "2026-10-25T07:00:00+00:00"


def test_a_span_over_the_hour_that_is_skipped_is_an_hour_shorter():
    night = {6: [Span(time(1), time(5))]}

    end = add_open_minutes(night, {}, WARSAW, at("2026-03-29T01:00"), 180)

    assert end == at("2026-03-29T05:00")


def test_a_span_that_ends_in_the_skipped_hour_still_has_its_length():
    night = {6: [Span(time(1), time(2, 30))]}

    closing = next_closing(night, {}, WARSAW, at("2026-03-29T01:00"))

    assert closing == at("2026-03-29T03:30")


def test_a_store_is_open_in_both_of_two_equal_hours():
    night = {6: [Span(time(1), time(2, 30))]}

    assert is_open(night, {}, WARSAW, at("2026-10-25T02:15"))
    assert is_open(night, {}, WARSAW, at("2026-10-25T02:15", fold=1))
    assert not is_open(night, {}, WARSAW, at("2026-10-25T02:45", fold=1))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)).map(
    lambda naive: naive.replace(tzinfo=ZoneInfo("UTC"))
)


@given(moment=moments, minutes=st.integers(0, 3000), tz=st.sampled_from([WARSAW, NEW_YORK]))
def test_work_ends_while_the_store_is_open_and_adds_up(moment, minutes, tz):
    end = add_open_minutes(SPLIT, {}, tz, moment, minutes)
    half = add_open_minutes(SPLIT, {}, tz, moment, minutes // 2)

    assert end is not None
    assert half is not None
    assert is_open(SPLIT, {}, tz, end - timedelta(seconds=1)) or minutes == 0
    rest = add_open_minutes(SPLIT, {}, tz, half, minutes - minutes // 2)
    assert rest == end
