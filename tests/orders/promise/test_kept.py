"""How long preparation took, in open minutes, beside what was promised."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.stores.models import HoursException, OpeningHours
from orders.models import FulfillmentOrder
from orders.promise.kept import preparation
from tests.factories import make_item, make_ready, make_store, stock

pytestmark = pytest.mark.django_db

WEEK = (datetime(2026, 7, 13, tzinfo=UTC), datetime(2026, 7, 20, tzinfo=UTC))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def took(store, placed, ready, promised):
    item = make_item()
    stock(store, {item: 1})
    part = make_ready(store=store, lines={item: 1})
    FulfillmentOrder.objects.filter(pk=part.pk).update(
        created_at=at(placed),
        ready_at=at(ready),
        promised_first=at(promised),
        promised_at=at(ready),
    )


def test_minutes_count_while_the_store_is_open_by_the_hour_of_placing():
    store = make_store()  # in Warsaw, 8 to 20; in July two hours ahead of UTC
    took(store, "2026-07-15 10:10", "2026-07-15 10:50", "2026-07-15 11:10")
    took(store, "2026-07-15 10:20", "2026-07-15 12:00", "2026-07-15 11:20")
    took(store, "2026-07-15 17:30", "2026-07-16 06:30", "2026-07-16 06:30")  # half an hour each day

    whole, noon, evening = preparation(store=store, since=WEEK[0], until=WEEK[1])

    assert (whole.hour, whole.parts, whole.promised) == (None, 3, 60)
    assert round(whole.kept) == 67
    assert (noon.hour, noon.parts, noon.p50, noon.kept) == (12, 2, 70, 50)
    assert (round(noon.p80), round(noon.p95)) == (88, 97)
    assert evening == (19, 1, 60, 60, 60, 60, 100)


def test_a_closed_day_and_shorter_hours_do_not_count():
    store = make_store()
    HoursException.objects.create(store=store, date="2026-07-16")
    HoursException.objects.create(store=store, date="2026-07-17", opens="12:00", closes="23:59")
    took(store, "2026-07-15 17:30", "2026-07-17 10:15", "2026-07-17 22:00")

    [whole, _] = preparation(store=store, since=WEEK[0], until=WEEK[1])

    assert whole.p50 == 45
    assert whole.promised == 30 + 12 * 60


def test_only_the_store_and_the_time_asked_for_count():
    store = make_store()
    took(store, "2026-07-15 10:10", "2026-07-15 10:50", "2026-07-15 11:10")

    assert preparation(store=make_store(), since=WEEK[0], until=WEEK[1]) == []
    assert preparation(store=store, since=WEEK[1], until=WEEK[1] + timedelta(days=7)) == []


def test_a_day_without_hours_counts_for_nothing():
    store = make_store()
    took(store, "2026-07-15 10:10", "2026-07-16 10:50", "2026-07-15 11:10")
    OpeningHours.objects.filter(store=store).delete()

    [whole, _] = preparation(store=store, since=WEEK[0], until=WEEK[1])

    assert (whole.p95, whole.promised, whole.kept) == (0, 0, 0)
