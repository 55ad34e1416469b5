"""What a passing minute changes: work not accepted, goods not collected."""

from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from hub.errors import Invalid
from hub.events.models import Fact
from inventory.models import StockLevel
from orders import tasks
from orders.clocks import collecting, services
from orders.clocks.accepting import escalate, pass_on_unaccepted
from orders.clocks.collecting import expire, expire_due, warn_expiring
from orders.clocks.services import run_clocks
from orders.curbside.handing import hand_off
from orders.curbside.visits import arrive, say_on_my_way
from orders.errors import IllegalMove, StaleVersion
from orders.models import FulfillmentOrder, Order, PutBack, Refund
from orders.picking.services import accept
from orders.routing.accepting import accept_deadline
from orders.waiting import WaitTooLong, extend_wait
from tests.factories import make_fulfillment, make_item, make_ready, make_store, pin_of, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db

# the stores are open from 8 to 20 in Warsaw, which is 7 to 19 UTC in winter
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def at():
    """Turn the clock: ``at(minutes)`` after noon."""
    turned = []

    def turn(minutes=0, moment=NOON):
        while turned:
            turned.pop().__exit__(None, None, None)
        turned.append(clock.turned_to(moment + timedelta(minutes=minutes)))
        turned[-1].__enter__()

    turn()
    yield turn
    turned.pop().__exit__(None, None, None)


def facts(part, name):
    return Fact.objects.filter(subject=f"order:{part.order_id}", name=f"fulfillment.{name}").count()


def proposed(moment=NOON, **values):
    part = make_fulfillment(**values)
    deadline = accept_deadline(part.store, moment)
    FulfillmentOrder.objects.filter(pk=part.pk).update(accept_by=deadline)
    part.refresh_from_db()
    return part


def near_part(item):
    part = proposed(pickup={"near": {"latitude": 52.0, "longitude": 21.0}}, lines={item: 2})
    Order.objects.filter(pk=part.order_id).update(near_latitude=52.0, near_longitude=21.0)
    return part


# --- accepting ------------------------------------------------------------------------------


def test_after_ten_open_minutes_a_person_is_told_once(at):
    part = proposed()
    at(9)
    assert escalate() == 0
    at(10)
    assert (escalate(), escalate()) == (1, 0)
    assert facts(part, "accept_overdue") == 1


def test_the_clock_stands_still_while_the_store_is_shut(at):
    evening = NOON.replace(hour=18, minute=45)  # 19:45 in the store, a quarter to closing
    at(moment=evening)
    part = proposed(evening)
    assert part.accept_by == datetime(2026, 11, 19, 7, 5, tzinfo=UTC)
    at(9, moment=evening)
    assert escalate() == 0
    at(11, moment=evening)
    assert escalate() == 1
    at(600, moment=evening)
    assert pass_on_unaccepted() == 0
    assert not part.clock_marks.filter(kind="accept_given_up").exists()


def test_who_accepts_in_time_is_left_alone(at):
    part = proposed()
    accept(fulfillment=part)
    at(60)
    assert (escalate(), pass_on_unaccepted()) == (0, 0)


def test_an_order_near_a_point_goes_on_after_twenty_minutes(at):
    item = make_item()
    first, second = (make_store(latitude=52.0 + place / 100) for place in (1, 2))
    for store in (first, second):
        stock(store, {item: 5}, minutes_ago=5)
    part = near_part(item)
    at(20)
    assert pass_on_unaccepted() == 1
    part.refresh_from_db()
    assert (part.status, part.reason) == ("rejected", "not accepted in time")
    successor = part.replacements.get()
    assert successor.store == second
    assert successor.accept_by == NOON + timedelta(minutes=40)


def test_an_order_for_a_named_store_stays_and_is_shown_to_a_person(at):
    part = proposed()
    at(20)
    assert (pass_on_unaccepted(), pass_on_unaccepted()) == (0, 0)
    part.refresh_from_db()
    assert part.status == "proposed"
    assert part.clock_marks.get().kind == "accept_given_up"
    accept(fulfillment=part)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_tell_once(at):
    parts = [proposed() for _ in range(3)]
    at(10)
    assert sum(at_once(4, lambda _: escalate())) == 3
    assert all(facts(part, "accept_overdue") == 1 for part in parts)


# --- collecting -----------------------------------------------------------------------------


def test_ready_goods_are_warned_of_a_day_before_and_once(at):
    part = make_ready()
    at(moment=part.expires_at - timedelta(hours=25))
    assert warn_expiring() == 0
    at(moment=part.expires_at - timedelta(hours=23))
    assert (warn_expiring(), warn_expiring()) == (1, 0)
    assert facts(part, "expiring") == 1


