"""Reactions that take several facts in one call: all commit together, or each alone."""

import pytest
from django.db import transaction

from hub.events import deliveries, leases, registry
from hub.events.catalog import OrderCanceled, OrderPlaced
from hub.events.leases import State
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.events.registry import handles
from hub.stores.models import Brand
from tests.hub.events.test_relay import run_relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reactions")]


def place(*order_ids):
    with transaction.atomic():
        for order_id in order_ids:
            publish(OrderPlaced(order_id=order_id))


def found_brands(*, bad=frozenset()):
    """Registers a reaction that makes a brand for each order; returns the calls it got."""
    calls = []

    @handles(OrderPlaced, together=True)
    def found(facts, rows):
        calls.append([fact.order_id for fact in facts])
        assert [row.data["order_id"] for row in rows] == calls[-1]
        for fact in facts:
            Brand.objects.create(name=f"brand {fact.order_id}")
            if fact.order_id in bad:
                raise ValueError("bad order")

    return calls


def test_what_is_claimed_together_is_one_call_oldest_first():
    calls = found_brands()
    place(1, 2, 3)
    run_relay()
    assert calls == [[1, 2, 3]]
    assert Brand.objects.count() == 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_only_the_guilty_of_several_pays():
    calls = found_brands(bad={2})
    place(1, 2, 3)
    run_relay(until=lambda: Delivery.objects.filter(state=State.DONE).count() == 2)
    assert calls[:4] == [[1, 2, 3], [1], [2], [3]]
    assert set(Brand.objects.values_list("name", flat=True)) == {"brand 1", "brand 3"}
    failed = Delivery.objects.get(state=State.PENDING)
    assert failed.fact.data == {"order_id": 2}
    assert "bad order" in failed.last_error


def test_others_of_the_same_claim_stand_alone():
    calls, single = found_brands(), []

    @handles(OrderPlaced, OrderCanceled)
    def note(fact):
        single.append(fact.order_id)

    place(1, 2)
    with transaction.atomic():
        publish(OrderCanceled(order_id=1))
    run_relay()
    assert calls == [[1, 2]]
    assert sorted(single) == [1, 1, 2]


def test_one_lost_lease_undoes_the_call_for_all():
    found_brands()
    place(1, 2)
    claimed = leases.claim(Delivery, lane="db", limit=50)
    Delivery.objects.filter(pk=claimed[0].pk).update(lease=None)
    deliveries.load(claimed)
    with pytest.raises(deliveries.LeaseLost):
        deliveries.run_group(claimed)
    assert not Brand.objects.exists()


def test_facts_of_one_key_are_never_in_one_call():
    calls = []

    @handles(OrderPlaced, key=lambda fact: "same", together=True)
    def found(facts, _rows):
        calls.append([fact.order_id for fact in facts])

    place(1, 2, 3)
    run_relay()
    assert calls == [[1], [2], [3]]


def test_a_reaction_nobody_knows_stands_alone():
    found_brands()
    place(1, 2)
    registry._by_name.clear()
    claimed = leases.claim(Delivery, lane="db", limit=50)
    assert [len(group) for group in deliveries.groups(claimed)] == [1, 1]
