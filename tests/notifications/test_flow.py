"""From the fact to the phone through real relays."""

import threading
import time

import pytest
from django.db import connection

from hub.connectors.registry import sms_connector
from hub.connectors.sms.memory import MemorySms
from hub.events.models import Delivery
from hub.events.relay import Relay
from hub.trace import tracing
from notifications.models import Message, Outcome
from tests.factories import make_ready, pin_of
from tests.notifications.doing import facts_of

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

LONGEST_SECONDS = 30


@pytest.fixture
def phone():
    connector = sms_connector("memory")
    connector.clear()
    yield connector
    connector.clear()


def test_a_relay_brings_both_news_of_an_order_to_the_phone_outside_any_transaction(
    phone, monkeypatch
):
    inside = []
    send = MemorySms.send

    def send_and_look(self, **text):
        inside.append(connection.in_atomic_block)
        return send(self, **text)

    monkeypatch.setattr(MemorySms, "send", send_and_look)
    with tracing("ab" * 16):
        part = make_ready()
    end = time.monotonic() + LONGEST_SECONDS
    Relay().run(until=lambda: settled() or time.monotonic() > end)
    let_listeners_end()

    ready = Message.objects.get(purpose="ready")
    assert ready.outcome == Outcome.ACCEPTED
    assert ready.trace_id == "ab" * 16
    assert facts_of(ready) == ["message.accepted"]
    assert [pin_of(part) in text.body for text in phone.texts] == [True]
    assert inside == [False]
    assert Message.objects.get(purpose="order_received").outcome == Outcome.CANCELED
    assert not Delivery.objects.filter(
        handler__startswith="notifications.", state="parked"
    ).exists()


def let_listeners_end():
    """A relay leaves its listener to end by itself; the test database must not have it still."""
    for thread in threading.enumerate():
        if thread.name == "listen":
            thread.join(10)


def settled():
    return Message.objects.filter(state="done").count() == 2 and not deliveries("pending").exists()


def deliveries(state):
    return Delivery.objects.filter(handler__startswith="notifications.", state=state)