def test_goods_that_wait_only_today_are_warned_of_halfway(at):
    part = make_ready()
    until = NOON + timedelta(hours=6)
    FulfillmentOrder.objects.filter(pk=part.pk).update(expires_at=until)
    at(179)
    assert warn_expiring() == 0
    at(181)
    assert warn_expiring() == 1


def test_many_that_are_not_warned_of_yet_do_not_delay_the_others(at, monkeypatch):
    fresh, older = make_ready(), make_ready()
    for part, ready, hours in ((fresh, NOON, 6), (older, NOON - timedelta(days=2), 23)):
        FulfillmentOrder.objects.filter(pk=part.pk).update(
            ready_at=ready, expires_at=NOON + timedelta(hours=hours)
        )
    monkeypatch.setattr(collecting, "BATCH", 1)
    assert warn_expiring() == 1
    assert (facts(fresh, "expiring"), facts(older, "expiring")) == (0, 1)


def test_what_nobody_collects_expires_and_is_put_back_before_it_is_sold_again(at):
    item, store = make_item(), make_store()
    stock(store, {item: 5}, minutes_ago=5)
    part = make_ready(store=store, lines={item: 2})
    at(moment=part.expires_at - timedelta(seconds=1))
    assert expire_due() == 0
    at(moment=part.expires_at)
    assert (expire_due(), expire_due()) == (1, 0)
    part.refresh_from_db()
    part.order.refresh_from_db()
    assert (part.status, part.order.status) == ("expired", "canceled")
    assert PutBack.objects.get().units == 2
    assert StockLevel.objects.get(store=store, item=item).allocated == 2
    assert Refund.objects.get().reason == "expired"
    assert facts(part, "expired") == 1


@pytest.mark.parametrize("coming", [True, False])
def test_a_customer_who_is_there_or_nearly_keeps_the_goods(at, coming):
    part = make_ready()
    at(moment=part.expires_at - timedelta(minutes=5))
    if coming:
        say_on_my_way(fulfillment=part, minutes=10)
    else:
        arrive(fulfillment=part, place="by the door")
    at(moment=part.expires_at + timedelta(minutes=10))
    assert expire_due() == 0
    at(moment=part.expires_at + timedelta(minutes=90))
    assert expire_due() == int(coming)


def test_a_person_keeps_it_longer_up_to_a_week(at):
    part = make_ready()
    before = part.expires_at
    until = extend_wait(fulfillment=part, days=2, token="tap")
    assert extend_wait(fulfillment=part, days=2, token="tap") == until
    assert until == before + timedelta(days=2)
    assert facts(part, "wait_extended") == 1
    at(moment=before)
    assert expire_due() == 0
    with pytest.raises(WaitTooLong):
        extend_wait(fulfillment=part, days=7)
    with pytest.raises(Invalid):
        extend_wait(fulfillment=part, days=0)
    with pytest.raises(StaleVersion):
        extend_wait(fulfillment=part, days=1, version=1)


def test_fresh_goods_and_what_is_not_ready_cannot_wait_longer(at):
    fresh = make_ready(lines={make_item(fresh=True): 1})
    with pytest.raises(WaitTooLong):
        extend_wait(fulfillment=fresh, days=1)
    with pytest.raises(IllegalMove):
        extend_wait(fulfillment=make_fulfillment(), days=1)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_expiring_and_handing_over_at_once_one_wins(at):
    for _ in range(3):
        at()
        part = make_ready()
        pin, until = pin_of(part), part.expires_at
        at(moment=until)

        def act(number, part=part, pin=pin):
            mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
            if number % 2:
                return expire(fulfillment=mine)
            try:
                hand_off(fulfillment=mine, pin=pin, by=None)
            except IllegalMove:
                return False
            return True

        assert sum(map(bool, at_once(4, act))) == 1
        part.refresh_from_db()
        assert part.status in ("expired", "completed")


def test_the_minute_takes_every_step(at):
    part = make_ready()
    proposed()
    at(moment=part.expires_at + timedelta(days=1))
    assert run_clocks()["expired"] == 1
    assert set(tasks.run_clocks().values()) == {0}


def test_a_step_that_fails_holds_up_no_other(monkeypatch):
    done = []

    def fail():
        raise ValueError("odd row")

    steps = {"first": fail, "second": lambda: done.append(1) or 1}
    monkeypatch.setattr(services, "STEPS", steps)

    with pytest.raises(ExceptionGroup) as failures:
        run_clocks()

    assert done == [1]
    assert [str(error) for error in failures.value.exceptions] == ["odd row"]
