"""The store's POS: the pick list out, its answer in, its withdrawal."""

import json
import time

import pytest
from django.db import transaction

from hub.connectors.pos.memory import MemoryPos
from hub.errors import ConnectorError
from hub.events.catalog import FulfillmentCanceled, FulfillmentProposed, InboundReceived
from hub.events.models import Delivery, Fact
from hub.events.outbox import publish
from hub.events.relay import Relay
from hub.inbox.models import InboundCall
from hub.stores.models import PosConnection
from orders.models import FulfillmentOrder, PosWaiting
from orders.picking.handlers import push_pick_list, take_pos_answer, withdraw_pick_list
from orders.picking.services import accept, start_picking
from orders.placing.cancel import cancel_order
from tests.factories import CUSTOMER, make_fulfillment, make_item, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def fulfillment():
    """A PROPOSED part at a store with a POS that lives in memory."""
    part = make_fulfillment(lines={make_item(name="Milk", names={"pl": "Mleko"}): 2})
    part.store.locale = "pl-PL"
    part.store.save(update_fields=["locale"])
    connect(part.store)
    return part


def connect(store):
    return PosConnection.objects.create(
        store=store, connector="memory", base_url="https://pos.example", secret="whsec_AAAA"
    )


def till(fulfillment):
    return MemoryPos.tills[pos_id(fulfillment)]


def pos_id(fulfillment):
    return PosConnection.objects.get(store=fulfillment.store).public_id


def proposed(fulfillment):
    return FulfillmentProposed(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk)


def canceled(fulfillment):
    return FulfillmentCanceled(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk)


def acknowledge(fulfillment, *, source=None, **data):
    """The POS's answer, as the inbox hands it on."""
    source = source or pos_id(fulfillment)
    data = {"fulfillment_id": fulfillment.public_id} | data
    body = json.dumps({"type": "pick_list.acknowledged", "data": data})
    return receive(body, source)


def receive(body, source):
    number = InboundCall.objects.count()
    call = InboundCall.objects.create(source=source, event_id=f"e{number}", body=body)
    take_pos_answer(InboundReceived(call_id=call.pk, source=source))


def acknowledgements(fulfillment):
    facts = Fact.objects.filter(subject=f"order:{fulfillment.order_id}")
    return facts.filter(name="fulfillment.acknowledged").count()


def test_the_pos_gets_the_pick_list_once_and_its_reference_is_kept(fulfillment):
    push_pick_list(proposed(fulfillment))
    push_pick_list(proposed(fulfillment))
    fulfillment.refresh_from_db()
    assert fulfillment.pos_reference == f"till-{fulfillment.public_id}"
    (pick_list,) = till(fulfillment).pick_lists.values()
    (line,) = pick_list.lines
    assert (line.name, line.quantity) == ("Mleko", 2)


def test_the_pick_list_says_nothing_about_the_customer(fulfillment):
    push_pick_list(proposed(fulfillment))
    told = json.dumps(till(fulfillment).pick_lists[fulfillment.public_id].as_json())
    assert not any(value in told for value in CUSTOMER.values())


def test_a_store_without_pos_gets_nothing():
    push_pick_list(proposed(make_fulfillment()))


def test_a_pick_that_is_under_way_is_told_as_such(fulfillment):
    accept(fulfillment=fulfillment)
    start_picking(fulfillment=fulfillment)
    push_pick_list(proposed(fulfillment))
    assert till(fulfillment).pick_lists[fulfillment.public_id].status == "picking"


def test_each_store_has_a_lane_and_each_part_its_order(fulfillment):
    rows = Delivery.objects.filter(handler__startswith="orders.picking.handlers.push_pick_list")
    delivery = rows.get(fact__subject=f"order:{fulfillment.order_id}")
    assert delivery.lane == f"pos:{fulfillment.store_id}"
    assert delivery.ordering_key == f"fulfillment:{fulfillment.pk}"


def test_a_canceled_order_is_withdrawn_from_the_pos(fulfillment):
    push_pick_list(proposed(fulfillment))
    cancel_order(order=fulfillment.order, reason="changed my mind")
    withdraw_pick_list(canceled(fulfillment))
    assert till(fulfillment).canceled == {fulfillment.public_id}


