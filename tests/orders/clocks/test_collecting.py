"""Nobody comes: reminders, the deadline in store days, and what becomes of the goods."""

from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub import clock
from hub.events.models import Fact
from hub.stores.models import HoursException, OpeningHours
from inventory.models import StockLevel
from orders.clocks.collecting import expire_due, remind, warn_expiring
from orders.clocks.services import run_clocks
from orders.curbside.changes import change_window, offers_of
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder, PutBack, Refund
from orders.picking.services import mark_ready
from orders.putting_back import FreshGoods, put_back
from orders.waiting import extend_wait
from tests.factories import make_item, make_picking, make_ready, make_store, pick_all, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db

WARSAW = ZoneInfo("Europe/Warsaw")
DAY = timedelta(days=1)
WEDNESDAY = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def warsaw(*parts):
    return datetime(*parts, tzinfo=WARSAW)


@pytest.fixture
def at():
    """Turn the business clock to a moment."""
    with ExitStack() as turned:

        def turn(moment):
            turned.pop_all().close()
            turned.enter_context(clock.turned_to(moment.astimezone(UTC)))

        turn(WEDNESDAY)
        yield turn


def reminders(part):
    facts = Fact.objects.filter(name="fulfillment.reminded", data__fulfillment_id=part.pk)
    return list(facts.order_by("pk").values_list("data__number", flat=True))


def shut_on_weekends(store):
    OpeningHours.objects.filter(store=store, weekday__gte=5).delete()
    return store


def ready_at(at, moment, **values):
    """A part that is ready at that moment."""
    at(moment - timedelta(hours=1))
    part = make_picking(**values)
    pick_all(part)
    at(moment)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    part.refresh_from_db()
    return part


# --- reminders --------------------------------------------------------------------------------


def test_a_day_and_two_days_after_it_was_ready_the_customer_is_reminded_once_each(at):
    part = make_ready()
    for hours, told in ((23.9, []), (24, [1]), (30, [1]), (47.9, [1]), (48, [1, 2]), (60, [1, 2])):
        at(WEDNESDAY + timedelta(hours=hours))
        remind()
        assert reminders(part) == told


def test_a_reminder_that_was_missed_is_not_made_up_for(at):
    part = make_ready()
    at(WEDNESDAY + timedelta(hours=49))
    assert (remind(), remind()) == (1, 0)
    assert reminders(part) == [2]


@pytest.mark.parametrize("how", ["coming", "here", "fresh", "expiring", "collected"])
def test_who_needs_no_reminder_gets_none(at, how):
    part = make_ready(lines={make_item(fresh=how == "fresh"): 1})
    FulfillmentOrder.objects.filter(pk=part.pk).update(expires_at=WEDNESDAY + 3 * DAY)
    at(WEDNESDAY + DAY)
    if how == "coming":
        say_on_my_way(fulfillment=part, minutes=30)
    elif how == "here":
        arrive(fulfillment=part, place="by the door")
    elif how == "expiring":
        part.clock_marks.create(kind="expiring", at=WEDNESDAY)
    elif how == "collected":
        FulfillmentOrder.objects.filter(pk=part.pk).update(status="completed")
    assert remind() == 0
    assert reminders(part) == []


