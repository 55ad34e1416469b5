"""Staff see on the order and on its parts by which way the customer cannot be told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.customers.consent import start, stop
from hub.customers.health import note_failure
from hub.stores.models import StaffScope
from orders.admin.reach import troubles_of
from tests.factories import CUSTOMER, make_person, make_ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def part():
    return make_ready()


@pytest.fixture
def pages(client, part):
    """The words of the order's page and of the part's."""
    person = make_person()
    StaffScope.objects.create(user=person, store=part.store)
    client.force_login(person)
    links = [
        reverse("admin:orders_order_change", args=[part.order_id]),
        reverse("admin:orders_fulfillmentorder_change", args=[part.pk]),
    ]
    return lambda: [client.get(link).text for link in links]


def said(part):
    return [(trouble.title, trouble.tone) for trouble in troubles_of(part.order.contact)]


def refuse(part, channel, **more):
    contact = part.order.contact
    address = contact.phone_hash if channel == "sms" else contact.email_hash
    stop(address_hash=address, channel=channel, method="sms", **more)


def fail(part, *, permanent):
    address = part.order.contact.phone_hash
    note_failure(address_hash=address, channel="sms", reason="not_mobile", permanent=permanent)


def test_after_stop_both_pages_say_so_and_what_is_left(part, pages):
    assert not any("SMS blocked" in page for page in pages())
    refuse(part, "sms")
    for page in pages():
        assert "SMS blocked" in page
        assert "The customer said STOP. Only e-mail is left." in page


def test_it_goes_when_texts_are_wanted_again(part, pages):
    refuse(part, "sms")
    start(address_hash=part.order.contact.phone_hash, channel="sms", method="sms")
    assert troubles_of(part.order.contact) == []
    assert "Only e-mail is left." not in pages()[1]


def test_a_stop_to_reminders_alone_blocks_nothing(part):
    refuse(part, "sms", purpose="reminders")
    assert said(part) == []


def test_who_ended_both_ways_has_to_be_called(part):
    refuse(part, "sms")
    refuse(part, "email")
    assert said(part) == [("SMS blocked", "danger"), ("E-mail blocked", "danger")]
    assert [trouble.detail for trouble in troubles_of(part.order.contact)] == [
        "The customer said STOP.",
        "The customer said STOP. No message reaches this customer: please call.",
    ]


def test_a_number_that_takes_no_texts_is_shown_with_its_reason(part, pages):
    fail(part, permanent=True)
    assert said(part) == [("SMS does not arrive", "danger")]
    assert all("not mobile" in page and "Only e-mail is left." in page for page in pages())


def test_a_number_that_failed_once_is_a_warning(part):
    fail(part, permanent=False)
    assert said(part) == [("SMS failed lately", "warning")]


def test_a_shaky_way_is_left_when_the_other_is_closed(part):
    fail(part, permanent=False)
    refuse(part, "email")
    assert troubles_of(part.order.contact)[-1].detail.endswith("Only texts are left.")


def test_who_gave_no_e_mail_address_is_not_said_to_have_one():
    part = make_ready(customer=CUSTOMER | {"email": ""})
    refuse(part, "sms")
    (trouble,) = troubles_of(part.order.contact)
    assert "call" in trouble.detail


def test_the_answer_takes_two_queries(part):
    contact = part.order.contact
    with CaptureQueriesContext(
        connection,
    ) as queries:
        troubles_of(contact)
    assert len(queries) == 2
