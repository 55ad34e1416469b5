"""Many facts at once: one call writes all their messages, by as many queries as for one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.events.catalog import FulfillmentHandedOff, OrderPlaced, ReadyForPickup
from hub.events.models import Fact
from notifications import handlers
from notifications.models import Message
from orders.models import Order
from tests.factories import CUSTOMER, make_item, make_order, make_ready
from tests.notifications.doing import collect

pytestmark = pytest.mark.django_db


def ready_parts(count):
    """Ready pickups, each of another customer."""
    return [make_ready(customer=_customer(number)) for number in range(count)]


def _customer(number):
    return CUSTOMER | {"phone": f"+1212555{1000 + number}", "email": f"c{number}@example.com"}


def of(kind, parts):
    """The facts of the parts, and their rows, each of a trace of its own."""
    facts = [kind(order_id=part.order_id, fulfillment_id=part.pk) for part in parts]
    return facts, [Fact(trace_id=f"{part.pk:032x}") for part in parts]


def queries_for(react, facts, rows):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        react(facts, rows)
    return len(seen)


def test_each_ready_pickup_has_its_message_of_its_own_trace():
    parts = ready_parts(3)
    handlers.tell_ready(*of(ReadyForPickup, parts))
    told = Message.objects.filter(purpose="ready").order_by("pk")
    assert [one.subject for one in told] == [f"fulfillment:{part.pk}" for part in parts]
    assert [one.trace_id for one in told] == [f"{part.pk:032x}" for part in parts]


def test_a_second_call_writes_only_what_is_new():
    parts = ready_parts(3)
    handlers.tell_ready(*of(ReadyForPickup, parts[:2]))
    handlers.tell_ready(*of(ReadyForPickup, parts))
    assert Message.objects.filter(purpose="ready").count() == 3


def test_only_who_buys_restricted_goods_is_asked_for_a_proof_of_age():
    plain = make_ready()
    wine = make_ready(lines={make_item(minimum_age=21): 1}, customer=_customer(1))
    handlers.tell_ready(*of(ReadyForPickup, [plain, wine]))
    asked = Message.objects.filter(purpose="bring_id")
    assert [one.subject for one in asked] == [f"fulfillment:{wine.pk}"]


def test_a_fact_of_nothing_that_is_there_writes_nothing_and_harms_no_other():
    part = make_ready()
    facts, rows = of(ReadyForPickup, [part])
    gone = ReadyForPickup(order_id=part.order_id + 999, fulfillment_id=part.pk + 999)
    handlers.tell_ready([gone, *facts], [Fact(), *rows])
    assert [one.subject for one in Message.objects.all()] == [f"fulfillment:{part.pk}"]


def test_the_queries_are_as_many_for_six_ready_pickups_as_for_two():
    few, many = ready_parts(2), ready_parts(6)
    assert queries_for(handlers.tell_ready, *of(ReadyForPickup, few)) == queries_for(
        handlers.tell_ready, *of(ReadyForPickup, many)
    )


def test_the_queries_are_as_many_for_six_new_orders_as_for_two():
    orders = [make_order(customer=_customer(number)) for number in range(8)]

    def of_orders(chosen):
        return [OrderPlaced(order_id=one.pk) for one in chosen], [Fact() for _ in chosen]

    few = queries_for(handlers.tell_order_received, *of_orders(orders[:2]))
    assert few == queries_for(handlers.tell_order_received, *of_orders(orders[2:]))
    assert Message.objects.filter(purpose="order_received").count() == Order.objects.count()


def test_each_hand_off_is_told_once():
    parts = ready_parts(2)
    for part in parts:
        collect(part.pk)
    handlers.tell_handed_off(*of(FulfillmentHandedOff, parts))
    handlers.tell_handed_off(*of(FulfillmentHandedOff, parts))
    assert Message.objects.filter(purpose="handed_off").count() == 2