def test_who_chose_a_time_is_reminded_a_day_after_it(at):
    part = make_ready()
    window = offers_of(part).windows[-1]
    change_window(fulfillment=part, start=window.start)
    FulfillmentOrder.objects.filter(pk=part.pk).update(expires_at=WEDNESDAY + 9 * DAY)
    at(window.end + timedelta(hours=23))
    assert remind() == 0
    at(window.end + timedelta(hours=24))
    assert remind() == 1
    assert reminders(part) == [1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_remind_once(at):
    parts = [make_ready() for _ in range(3)]

    def sweep(_):
        with clock.turned_to(WEDNESDAY + DAY):
            return remind()

    assert sum(at_once(4, sweep)) == 3
    assert [reminders(part) for part in parts] == [[1]] * 3


# --- the deadline, in the store's days ---------------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "deadline"),
    [
        (warsaw(2026, 11, 17, 12), warsaw(2026, 11, 20, 20)),
        (warsaw(2026, 11, 20, 12), warsaw(2026, 11, 23, 20)),  # Friday to Monday
        (warsaw(2026, 11, 19, 12), warsaw(2026, 11, 23, 20)),  # Sunday is no day to collect
        (warsaw(2026, 11, 18, 12), warsaw(2026, 11, 23, 20)),  # nor is Saturday
        (warsaw(2026, 3, 26, 12), warsaw(2026, 3, 30, 20)),  # the clocks go forward on the 29th
        (warsaw(2026, 10, 22, 12), warsaw(2026, 10, 26, 20)),  # and back on 25 October
    ],
)
def test_an_uncollected_order_goes_through_reminders_and_a_warning_to_its_end(at, ready, deadline):
    store, item = shut_on_weekends(make_store()), make_item()
    stock(store, {item: 5})
    part = ready_at(at, ready, store=store, lines={item: 2})
    assert part.expires_at == deadline

    told = {}
    moment = ready
    while moment <= deadline + timedelta(hours=1):
        at(moment)
        for step, count in run_clocks().items():
            if count:
                told[step] = [*told.get(step, []), moment]
        moment += timedelta(hours=1)

    assert told["reminded"] == [ready + DAY, ready + 2 * DAY]
    assert told["expiring"] == [deadline - DAY]
    assert told["expired"] == [deadline]
    part.refresh_from_db()
    assert (part.status, part.reason) == ("expired", "not collected in time")
    assert PutBack.objects.get().location == "A-1"
    assert Refund.objects.get().reason == "expired"


def test_a_holiday_moves_the_deadline_and_does_not_count_for_an_extension(at):
    store, item = make_store(), make_item()
    stock(store, {item: 5})
    HoursException.objects.create(store=store, date=date(2026, 12, 25))
    HoursException.objects.create(store=store, date=date(2026, 12, 26))
    part = ready_at(at, warsaw(2026, 12, 22, 12), store=store, lines={item: 1})
    assert part.expires_at == warsaw(2026, 12, 27, 20)
    HoursException.objects.create(store=store, date=date(2026, 12, 28))
    assert extend_wait(fulfillment=part, days=1) == warsaw(2026, 12, 29, 20)
    at(warsaw(2026, 12, 28, 19, 59))
    assert warn_expiring() == 0
    at(warsaw(2026, 12, 28, 20, 0))
    assert warn_expiring() == 1


# --- fresh goods ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "deadline"),
    [
        (warsaw(2026, 11, 18, 12), warsaw(2026, 11, 18, 20)),
        (warsaw(2026, 11, 18, 20, 30), warsaw(2026, 11, 19, 20)),  # after closing
        (warsaw(2026, 11, 20, 20, 30), warsaw(2026, 11, 23, 20)),  # before a weekend
        (warsaw(2026, 3, 29, 9), warsaw(2026, 3, 30, 20)),  # ready on a Sunday it is shut
    ],
)
def test_fresh_goods_wait_for_their_day_and_are_written_off(at, ready, deadline):
    at(ready - DAY)  # a count that is newer than the loss would outrank it
    store, item = shut_on_weekends(make_store()), make_item(fresh=True)
    stock(store, {item: 5})
    part = ready_at(at, ready, store=store, lines={item: 2})
    assert part.expires_at == deadline
    at(deadline - timedelta(minutes=1))
    assert (remind(), expire_due()) == (0, 0)
    at(deadline)
    assert expire_due() == 1

    task = PutBack.objects.get()
    with pytest.raises(FreshGoods):
        put_back(task=task, outcome="shelf", by="Ann")
    put_back(task=task, outcome="written_off", by="Ann")
    level = StockLevel.objects.get(store=store, item=item)
    assert (level.on_hand, level.allocated) == (3, 0)
    assert Refund.objects.get().amount_minor == 1000


def test_who_stands_at_the_store_at_closing_time_keeps_fresh_goods(at):
    item, store = make_item(fresh=True), make_store()
    stock(store, {item: 5})
    part = ready_at(at, warsaw(2026, 11, 18, 12), store=store, lines={item: 1})
    at(warsaw(2026, 11, 18, 19, 58))
    arrive(fulfillment=part, place="by the door")
    at(warsaw(2026, 11, 18, 20, 1))
    assert expire_due() == 0
