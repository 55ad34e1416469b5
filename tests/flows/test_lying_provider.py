"""A provider that lies: it takes a text and dies, answers late, tells everything twice and in the
wrong order. One message, one story, and what may have come twice is counted."""

import json
import time

import pytest
from django.test import Client

from hub.connectors.signing import sign
from notifications.models import Message, Outcome, Receipt
from orders.models import FulfillmentStatus
from tests.factories import make_provider, make_ready
from tests.hub.connectors.wire import RESET, Vendor, reply
from tests.notifications.doing import collect, fall_due
from tests.notifications.test_flow import relay_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

TAKEN = reply(200, b'{"id": "g-1"}', Content_Type="application/json")


@pytest.fixture(autouse=True)
def hub(settings):
    settings.PUBLIC_BASE_URL = "https://hub.example"
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def gateway():
    """A gateway that answers with these bytes, one after another; the last one stays."""
    running = []

    def start(*script):
        vendor = Vendor(script)
        running.append(vendor)
        vendor.row = make_provider(
            name="gate", base_url=vendor.url, secret="k", options={}, connector="http"
        )
        return vendor

    yield start
    for vendor in running:
        vendor.close()


def late(connection):
    """Takes its time, then answers as if nothing had been."""
    time.sleep(1.2)
    connection.sendall(TAKEN)


def ready_message():
    return Message.objects.get(purpose="ready")


def came_to(outcome):
    relay_until(lambda: Message.objects.filter(purpose="ready", outcome=outcome).exists())
    return ready_message()


def tell(vendor, kind, number):
    """The provider calls back, signed."""
    data = {"reference": ready_message().public_id}
    body = json.dumps({"type": kind, "data": data}).encode()
    headers = sign(secrets=[vendor.row.callback_secret], message_id=number, body=body)
    said = Client().post("/hooks/sms/gate", body, content_type="application/json", headers=headers)
    assert said.status_code == 202


def references_of(vendor):
    return [json.loads(request["body"])["reference"] for request in vendor.requests]


def test_who_takes_a_text_and_dies_is_asked_once_more_under_the_same_reference(gateway):
    vendor = gateway(RESET, late)
    make_ready()
    came_to(Outcome.AMBIGUOUS)

    fall_due()
    message = came_to(Outcome.ACCEPTED)

    assert references_of(vendor) == [message.public_id] * 2
    assert message.unsure_tries == 1
    assert Message.objects.filter(purpose="ready").count() == 1


def test_receipts_that_come_twice_and_in_the_wrong_order_end_in_one_delivery(gateway):
    vendor = gateway(late)
    make_ready()
    came_to(Outcome.ACCEPTED)

    for number, kind in (("2", "delivered"), ("2", "delivered"), ("1", "sent"), ("1", "sent")):
        tell(vendor, f"message.{kind}", f"r-{number}")
    message = came_to(Outcome.DELIVERED)
    relay_until(lambda: Receipt.objects.filter(matched=True).count() == 2)

    assert ready_message().outcome == message.outcome
    assert len(vendor.requests) == 1


def test_a_text_that_was_collected_meanwhile_is_not_sent_again(gateway):
    vendor = gateway(RESET, TAKEN)
    part = make_ready()
    came_to(Outcome.AMBIGUOUS)

    collect(part.pk)
    fall_due()
    came_to(Outcome.CANCELED)

    assert len(vendor.requests) == 1
    part.refresh_from_db()
    assert part.status == FulfillmentStatus.COMPLETED
