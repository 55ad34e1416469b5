"""Two relays, one message; two workers, one occasion."""

import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from hub import clock
from hub.connectors.registry import sms_connector
from hub.events import leases
from hub.events.catalog import ReadyForPickup
from hub.events.models import Fact
from hub.events.relay import run_one
from hub.links.models import Link
from notifications import handlers
from notifications.models import Message, Outcome
from notifications.services.folding import take_receipt
from orders.curbside.handing import override_hand_off
from tests.factories import make_ready
from tests.notifications.doing import (
    QUEUE,
    claim_due,
    facts_of,
    fall_due,
    part_of,
    ready_message,
    work,
)
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
    at_once(6, lambda _number: handlers.tell_ready([fact], [Fact()]))
    assert Message.objects.filter(purpose="ready").count() == 1


def in_the_middle(act):
    """Let another thread do ``work`` while ``act`` is done but not yet committed."""

    def other():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        act()
        thread.start()
        time.sleep(0.5)
    thread.join(10)


def test_a_receipt_that_overtakes_our_own_record_finds_its_message(phone):
    message = ready_message()
    told = {"provider": "memory", "reference": "memory-1", "status": "delivered", "raw": "{}"}
    in_the_middle(lambda: take_receipt(**told))
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED


def test_no_link_made_during_the_hand_off_outlives_it(phone):
    part = part_of(ready_message())
    lead = User.objects.create_superuser("lead")
    in_the_middle(lambda: override_hand_off(fulfillment=part, reason="known", by=lead))
    link = Link.objects.get()
    assert link.read_only_at <= clock.now()
    assert link.expires_at < clock.now() + timedelta(days=8)
