"""Breakers: who does not answer is left alone, tried by one at a time, and then caught up with."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from hub.errors import ConnectorError
from hub.events import leases
from hub.events.breakers import FAILURES, PATIENCE, follow, guarded, reset
from hub.events.catalog import OrderPlaced
from hub.events.leases import NotNow
from hub.events.models import Breaker, Delivery
from hub.events.outbox import publish
from hub.events.queues import queues
from hub.events.registry import handles
from hub.events.relay import run_one
from hub.metrics import exposition
from tests.racing import at_once

pytestmark = pytest.mark.django_db

KEY = "vendor:1"


def call(outcome=None, *, key=KEY):
    """Make one guarded call; what comes of it: 'done', 'failed', 'refused' or 'put off'."""
    try:
        with guarded(key, lane=KEY):
            if outcome:
                raise outcome
    except NotNow:
        return "put off"
    except ConnectorError as error:
        return "refused" if error.permanent else "failed"
    return "done"


def fail():
    return call(ConnectorError("HTTP 503"))


def open_it():
    return [fail() for _ in range(FAILURES)]


def let_pass(**span):
    """Let time go by for all breakers."""
    span = timedelta(**span)
    Breaker.objects.update(due_at=F("due_at") - span, opened_at=F("opened_at") - span)


def test_five_failures_in_a_row_open_it():
    assert open_it() == ["failed"] * (FAILURES - 1) + ["put off"]
    assert call() == "put off"


def test_a_success_in_between_begins_the_count_again():
    for _ in range(FAILURES - 1):
        fail()
    call()
    assert fail() == "failed"
    assert Breaker.objects.get().state == "closed"


def test_a_refusal_is_an_answer():
    for _ in range(FAILURES * 2):
        assert call(ConnectorError("HTTP 422", permanent=True)) == "refused"
    assert not Breaker.objects.exists()


def test_one_does_not_open_another():
    open_it()
    assert call(key="vendor:2") == "done"


def test_after_half_a_minute_one_call_tries_and_its_success_closes_it():
    open_it()
    let_pass(seconds=31)
    assert call() == "done"
    assert Breaker.objects.get().state == "closed"
    assert call() == "done"


def test_a_failed_try_leaves_it_open_for_longer_each_time_up_to_two_minutes():
    open_it()
    waits = []
    for _ in range(4):
        let_pass(minutes=3)
        assert fail() == "put off"
        with pytest.raises(NotNow) as caught, guarded(KEY, lane=KEY):
            pass
        waits.append(round(caught.value.seconds))
    assert waits == [20, 40, 80, 120]


def test_a_caller_that_died_while_trying_does_not_keep_it_shut():
    open_it()
    let_pass(seconds=31)
    with pytest.raises(RuntimeError), guarded(KEY, lane=KEY):
        raise RuntimeError("killed")
    assert call() == "put off"
    let_pass(seconds=61)
    assert call() == "done"


def test_after_a_day_out_of_reach_tries_count_again():
    open_it()
    let_pass(seconds=PATIENCE.total_seconds() + 1)
    assert fail() == "failed"


def test_somebody_who_knows_better_can_close_it():
    open_it()
    reset(KEY, lane=KEY)
    assert call() == "done"


def test_the_figures_say_who_is_out_of_reach():
    open_it()
    call(key="vendor:2")
    assert f'hub_breaker_open{{key="{KEY}"}} 1.0' in exposition().decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_of_many_processes_one_tries():
    open_it()
    let_pass(seconds=31)
    calls = []

    def job(number):
        with guarded(KEY, lane=KEY):
            calls.append(number)
            raise ConnectorError("HTTP 503")

    def outcome(number):
        try:
            job(number)
        except NotNow:
            return "put off"
        return "done"

    assert at_once(8, outcome) == ["put off"] * 8
    assert len(calls) == 1


# --- what waits for it ----------------------------------------------------------------------------


def work(outcomes, numbers):
    """Publish facts whose handler calls the vendor; returns a function that does what is due."""

    @handles(OrderPlaced, lane=KEY)
    def tell(fact):
        with guarded(KEY, lane=KEY):
            if outcomes["down"]:
                raise ConnectorError("HTTP 503")
            outcomes["told"].append(fact.order_id)

    with transaction.atomic():
        for number in numbers:
            publish(OrderPlaced(order_id=number))
    queue = next(queue for queue in queues() if queue.model is Delivery)

    def run():
        for _ in range(100):
            rows = leases.claim(Delivery, lane=KEY, limit=1)
            if not rows:
                return
            run_one(queue, rows[0])

    return run


def test_what_is_put_off_uses_up_no_attempt_and_follows_in_its_order(reactions):
    outcomes = {"down": True, "told": []}
    run = work(outcomes, range(1, 21))
    for _ in range(30):
        run()
        let_pass(minutes=3)
        Delivery.objects.update(due_at=F("due_at") - timedelta(minutes=3))
    assert max(Delivery.objects.values_list("attempts", flat=True)) <= 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}

    outcomes["down"] = False
    let_pass(minutes=3)
    Delivery.objects.update(due_at=F("due_at") - timedelta(minutes=3))
    run()

    assert sorted(outcomes["told"]) == list(range(1, 21))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_what_was_put_off_is_due_at_once_when_it_answers_again(reactions):
    outcomes = {"down": False, "told": []}
    run = work(outcomes, range(1, 7))
    open_it()
    run()
    assert outcomes["told"] == []

    let_pass(seconds=31)
    call()
    run()

    assert outcomes["told"] == [1, 2, 3, 4, 5, 6]


def test_following_leaves_alone_what_failed_for_another_reason(reactions):
    work({"down": False, "told": []}, [1])
    (row,) = leases.claim(Delivery, lane=KEY, limit=1)
    leases.fail(row, error="HTTP 500", wait=600)
    assert follow(KEY) == 0


def test_a_handler_with_waits_of_its_own_is_tried_by_them(reactions):
    @handles(OrderPlaced, lane=KEY, waits=(600.0,))
    def tell(fact):
        raise ConnectorError("HTTP 500")

    with transaction.atomic():
        publish(OrderPlaced(order_id=1))
    queue = next(queue for queue in queues() if queue.model is Delivery)
    (row,) = leases.claim(Delivery, lane=KEY, limit=1)
    before = row.created_at
    run_one(queue, row)
    row.refresh_from_db()
    assert timedelta(minutes=4) < row.due_at - before < timedelta(minutes=11)
