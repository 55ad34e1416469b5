"""Past days of messages: made up once, they say what looking at each message says."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from hub import clock
from notifications.measures import Window, speeds, suppressions, tallies
from notifications.models import DayMessages, Message
from notifications.reporting.rollup import make_up_messages
from orders.models import FulfillmentOrder, RollupMark
from tests.notifications.doing import part_of, ready_message, received_message, work
from tests.notifications.test_reaching import MAIL, PHONE, told

pytestmark = pytest.mark.django_db


def a_month(*stores, days=28) -> Window:
    now = clock.now()
    keys = tuple(store.pk for store in stores) if stores else None
    return Window(start=now - timedelta(days=days), end=now, step="day", stores=keys)


def spread_over_a_month(seed: int) -> None:
    """Every message of the test on a day of its own, told some time after ready."""
    dice = random.Random(seed)
    for message in Message.objects.all():
        at = clock.now() - timedelta(days=dice.uniform(0, 30))
        taken = at + timedelta(seconds=dice.uniform(2, 90)) if message.accepted_at else None
        Message.objects.filter(pk=message.pk).update(
            created_at=at, submitted_at=at + timedelta(seconds=1), accepted_at=taken
        )
        if message.subject.startswith("fulfillment:"):
            FulfillmentOrder.objects.filter(pk=part_of(message).pk).update(ready_at=at)


def some_messages() -> Message:
    one = ready_message(customer=PHONE)
    ready_message(customer=MAIL | {"name": "Ben"})
    received_message(customer=PHONE | {"phone": "+48500123457"})
    ready_message(customer={"name": "Cat", "phone": "+48221234567"})
    work()
    one.refresh_from_db()
    told(one, "delivered")
    return one


@pytest.mark.parametrize("seed", range(3))
def test_days_made_up_say_what_the_messages_say(phone, seed):
    store = part_of(some_messages()).store
    spread_over_a_month(seed)
    asked = [a_month(), a_month(store), a_month(days=7)]
    before = [(tallies(one), suppressions(one), speeds(one)) for one in asked]

    make_up_messages()

    assert DayMessages.objects.exists()
    assert [(tallies(one), suppressions(one), speeds(one)) for one in asked] == before


def test_making_days_up_again_changes_nothing(phone):
    some_messages()
    spread_over_a_month(1)
    make_up_messages()
    before = tallies(a_month())
    rows = DayMessages.objects.count()

    make_up_messages()

    assert tallies(a_month()) == before
    assert DayMessages.objects.count() == rows


def test_what_comes_late_is_in_the_days_from_the_next_night_on(phone):
    message = some_messages()
    Message.objects.update(created_at=clock.now() - timedelta(days=5))
    make_up_messages()
    Message.objects.filter(pk=message.pk).update(stale_at=clock.now())
    assert tallies(a_month())[""][0].stale == 0

    make_up_messages()

    assert tallies(a_month())[""][0].stale == 1


def test_nights_that_were_missed_leave_no_gap(phone):
    some_messages()
    Message.objects.update(created_at=clock.now() - timedelta(days=60))
    RollupMark.objects.create(name="messages", ran_at=clock.now() - timedelta(days=61))

    make_up_messages(days=3)

    assert sum(DayMessages.objects.values_list("written", flat=True)) == Message.objects.count()


def test_half_the_customers_are_told_within_what_the_buckets_say(phone):
    message = some_messages()
    at = clock.now() - timedelta(days=3)
    Message.objects.filter(pk=message.pk).update(
        created_at=at,
        submitted_at=at + timedelta(seconds=8),
        accepted_at=at + timedelta(seconds=10),
    )
    Message.objects.exclude(pk=message.pk).update(accepted_at=None)
    FulfillmentOrder.objects.update(ready_at=at)
    make_up_messages()

    whole, days = speeds(a_month())

    assert whole is not None
    assert whole.p50 == pytest.approx(10, rel=0.05)
    assert whole.provider_p50 == pytest.approx(2, rel=0.05)
    assert [one.count for one in days] == [1]
