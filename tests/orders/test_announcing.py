"""What the sites are told about their orders."""

import pytest
from django.db import transaction

from hub.events import leases
from hub.events.catalog import FulfillmentAcknowledged
from hub.events.deliveries import run
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.webhooks.models import ChannelEvent
from orders.announcing import BROUGHT
from orders.curbside.handing import hand_off
from orders.curbside.strays import come_to_wrong_store
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentStatus, OrderStatus
from orders.placing.cancel import cancel_order
from tests.factories import (
    make_fulfillment,
    make_order,
    make_ready,
    make_spots,
    make_store,
    pin_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def announce_all():
    """Carry out the announcements that wait, as the relay would."""
    while rows := leases.claim(Delivery, lane="db", limit=50):
        for row in rows:
            if row.handler.startswith("orders.announcing."):
                run(row)
            else:
                leases.settle(row)
    return list(ChannelEvent.objects.order_by("position"))


def test_every_fact_of_an_order_becomes_one_event_in_order():
    part = make_ready()
    arrive(fulfillment=part, place="by the door")
    events = announce_all()
    assert [event.type for event in events] == [
        "order.placed",
        "fulfillment.proposed",
        "fulfillment.accepted",
        "fulfillment.picking_started",
        "fulfillment.picked",
        "fulfillment.ready_for_pickup",
        "visit.arrived",
    ]
    assert {event.channel_id for event in events} == {part.order.channel_id}


def test_events_tell_the_status_of_their_moment_and_public_ids_only():
    part = make_ready(external_id="W-7")
    events = {event.type: event.data for event in announce_all()}
    about = {"order_id": part.order.public_id, "external_id": "W-7", "is_test": False}
    whose = about | {"fulfillment_id": part.public_id, "store": part.store.code}
    assert events["order.placed"] == about | {"status": "open"}
    assert events["fulfillment.accepted"] == whose | {"status": "accepted"}
    ready = events["fulfillment.ready_for_pickup"]
    assert ready.pop("supplied")["amount_minor"] == 1000
    assert ready == whose | {"status": "ready"}


def test_an_acknowledgement_is_told_without_a_status():
    part = make_fulfillment()
    with transaction.atomic():
        publish(FulfillmentAcknowledged(order_id=part.order_id, fulfillment_id=part.pk))
    event = announce_all()[-1]
    assert event.type == "fulfillment.acknowledged"
    assert event.data["fulfillment_id"] == part.public_id
    assert "status" not in event.data


def test_the_end_of_a_visit_tells_how_it_ended():
    part = make_ready()
    visit = arrive(fulfillment=part, place="by the door")
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    events = {event.type: event.data for event in announce_all()}
    assert events["visit.ended"]["visit_id"] == visit.public_id
    assert events["visit.ended"]["status"] == "done"
    assert events["order.completed"]["status"] == "completed"


def test_the_sites_learn_when_and_where_a_customer_comes():
    part, other = make_ready(), make_store()
    make_spots(part.store, "4")
    say_on_my_way(fulfillment=part, minutes=10)
    arrive(fulfillment=part, spot="4")
    come_to_wrong_store(fulfillment=part, store=other)
    events = {event.type: event.data for event in announce_all()}
    assert events["visit.on_my_way"]["eta"].endswith("Z")
    assert events["visit.arrived"]["spot"] == "4"
    assert events["visit.wrong_store"]["wrong_store"] == other.code
    assert events["visit.wrong_store"]["status"] == "wrong_store"


def test_orders_of_test_keys_are_marked():
    order = make_order(is_test=True)
    cancel_order(order=order, reason="")
    events = announce_all()
    assert [event.type for event in events][-2:] == ["fulfillment.canceled", "order.canceled"]
    assert all(event.data["is_test"] for event in events)


def test_every_status_that_a_fact_can_bring_is_told():
    told = set(BROUGHT.values())
    assert told == set(FulfillmentStatus.values) | set(OrderStatus.values)
