"""From a ready pickup to the words on a phone: once, true, and where the customer wants them."""

import re
from datetime import timedelta

import pytest
from django.core import mail

from hub import clock
from hub.customers.consent import record_consent
from hub.customers.preferences import set_preferences
from hub.errors import ConnectorError
from hub.events.catalog import FulfillmentCanceled, OrderCanceled
from hub.links.services import may_act, open_link
from notifications import handlers
from notifications.models import Message, Outcome
from notifications.services import sending
from orders.models import FulfillmentOrder, Order, OrderStatus, PickupCode
from tests.factories import CUSTOMER, make_order, make_ready, pin_of
from tests.notifications.doing import (
    collect,
    facts_of,
    fall_due,
    handed_off_message,
    part_of,
    ready_message,
    received_message,
    tell_ready,
    work,
)

pytestmark = pytest.mark.django_db


def stop(contact, channel="sms"):
    record_consent(
        address_hash=contact.phone_hash if channel == "sms" else contact.email_hash,
        channel=channel,
        purpose="all",
        status="revoked",
        method=channel,
        actor="customer",
        wording="STOP",
    )


def customer(**changed):
    return CUSTOMER | changed


def token_in(body):
    return re.search(r"/p/([\w-]{22})", body)[1]


# --- the words reach the customer -------------------------------------------------------------


def test_a_ready_pickup_is_told_by_text_with_its_pin_and_a_link_that_opens_it(phone):
    message = ready_message()
    work()
    (text,) = phone.texts
    part = part_of(message)
    assert text.to == CUSTOMER["phone"]
    assert pin_of(part) in text.body
    assert part.store.name in text.body
    link = open_link(token_in(text.body), purpose="pickup", address="203.0.113.7")
    assert link.subject == f"fulfillment:{part.pk}"
    assert may_act(link)


def test_an_accepted_message_is_settled_with_provider_template_and_fact(phone):
    message = ready_message()
    work()
    message.refresh_from_db()
    assert (message.state, message.outcome) == ("done", Outcome.ACCEPTED)
    assert message.provider == "memory"
    assert message.provider_reference == "memory-1"
    assert message.template.startswith("en/ready.sms@")
    assert message.body == phone.texts[0].body
    assert facts_of(message) == ["message.accepted"]


def test_a_customer_who_chose_email_gets_email_and_no_text(phone):
    message = ready_message(customer=customer(notify=["email"]))
    work()
    (letter,) = mail.outbox
    assert letter.to == [CUSTOMER["email"]]
    assert letter.subject.startswith("Your order W-")
    assert pin_of(part_of(message)) in letter.body
    assert letter.extra_headers["Message-ID"].startswith(f"<{message.public_id}@")
    assert phone.texts == []


def test_a_customer_without_a_phone_gets_email(phone):
    ready_message(customer=customer(phone=""))
    work()
    assert len(mail.outbox) == 1


def test_the_words_are_in_the_language_of_the_order(phone):
    ready_message(customer=customer(locale="fr-CA"))
    work()
    assert "vous attend" in phone.texts[0].body


def test_the_link_in_the_message_after_the_hand_off_can_only_be_read(phone):
    handed_off_message()
    work()
    link = open_link(token_in(phone.texts[0].body), purpose="pickup", address="203.0.113.7")
    assert not may_act(link)
    assert link.expires_at - link.read_only_at == timedelta(days=7)


def test_an_order_is_told_as_received_and_later_as_canceled(phone):
    message = received_message()
    work()
    Order.objects.filter(pk=message.order_id).update(status=OrderStatus.CANCELED)
    handlers.tell_canceled(OrderCanceled(order_id=message.order_id))
    work()
    assert ["received" in text.body for text in phone.texts] == [True, False]
    assert "canceled" in phone.texts[1].body


def test_a_canceled_part_of_an_open_order_is_no_news(phone):
    part = make_ready()
    fact = FulfillmentCanceled(order_id=part.order_id, fulfillment_id=part.pk)
    handlers.tell_canceled(fact)
    assert not Message.objects.filter(purpose="canceled").exists()


# --- once ------------------------------------------------------------------------------------


def test_the_same_fact_twice_leaves_one_message(phone):
    message = ready_message()
    tell_ready(part_of(message))
    assert Message.objects.filter(purpose="ready").count() == 1


def test_both_facts_of_a_canceled_order_leave_one_message(phone):
    order = make_order()
    Order.objects.update(status=OrderStatus.CANCELED)
    part = order.fulfillments.get()
    handlers.tell_canceled(OrderCanceled(order_id=order.pk))
    handlers.tell_canceled(FulfillmentCanceled(order_id=order.pk, fulfillment_id=part.pk))
    assert Message.objects.filter(purpose="canceled").count() == 1


