"""Moves: one table, one guarded update, one effect however many try."""

import threading
from itertools import pairwise

import pytest
from django.db import connection, transaction

from orders.blocks import lift_block, open_block
from orders.errors import Blocked, IllegalMove, StaleVersion
from orders.models import Block, FulfillmentOrder, FulfillmentStatus, OrderStatus, VisitStatus
from orders.states import (
    ACTIONS,
    LIVE,
    MOVES,
    ORDER_MOVES,
    VISIT_MOVES,
    allowed_actions,
    move,
    move_order,
)
from tests.factories import make_fulfillment
from tests.racing import at_once


def test_every_status_is_reachable_and_none_follows_its_end():
    for moves, statuses, first in (
        (MOVES, FulfillmentStatus, "proposed"),
        (ORDER_MOVES, OrderStatus, "open"),
        (VISIT_MOVES, VisitStatus, "on_my_way"),
    ):
        reached = {first} | {str(to) for targets in moves.values() for to in targets}
        assert reached == set(statuses.values)
        assert all(moves.values())


def test_goods_follow_one_path_to_the_customer():
    path = ["proposed", "accepted", "picking", "picked", "ready", "completed"]
    for source, to in pairwise(path):
        forward = {str(target) for target in MOVES[FulfillmentStatus(source)]}
        assert forward & set(path) == {to}


@pytest.mark.django_db
def test_a_move_writes_status_version_and_changes():
    part = make_fulfillment()
    move(part, to=FulfillmentStatus.CANCELED, reason="changed my mind")
    fresh = FulfillmentOrder.objects.get(pk=part.pk)
    assert (fresh.status, fresh.version, fresh.reason) == ("canceled", 2, "changed my mind")
    assert (part.status, part.version, part.reason) == ("canceled", 2, "changed my mind")


@pytest.mark.django_db
@pytest.mark.parametrize("to", sorted(set(FulfillmentStatus.values) - set(MOVES["proposed"])))
def test_what_the_table_does_not_allow_is_refused_with_the_fresh_status(to):
    part = make_fulfillment()
    with pytest.raises(IllegalMove) as refused:
        move(part, to=to)
    assert refused.value.extra == {"present_status": "proposed", "version": 1}
    assert FulfillmentOrder.objects.get(pk=part.pk).version == 1


@pytest.mark.django_db
def test_a_stale_version_is_refused_and_the_fresh_one_told():
    part = make_fulfillment()
    FulfillmentOrder.objects.filter(pk=part.pk).update(version=5)
    with pytest.raises(StaleVersion) as refused:
        move(part, to=FulfillmentStatus.ACCEPTED, version=1)
    assert refused.value.extra["version"] == 5
    move(part, to=FulfillmentStatus.ACCEPTED, version=5)
    assert part.version == 6


@pytest.mark.django_db
def test_without_a_version_a_change_elsewhere_does_not_stop_the_move():
    part = make_fulfillment()
    FulfillmentOrder.objects.filter(pk=part.pk).update(version=5, pos_reference="P-1")
    move(part, to=FulfillmentStatus.ACCEPTED)
    assert (part.status, part.version, part.pos_reference) == ("accepted", 6, "P-1")


@pytest.mark.django_db
def test_an_open_block_stops_steps_forward_but_not_ends():
    part = make_fulfillment()
    block = open_block(order=part.order, reason=Block.Reason.PAYMENT)
    with pytest.raises(Blocked) as refused:
        move(part, to=FulfillmentStatus.ACCEPTED)
    assert refused.value.extra["blocks"] == ["payment"]
    assert lift_block(block=block)
    assert not lift_block(block=block)
    move(part, to=FulfillmentStatus.ACCEPTED)
    open_block(order=part.order, reason=Block.Reason.FRAUD)
    move(part, to=FulfillmentStatus.CANCELED)


@pytest.mark.django_db
def test_opening_and_lifting_a_block_make_what_was_read_before_stale():
    part = make_fulfillment()
    block = open_block(order=part.order, reason=Block.Reason.OTHER)
    lift_block(block=block)
    with pytest.raises(StaleVersion):
        move(part, to=FulfillmentStatus.ACCEPTED, version=1)


@pytest.mark.django_db
def test_every_refused_action_says_why():
    part = make_fulfillment()
    open_block(order=part.order, reason=Block.Reason.AGE_CHECK)
    actions = {action.name: action for action in allowed_actions(part)}
    assert set(actions) == set(ACTIONS)
    assert actions["reject"].allowed
    assert actions["accept"].reason == "blocked: age_check"
    assert actions["ready"].reason == "it is proposed, and must be picked"
    assert all(action.allowed != bool(action.reason) for action in actions.values())


@pytest.mark.django_db
def test_allowed_actions_agree_with_what_move_does():
    for status in FulfillmentStatus.values:
        for name, to in ACTIONS.items():
            part = make_fulfillment()
            FulfillmentOrder.objects.filter(pk=part.pk).update(status=status)
            part.refresh_from_db()
            promised = {action.name: action.allowed for action in allowed_actions(part)}[name]
            try:
                move(part, to=to)
            except IllegalMove:
                assert not promised, (status, name)
            else:
                assert promised, (status, name)
                assert status in LIVE


@pytest.mark.django_db
def test_an_order_ends_once():
    order = make_fulfillment().order
    move_order(order, to=OrderStatus.COMPLETED)
    with pytest.raises(IllegalMove):
        move_order(order, to=OrderStatus.CANCELED)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hundred_identical_moves_have_one_effect():
    key = make_fulfillment().pk

    def accept(_number):
        part = FulfillmentOrder.objects.get(pk=key)
        try:
            move(part, to=FulfillmentStatus.ACCEPTED)
        except IllegalMove as refused:
            return refused.extra["present_status"]
        return "mine"

    results = [result for _ in range(5) for result in at_once(20, accept)]
    assert sorted(results) == ["accepted"] * 99 + ["mine"]
    assert FulfillmentOrder.objects.get(pk=key).version == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_block_that_commits_while_a_move_waits_for_the_row_stops_the_move():
    part = make_fulfillment()
    outcome = []

    def accept():
        try:
            move(FulfillmentOrder.objects.get(pk=part.pk), to=FulfillmentStatus.ACCEPTED)
            outcome.append("moved")
        except Blocked:
            outcome.append("blocked")
        finally:
            connection.close()

    thread = threading.Thread(target=accept)
    with transaction.atomic():
        open_block(order=part.order, reason=Block.Reason.FRAUD)
        thread.start()
        _wait_until_somebody_waits_for_a_lock()
    thread.join(10)
    assert outcome == ["blocked"]
    assert FulfillmentOrder.objects.get(pk=part.pk).status == "proposed"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_block_and_a_move_at_once_leave_no_move_behind_the_block():
    for _ in range(10):
        part = make_fulfillment()

        def job(number, part=part):
            if number == 0:
                open_block(order=part.order, reason=Block.Reason.FRAUD)
                return FulfillmentOrder.objects.get(pk=part.pk).status
            try:
                move(FulfillmentOrder.objects.get(pk=part.pk), to=FulfillmentStatus.ACCEPTED)
            except Blocked:
                return "blocked"
            return "moved"

        seen_by_blocker, result = at_once(2, job)
        assert (result == "moved") == (seen_by_blocker == "accepted")


def _wait_until_somebody_waits_for_a_lock():
    """Until another connection to this database stands in a lock queue, at most five seconds."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    pytest.fail("nobody waited")
