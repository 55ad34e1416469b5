"""Publishing: all or nothing, and what comes back is what was said."""

import dataclasses

import pytest
from django.db import transaction

from hub.events import registry
from hub.events.catalog import CATALOG, FulfillmentProposed, OrderPlaced
from hub.events.models import Delivery, Fact
from hub.events.outbox import OutsideTransaction, publish
from hub.events.registry import handles
from hub.trace import acting, tracing


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused(reactions):
    with pytest.raises(OutsideTransaction):
        publish(OrderPlaced(order_id=1))

    assert not Fact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_neither_fact_nor_delivery(reactions):
    handles(OrderPlaced)(lambda fact: None)

    with transaction.atomic():
        publish(OrderPlaced(order_id=1))
        transaction.set_rollback(True)

    assert not Fact.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_each_handler_gets_its_own_delivery_in_its_own_lane(reactions):
    @handles(FulfillmentProposed, key=lambda fact: f"fulfillment:{fact.fulfillment_id}")
    def keep_count(fact):
        """Touches the database only."""

    @handles(FulfillmentProposed, lane=lambda fact: f"pos:{fact.order_id}")
    def tell_till(fact):
        """Speaks to a till."""

    publish(FulfillmentProposed(order_id=3, fulfillment_id=7))

    rows = Delivery.objects.order_by("id").values_list("lane", "ordering_key", "state", "attempts")
    assert list(rows) == [("db", "fulfillment:7", "pending", 0), ("pos:3", "", "pending", 0)]


@pytest.mark.django_db
def test_a_fact_remembers_its_trace_its_actor_and_its_order(reactions):
    with tracing("ab" * 16), acting("staff:7"):
        public_id = publish(OrderPlaced(order_id=41))

    fact = Fact.objects.get(public_id=public_id)
    assert (fact.trace_id, fact.actor, fact.subject) == ("ab" * 16, "staff:7", "order:41")
    assert fact.data == {"order_id": 41}


def test_every_fact_survives_the_way_through_its_row():
    for name, kind in CATALOG.items():
        members = {field.name: 5 for field in dataclasses.fields(kind)}

        again = registry.decode(name=name, v=kind.v, data=members | {"added_later": 1})

        assert again == kind(**members)


def test_a_fact_newer_than_this_process_is_not_guessed_at():
    with pytest.raises(registry.UnknownFact):
        registry.decode(name="order.placed", v=OrderPlaced.v + 1, data={"order_id": 1})
