"""Two relays, one message; two workers, one occasion."""

import pytest

from hub.connectors.registry import sms_connector
from hub.events import leases
from hub.events.catalog import ReadyForPickup
from hub.events.relay import run_one
from notifications import handlers
from notifications.models import Message
from tests.factories import make_ready
from tests.notifications.doing import QUEUE, claim_due, facts_of, fall_due, ready_message
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone():
    connector = sms_connector("memory")
    connector.clear()
    yield connector
    connector.clear()


def test_many_relays_send_one_message_once(phone):
    message = ready_message()

    def relay(_number):
        for row in leases.claim(Message, lane="sms:memory", limit=5):
            run_one(QUEUE, row)

    at_once(6, relay)
    assert len(phone.texts) == 1
    assert facts_of(message) == ["message.accepted"]


def test_a_worker_whose_lease_ended_while_it_worked_records_nothing(phone):
    message = ready_message()
    claims = claim_due()
    fall_due()
    claims += claim_due()
    assert len(claims) == 2
    at_once(2, lambda number: run_one(QUEUE, claims[number]))
    assert facts_of(message) == ["message.accepted"]
    assert len(phone.texts) == 1


def test_many_workers_write_the_message_of_one_occasion_once(phone):
    part = make_ready()
    fact = ReadyForPickup(order_id=part.order_id, fulfillment_id=part.pk)
    at_once(6, lambda _number: handlers.tell_ready(fact))
    assert Message.objects.filter(purpose="ready").count() == 1
