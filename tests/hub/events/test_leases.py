"""Claims: who may work which row, how often, and in which order."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st

from hub.events import leases
from hub.events.catalog import OrderPlaced
from hub.events.health import left_over, oldest_due_seconds
from hub.events.leases import Backoff, State
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.events.registry import handles

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliveries(reactions):
    """Make deliveries with the given ordering keys; returns them oldest first."""

    @handles(OrderPlaced, key=lambda fact: f"k{fact.order_id}" if fact.order_id else "")
    def nothing(fact):
        """Does nothing."""

    def make(*keys):
        with transaction.atomic():
            for key in keys:
                publish(OrderPlaced(order_id=key))
        return list(Delivery.objects.order_by("id"))

    return make


def claim(limit=10):
    return leases.claim(Delivery, lane="db", limit=limit)


def end_all_leases():
    Delivery.objects.update(due_at=Now() - timedelta(seconds=1))


def test_a_claim_counts_the_attempt_before_the_work_begins(deliveries):
    deliveries(0)

    (row,) = claim()

    row.refresh_from_db()
    assert row.attempts == 1
    assert row.lease is not None


def test_a_claimed_row_is_not_claimed_again_while_its_lease_lasts(deliveries):
    deliveries(0)
    claim()

    assert claim() == []


def test_rows_of_one_key_are_claimed_one_after_another(deliveries):
    first, second, other = deliveries(5, 5, 6)

    assert [row.pk for row in claim()] == [first.pk, other.pk]
    assert claim() == []
    first.refresh_from_db()
    leases.settle(first)
    assert [row.pk for row in claim()] == [second.pk]


def test_a_parked_row_does_not_hold_up_those_behind_it(deliveries):
    _first, second = deliveries(5, 5)
    (row,) = claim()
    leases.fail(row, error="refused", permanent=True)

    assert [row.pk for row in claim()] == [second.pk]


def test_rows_whose_worker_vanished_are_tried_alone(deliveries):
    deliveries(0, 0, 0)
    assert len(claim()) == 3
    end_all_leases()

    assert len(claim()) == 1


def test_a_row_that_ends_every_worker_is_parked_with_a_reason(deliveries):
    deliveries(0)
    for _ in range(Delivery.MAX_ATTEMPTS):
        assert len(claim()) == 1
        end_all_leases()

    assert claim() == []
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == (State.PARKED, Delivery.MAX_ATTEMPTS)
    assert "death of its process" in row.last_error


def test_a_worker_that_lost_its_lease_can_settle_nothing(deliveries):
    deliveries(0)
    (slow,) = claim()
    end_all_leases()
    (fast,) = claim()

    assert leases.settle(slow) is False
    assert leases.settle(fast) is True
    assert Delivery.objects.get().state == State.DONE


def test_a_failed_row_waits_and_the_last_failure_parks_it(deliveries):
    deliveries(0)
    for attempt in range(1, Delivery.MAX_ATTEMPTS + 1):
        (row,) = claim()
        state = leases.fail(row, error=f"try {attempt}")
        end_all_leases()

    assert state == State.PARKED
    assert Delivery.objects.get().last_error == f"try {Delivery.MAX_ATTEMPTS}"


def test_a_postponed_row_keeps_its_attempts(deliveries):
    deliveries(0)
    (row,) = claim()

    leases.postpone(row, seconds=0, counted=False)

    assert Delivery.objects.get().attempts == 0


def test_replay_makes_only_parked_rows_due_with_fresh_attempts(deliveries):
    deliveries(0, 0)
    parked, _waiting = claim()
    leases.settle(parked, state=State.PARKED, error="why")

    assert leases.replay(Delivery.objects.all()) == 1

    parked.refresh_from_db()
    assert (parked.state, parked.attempts) == (State.PENDING, 0)


def test_only_lanes_with_due_rows_are_named(deliveries):
    _first, second = deliveries(0, 0)
    Delivery.objects.filter(pk=second.pk).update(lane="later", due_at=Now() + timedelta(hours=1))

    assert leases.due_lanes(Delivery) == ["db"]


def test_a_row_waiting_for_its_turn_does_not_look_like_a_jam(deliveries):
    deliveries(5, 5)
    (row,) = claim()
    leases.postpone(row, seconds=3600)
    Delivery.objects.exclude(pk=row.pk).update(due_at=Now() - timedelta(hours=2))

    assert oldest_due_seconds() == 0


def test_the_oldest_due_row_tells_its_age(deliveries):
    deliveries(0)
    Delivery.objects.update(due_at=Now() - timedelta(seconds=90))

    assert 90 <= oldest_due_seconds() < 100


@given(attempts=st.integers(1, 200), base=st.floats(0.1, 10), cap=st.floats(1, 4000))
def test_a_wait_grows_to_its_cap_and_is_never_nothing(attempts, base, cap):
    wait = Backoff(base=base, cap=cap).delay(attempts)

    assert 0 < wait <= cap


def test_what_is_left_over_is_told_by_lane_with_who_has_it_and_when_it_is_due(deliveries):
    deliveries(0, 0, 0)
    (held,) = claim(limit=1)
    leases.postpone(held, seconds=60, error="no answer")
    claim(limit=1)

    (told,) = left_over(held.created_at - timedelta(hours=1))

    assert (told["lane"], told["rows"], told["leased"]) == ("db", 3, 1)
    assert told["due_in"] <= 0
    assert (told["most_attempts"], told["error"]) == (1, "no answer")
