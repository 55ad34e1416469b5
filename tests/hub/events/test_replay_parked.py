"""Parked work comes back by command, and only what was asked for."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from hub.events.catalog import OrderPlaced
from hub.events.leases import State
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.events.registry import handles

pytestmark = pytest.mark.django_db


def replay(*words):
    printed = io.StringIO()
    call_command("replay_parked", *words, stdout=printed)
    return printed.getvalue().strip()


@pytest.fixture
def parked(reactions):
    """Three parked deliveries, two of them for tills."""

    @handles(OrderPlaced, lane=lambda fact: "till" if fact.order_id > 1 else "mail")
    def tell(fact):
        """Not run here."""

    with transaction.atomic():
        for number in (1, 2, 3):
            publish(OrderPlaced(order_id=number))
    Delivery.objects.update(state=State.PARKED, attempts=8)
    return list(Delivery.objects.order_by("id"))


def test_all_of_a_kind_get_fresh_attempts(parked):
    assert replay("delivery") == "3 replayed"
    assert set(Delivery.objects.values_list("state", "attempts")) == {(State.PENDING, 0)}


def test_a_lane_a_row_or_a_handler_can_be_named(parked):
    assert replay("delivery", "--lane", "till", "--dry-run") == "2 would be replayed"
    assert replay("delivery", "--id", str(parked[0].pk)) == "1 replayed"
    assert replay("delivery", "--handler", "nobody") == "0 replayed"
    assert Delivery.objects.filter(state=State.PARKED).count() == 2


def test_what_is_not_parked_is_left_alone(parked):
    Delivery.objects.update(state=State.DONE)

    assert replay("delivery") == "0 replayed"


def test_a_handler_makes_sense_for_deliveries_only(parked):
    with pytest.raises(CommandError, match="deliveries only"):
        replay("message", "--handler", "x")
