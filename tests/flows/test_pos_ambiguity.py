"""Answers of the POS get lost after it has done what it was asked: nothing is done twice."""

import pytest

from hub.events.models import Delivery
from hub.simulators.models import SimulatedPickList, SimulatedTill
from orders.models import FulfillmentOrder, PosList
from orders.placing.cancel import cancel_order
from tests.flows.simulated import Day
from tests.orders.pos.conftest import amend

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def day(live_server, settings):
    settings.PUBLIC_BASE_URL = live_server.url
    one = Day(live_server.url, delay=1.0, duplicates=0.0, rejects=0.0, sales_per_minute=0.0)
    yield one
    one.close()


def lose_the_next(count):
    SimulatedTill.objects.update(lose_answers=count)


def settle(day):
    for _ in range(8):
        day.go_on(minutes=3)
    assert not Delivery.objects.exclude(state="done").exists()
    assert not PosList.objects.filter(in_doubt=True).exists()


def test_a_push_whose_answer_was_lost_makes_one_ticket_with_its_reference(day):
    lose_the_next(1)
    part = day.world.part()
    day.work()
    part.refresh_from_db()
    assert (part.pos_reference, PosList.objects.get().in_doubt) == ("", True)

    settle(day)

    part.refresh_from_db()
    ticket = SimulatedPickList.objects.get()
    assert part.pos_reference == f"T-{ticket.pk:06}"
    assert part.pos_acknowledged_at


def test_lost_amendments_and_withdrawals_take_effect_once(day):
    part = day.world.part()
    settle(day)
    lose_the_next(1)
    amend(part)
    settle(day)
    assert SimulatedPickList.objects.get().body["revision"] == 2

    lose_the_next(1)
    cancel_order(order=part.order, reason="changed my mind")
    settle(day)
    assert SimulatedPickList.objects.get().canceled_at
    assert PosList.objects.get().withdrawn_at


def test_an_order_canceled_while_its_push_is_in_doubt_is_withdrawn(day):
    lose_the_next(1)
    part = day.world.part()
    day.work()
    cancel_order(order=part.order, reason="changed my mind")
    settle(day)
    assert SimulatedPickList.objects.get().canceled_at
    assert FulfillmentOrder.objects.get().status == "canceled"


def test_answers_lost_again_and_again_open_no_second_ticket(day):
    lose_the_next(4)
    parts = [day.world.part() for _ in range(3)]
    settle(day)
    assert SimulatedPickList.objects.count() == len(parts)
