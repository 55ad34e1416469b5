"""From the fact to the phone through real relays."""

import threading
import time

import pytest
from django.db import connection

from hub.connectors.registry import sms_connector
from hub.connectors.sms.memory import MemorySms
from hub.events.models import Delivery
from hub.events.relay import Relay
from hub.simulators.models import SimulatedText
from hub.trace import tracing
from notifications.models import Message, Outcome, Receipt
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
    relay_until(settled)

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


def test_a_text_on_the_handset_is_receipted_over_http_and_counts_as_delivered(
    live_server, settings
):
    settings.PUBLIC_BASE_URL = live_server.url
    settings.SMS_CONNECTOR = "handset"
    part = make_ready()
    relay_until(lambda: Message.objects.filter(outcome=Outcome.DELIVERED).exists())

    ready = Message.objects.get(purpose="ready")
    assert ready.outcome == Outcome.DELIVERED
    assert facts_of(ready) == ["message.accepted", "message.delivered"]
    assert pin_of(part) in SimulatedText.objects.get().body
    assert Receipt.objects.get().matched


def relay_until(done):
    """Let one relay work; its listener ends by itself, the test database must not have it still."""
    end = time.monotonic() + LONGEST_SECONDS
    Relay().run(until=lambda: done() or time.monotonic() > end)
    for thread in threading.enumerate():
        if thread.name == "listen":
            thread.join(10)


def settled():
    return Message.objects.filter(state="done").count() == 2 and not deliveries("pending").exists()


def deliveries(state):
    return Delivery.objects.filter(handler__startswith="notifications.", state=state)
