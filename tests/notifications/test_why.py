"""Why a customer was told, or was not: the kept decision in words, for those who may read it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from hub.customers.consent import stop
from hub.stores.models import StaffScope
from notifications.admin.why import QUESTIONS, REASONS, reason_of, ways_of
from notifications.choosing import NO_CHANNEL
from notifications.models import CallTask, Message
from notifications.reaching.following import follow_due
from tests.factories import make_person, make_store
from tests.notifications.doing import part_of, ready_message, received_message, work
from tests.notifications.test_reaching import BOTH, PHONE, later, react, told

pytestmark = pytest.mark.django_db


def allow(client, message) -> None:
    person = make_person()
    StaffScope.objects.create(user=person, store=part_of(message).store)
    client.force_login(person)


def page(client, message, status=200) -> str:
    reply = client.get(reverse("admin:notifications_message_change", args=[message.pk]))
    assert reply.status_code == status
    return reply.content.decode()


def of_order(client, message, status=200) -> str:
    reply = client.get(reverse("admin:notifications_message_order", args=[message.order_id]))
    assert reply.status_code == status
    return reply.content.decode()


def sent(**values) -> Message:
    message = ready_message(**values)
    work()
    message.refresh_from_db()
    return message


def test_every_question_that_is_asked_has_words(phone):
    message = sent(customer=BOTH)
    asked = {gate["question"] for gate in message.decision["gates"]}
    assert asked <= QUESTIONS.keys()
    assert message.decision["reason"] in REASONS
    assert NO_CHANNEL in REASONS


def test_the_page_tells_the_way_its_words_and_receipts(client, phone):
    message = sent(customer=BOTH)
    told(message, "sent")
    told(message, "delivered")
    allow(client, message)
    shown = page(client, message)
    assert "It goes by the way the customer chose." in shown
    assert "No STOP from the customer?" in shown
    assert "version" in shown
    assert message.template in shown
    assert message.provider_reference in shown
    assert shown.index('<td class="hub-strong">sent') < shown.index(
        '<td class="hub-strong">delivered'
    )


def test_the_page_hides_pin_and_links(client, phone):
    message = sent(customer=BOTH)
    pin = part_of(message).pickup_code.pin
    allow(client, message)
    shown = page(client, message)
    assert "PIN •••" in shown
    assert pin not in shown
    token = message.body.split("/p/")[1][:22]
    assert token not in shown


def test_the_page_tells_of_stop(client, phone):
    first = received_message(customer=PHONE)
    stop(address_hash=first.contact.phone_hash, channel="sms", method="sms", reference="1")
    message = ready_message(customer=PHONE)
    allow(client, message)
    shown = page(client, message)
    assert "Not sent: no way to the customer is open." in shown
    assert "said STOP" in shown


def test_the_page_tells_what_was_tried_instead_and_who_must_call(client, phone):
    message = sent(customer=BOTH)
    told(message, "failed", code="30005")
    react(message)
    work()
    with later(minutes=11):
        follow_due()
    assert CallTask.objects.count() == 1
    allow(client, message)
    shown = page(client, message)
    assert "E-mail" in shown
    assert "Call by the store" in shown


def test_the_order_shows_all_that_its_customer_was_told_and_what_not(client, phone):
    message = sent(customer=BOTH)
    silent = ready_message(customer={"name": "Ann", "phone": "+48221234567"})
    allow(client, message)
    assert "ready" in of_order(client, message)
    allow(client, silent)
    assert "no way to the customer is open" in of_order(client, silent)


def test_others_do_not_see_it(client, phone):
    message = sent(customer=BOTH)
    stranger = make_person()
    StaffScope.objects.create(user=stranger, store=make_store())
    client.force_login(stranger)
    page(client, message, status=404)
    of_order(client, message, status=404)


def test_the_orders_timeline_leads_to_the_reasons(client, phone):
    message = sent(customer=BOTH)
    allow(client, message)
    order = client.get(reverse("admin:orders_order_change", args=[message.order_id]))
    link = reverse("admin:notifications_message_change", args=[message.pk])
    assert f'href="{link}"' in order.content.decode()


@pytest.mark.parametrize(
    "decision",
    [
        {},
        {"gates": None},
        {"gates": ["x", {"question": "new_one", "passed": True}]},
        {
            "gates": [
                {"question": "wanted", "passed": False, "channel": "sms", "inputs": {"a": [1]}}
            ]
        },
        {"channel": "pigeon", "reason": "new_reason", "gates": [{"channel": "pigeon"}]},
    ],
)
def test_decisions_of_other_versions_are_told_as_far_as_they_go(decision):
    assert isinstance(ways_of(decision), list)
    assert isinstance(reason_of(Message(decision=decision)), str)


def test_an_answer_to_a_text_has_a_page_too(client, phone):
    message = sent(customer=BOTH)
    allow(client, message)
    Message.objects.filter(pk=message.pk).update(
        purpose="reply_help", subject="text:in_1", decision={}
    )
    assert "It answers what the customer texted" in page(client, message)
