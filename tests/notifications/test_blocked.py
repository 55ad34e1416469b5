"""Staff see on the order that its customer wants no texts."""

import pytest

from hub.customers.consent import start, stop
from orders.timeline import timeline_of
from tests.factories import make_ready

pytestmark = pytest.mark.django_db


def titles(part):
    return [entry.title for entry in timeline_of(part.order)]


def test_stop_shows_on_the_order_until_it_is_lifted():
    part = make_ready()
    address = {"address_hash": part.order.contact.phone_hash, "channel": "sms", "method": "sms"}
    assert "SMS blocked" not in titles(part)
    stop(**address, reference="1")
    assert titles(part).count("SMS blocked") == 1
    start(**address, reference="2")
    assert "SMS blocked" not in titles(part)


def test_an_ended_email_shows_too_and_a_part_of_it_does_not():
    part = make_ready()
    address = {"address_hash": part.order.contact.email_hash, "channel": "email", "method": "page"}
    stop(**address, purpose="afterwards", reference="1")
    assert "E-mail blocked" not in titles(part)
    stop(**address, reference="2")
    assert "E-mail blocked" in titles(part)
