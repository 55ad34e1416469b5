"""Promises that cannot be kept are moved once, and told once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.clock import turned_to
from hub.events.models import Fact
from hub.stores.models import HoursException
from hub.webhooks.models import ChannelEvent
from orders.models import FulfillmentOrder, WindowBooking
from orders.promise.slipping import slip, slip_promises
from orders.promise.windows import book
from tests.factories import (
    make_channel,
    make_endpoint,
    make_fulfillment,
    make_item,
    make_ready,
    make_store,
    stock,
)
from tests.flows.test_pos_answers_in_any_order import work_off
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)  # noon in Warsaw, open from 8 to 20
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def noon():
    with turned_to(NOW):
        yield


@pytest.fixture
def store():
    return make_store()


def part_of(store, promised_at, **item):
    goods = make_item(**item)
    stock(store, {goods: 1})
    part = make_fulfillment(store=store, lines={goods: 1})
    FulfillmentOrder.objects.filter(pk=part.pk).update(
        promised_at=promised_at, promised_first=promised_at
    )
    part.refresh_from_db()
    return part


def told():
    rows = Fact.objects.filter(name="fulfillment.delayed").order_by("id")
    return [(fact.data["fulfillment_id"], fact.data["promised_at"]) for fact in rows]


def test_what_is_late_is_promised_anew_and_told_once(store):
    part = part_of(store, NOW - timedelta(minutes=1))

    assert (slip_promises(), slip_promises()) == (1, 0)

    part.refresh_from_db()
    assert part.promised_at == NOW + HOUR
    assert part.promised_first == NOW - timedelta(minutes=1)
    assert told() == [(part.pk, "2026-07-15T11:00:00Z")]


def test_what_stays_late_is_promised_later_each_time(store):
    part = part_of(store, NOW - 3 * HOUR)
    slip_promises()
    with turned_to(NOW + 3 * HOUR):
        slip_promises()
    part.refresh_from_db()
    assert [promised for _, promised in told()] == ["2026-07-15T13:00:00Z", "2026-07-16T07:00:00Z"]


def test_the_site_is_told_the_new_time():
    channel = make_channel()
    make_endpoint(channel)
    part = make_fulfillment(channel=channel)
    with turned_to(NOW + 3 * HOUR):
        slip_promises()
        work_off()
    event = ChannelEvent.objects.get(channel=channel, type="fulfillment.delayed")
    assert event.data["fulfillment_id"] == part.public_id
    assert event.data["promised_at"] == "2026-07-15T15:00:00Z"


def test_goods_that_take_longer_are_promised_so(store):
    part = part_of(store, NOW, lead_minutes=180)
    slip_promises()
    part.refresh_from_db()
    assert part.promised_at == NOW + 3 * HOUR


def test_what_is_in_time_or_ready_or_over_stays(store):
    part_of(store, NOW + HOUR)
    item = make_item()
    stock(store, {item: 1})
    ready = make_ready(store=store, lines={item: 1})
    FulfillmentOrder.objects.filter(pk=ready.pk).update(promised_at=NOW - HOUR)

    assert slip_promises() == 0
    assert not slip(fulfillment_id=ready.pk, promised_at=NOW - HOUR, to=NOW)
    assert not told()


def test_a_promise_for_a_day_on_which_the_store_is_shut_now_moves(store):
    part = part_of(store, NOW + 24 * HOUR)
    HoursException.objects.create(store=store, date="2026-07-16")

    assert (slip_promises(), slip_promises()) == (1, 0)

    part.refresh_from_db()
    assert part.promised_at == datetime(2026, 7, 17, 7, tzinfo=UTC)


def test_a_promise_for_closing_time_can_be_kept(store):
    part_of(store, NOW + 8 * HOUR)
    assert slip_promises() == 0


def test_a_window_in_which_the_store_is_shut_now_becomes_the_next_with_room():
    store = make_store(slot_capacity=1)
    start = NOW + 24 * HOUR
    part = part_of(store, start)
    slot = book(store=store, start=start, reference=part.public_id)
    FulfillmentOrder.objects.filter(pk=part.pk).update(window_start=slot.start, window_end=slot.end)
    book(store=store, start=datetime(2026, 7, 17, 6, tzinfo=UTC), reference="ful_other")
    HoursException.objects.create(store=store, date="2026-07-16")

    assert (slip_promises(), slip_promises()) == (1, 0)

    part.refresh_from_db()
    place = WindowBooking.objects.get(reference=part.public_id).start
    assert place == part.window_start == part.promised_at
    assert place == datetime(2026, 7, 17, 6, 30, tzinfo=UTC)


def test_a_queue_that_is_much_too_long_delays_those_at_its_end():
    store = make_store(orders_per_hour=2)
    parts = [part_of(store, NOW + timedelta(minutes=45)) for _ in range(4)]

    assert (slip_promises(), slip_promises()) == (2, 0)  # ready after 30, 60, 90 and 120 minutes

    rows = FulfillmentOrder.objects.in_bulk([part.pk for part in parts])
    assert [rows[part.pk].promised_at - NOW for part in parts] == [
        timedelta(minutes=minutes) for minutes in (45, 45, 90, 120)
    ]


def test_looking_costs_two_queries_however_many_parts_are_in_time(store):
    for _ in range(3):
        part_of(store, NOW + HOUR)
    with CaptureQueriesContext(connection) as asked:
        slip_promises()
    assert len(asked) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_tell_each_slip_once(store):
    parts = [part_of(store, NOW - HOUR) for _ in range(3)]

    slipped = at_once(8, lambda number: slip_promises())

    assert sum(slipped) == 3
    assert sorted(key for key, _ in told()) == sorted(part.pk for part in parts)