def test_a_list_whose_answer_was_lost_is_withdrawn_too(fulfillment):
    push_pick_list(proposed(fulfillment))
    FulfillmentOrder.objects.filter(pk=fulfillment.pk).update(pos_reference="")
    cancel_order(order=fulfillment.order, reason="changed my mind")
    withdraw_pick_list(canceled(fulfillment))
    assert till(fulfillment).canceled == {fulfillment.public_id}
    assert len(till(fulfillment).pick_lists) == 1


def test_the_answer_is_noted_once_however_often_it_comes(fulfillment):
    acknowledge(fulfillment)
    acknowledge(fulfillment)
    fulfillment.refresh_from_db()
    assert fulfillment.pos_acknowledged_at
    assert acknowledgements(fulfillment) == 1


def test_an_answer_with_another_reference_is_parked(fulfillment):
    push_pick_list(proposed(fulfillment))
    with pytest.raises(ConnectorError) as refusal:
        acknowledge(fulfillment, pos_reference="till-of-somebody-else")
    assert refusal.value.permanent


def test_another_stores_pos_cannot_acknowledge(fulfillment):
    other = connect(make_store())
    with pytest.raises(ConnectorError):
        acknowledge(fulfillment, source=other.public_id)
    assert acknowledgements(fulfillment) == 0


@pytest.mark.parametrize("named", [None, 7, "", "\x00", "x" * 61, ["x"], {"a": 1}])
def test_an_answer_that_names_nothing_is_parked(fulfillment, named):
    with pytest.raises(ConnectorError) as refusal:
        acknowledge(fulfillment, fulfillment_id=named)
    assert refusal.value.permanent


def test_an_answer_about_something_unknown_waits_for_it(fulfillment):
    acknowledge(fulfillment, fulfillment_id="ful_unknown")
    waiting = PosWaiting.objects.get()
    assert (waiting.named, waiting.matched_at, waiting.given_up_at) == ("ful_unknown", None, None)


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "[" * 100_000])
def test_a_body_that_is_no_object_is_parked(fulfillment, body):
    with pytest.raises(ConnectorError) as refusal:
        receive(body, pos_id(fulfillment))
    assert refusal.value.permanent


@pytest.mark.parametrize("data", [None, [], "x"])
def test_data_of_another_shape_is_parked(fulfillment, data):
    body = json.dumps({"type": "pick_list.acknowledged", "data": data})
    with pytest.raises(ConnectorError):
        receive(body, pos_id(fulfillment))


def test_other_types_are_left_to_others(fulfillment):
    receive('{"type": "stock.counted"}', pos_id(fulfillment))


def test_what_a_phone_says_is_not_even_put_before_the_pos(fulfillment):
    with transaction.atomic():
        publish(InboundReceived(call_id=1, source="sms:handset"))

    assert not Delivery.objects.filter(handler="orders.picking.handlers.take_pos_answer").exists()


@pytest.mark.django_db(transaction=True)
def test_a_relay_carries_the_list_to_the_pos_and_parks_an_answer_that_names_nothing():
    part = make_fulfillment()
    connection = connect(part.store)
    body = '{"type": "pick_list.acknowledged", "data": {"fulfillment_id": 7}}'
    call = InboundCall.objects.create(source=connection.public_id, event_id="e1", body=body)
    with transaction.atomic():
        publish(InboundReceived(call_id=call.pk, source=connection.public_id))
    ours = Delivery.objects.filter(handler__startswith="orders.picking.handlers.")
    deadline = time.monotonic() + 20
    Relay().run(
        until=lambda: not ours.filter(state="pending").exists() or time.monotonic() > deadline
    )
    part.refresh_from_db()
    assert part.pos_reference == f"till-{part.public_id}"
    parked = ours.get(state="parked")
    assert parked.handler.endswith("take_pos_answer")
    assert "named no pick list" in parked.last_error
    assert not ours.exclude(state="done").exclude(pk=parked.pk).exists()