def test_a_pickup_that_becomes_ready_again_is_told_again_and_the_old_news_dies(phone):
    old = ready_message()
    parts = FulfillmentOrder.objects.filter(pk=part_of(old).pk)
    parts.update(ready_at=clock.now() + timedelta(minutes=5))
    tell_ready(parts.get())
    work()
    assert len(phone.texts) == 1
    old.refresh_from_db()
    assert old.outcome == Outcome.CANCELED


# --- true ------------------------------------------------------------------------------------


def test_no_ready_text_leaves_after_the_pickup(phone):
    message = ready_message()
    collect(part_of(message).pk)
    work()
    message.refresh_from_db()
    assert phone.texts == []
    assert (message.outcome, message.outcome_reason) == (Outcome.CANCELED, "no_longer_true")
    assert facts_of(message) == ["message.not_sent"]


def test_a_pickup_between_preparing_and_handing_over_still_stops_the_text(phone, monkeypatch):
    message = ready_message()
    prepare = sending.prepare

    def prepare_then_collect(rows):
        drafts = prepare(rows)
        collect(part_of(rows[0]).pk)
        return drafts

    monkeypatch.setattr(sending, "prepare", prepare_then_collect)
    work()
    message.refresh_from_db()
    assert phone.texts == []
    assert message.outcome == Outcome.CANCELED


def test_a_pickup_while_the_text_waits_for_another_try_stops_it(phone):
    message = ready_message()
    phone.failures = [ConnectorError("busy")]
    work()
    collect(part_of(message).pk)
    fall_due()
    work()
    assert phone.texts == []


def test_a_pickup_that_is_over_when_the_fact_is_handled_leaves_a_canceled_message(phone):
    part = make_ready()
    collect(part.pk)
    tell_ready(part)
    message = Message.objects.get(purpose="ready")
    assert (message.state, message.outcome) == ("done", Outcome.CANCELED)
    assert facts_of(message) == ["message.not_sent"]


def test_an_order_that_is_ready_already_is_not_told_as_received(phone):
    message = received_message()
    FulfillmentOrder.objects.update(status="ready")
    work()
    message.refresh_from_db()
    assert message.outcome == Outcome.CANCELED


def test_a_message_whose_time_is_over_expires(phone):
    message = ready_message()
    with clock.turned_to(clock.now() + timedelta(days=4)):
        work()
    message.refresh_from_db()
    assert phone.texts == []
    assert message.outcome == Outcome.EXPIRED
    assert facts_of(message) == ["message.not_sent"]


# --- allowed ---------------------------------------------------------------------------------


def test_a_stop_before_the_message_moves_it_to_email(phone):
    part = make_ready()
    stop(part.order.contact)
    tell_ready(part)
    work()
    assert phone.texts == []
    assert len(mail.outbox) == 1


def test_a_stop_between_queue_and_send_moves_it_to_email(phone):
    message = ready_message()
    stop(message.contact)
    work()
    work()
    message.refresh_from_db()
    assert phone.texts == []
    assert len(mail.outbox) == 1
    assert (message.channel, message.lane, message.attempts) == ("email", "email", 1)


def test_a_choice_changed_between_queue_and_send_is_followed(phone):
    message = ready_message()
    set_preferences(profile=message.profile, channels=["email"], source="page")
    work()
    work()
    assert phone.texts == []
    assert len(mail.outbox) == 1


def test_a_customer_who_refused_every_channel_is_told_nothing_and_it_is_kept_why(phone):
    part = make_ready()
    stop(part.order.contact)
    stop(part.order.contact, "email")
    tell_ready(part)
    message = Message.objects.get(purpose="ready")
    assert (message.outcome, message.outcome_reason) == (Outcome.SUPPRESSED, "no_channel")
    assert [gate["question"] for gate in message.decision["gates"] if not gate["passed"]] == [
        "not_refused",
        "not_refused",
    ]
    assert facts_of(message) == ["message.not_sent"]


def test_a_test_order_reaches_no_vendor_and_no_mailbox(phone, settings):
    settings.SMS_CONNECTOR, settings.SIMULATORS = "vendor", False
    text = ready_message(is_test=True)
    letter = ready_message(is_test=True, customer=customer(name="Ben Lee", notify=["email"]))
    work()
    text.refresh_from_db()
    letter.refresh_from_db()
    assert (text.provider, text.outcome) == ("memory", Outcome.ACCEPTED)
    assert letter.outcome == Outcome.ACCEPTED
    assert mail.outbox == []


def test_half_rendered_words_never_leave(phone):
    message = ready_message()
    PickupCode.objects.all().delete()
    work()
    message.refresh_from_db()
    assert phone.texts == []
    assert (message.outcome, message.outcome_reason) == (Outcome.SUPPRESSED, "template_error")
