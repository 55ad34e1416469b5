"""Who must know is told by the next channel, and at last called; what arrives ends the chase."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction

from hub import clock
from hub.connectors.sms.memory import MemorySms
from hub.customers.consent import record_consent
from hub.customers.models import Profile
from hub.events.catalog import FulfillmentHandedOff, MessageNotSent
from notifications import tasks
from notifications.models import CallTask, Message, Outcome, TextingRules
from notifications.reaching import handlers
from notifications.reaching.following import follow, follow_due
from notifications.services.folding import take_receipt
from orders.models import Visit, VisitPickup
from tests.factories import make_order
from tests.notifications.doing import (
    collect,
    facts_of,
    part_of,
    ready_message,
    received_message,
    work,
)

pytestmark = pytest.mark.django_db

BOTH = {"name": "Ann", "phone": "+48500123456", "email": "ann@example.com", "notify": ["sms"]}
PHONE = {"name": "Ann", "phone": "+48500123456", "notify": ["sms"]}
MAIL = {"name": "Ann", "email": "ann@example.com", "notify": ["email"]}


@contextmanager
def later(**length):
    with clock.turned_to(clock.now() + timedelta(**length)):
        yield


def sent(**values) -> Message:
    message = ready_message(**values)
    work()
    message.refresh_from_db()
    return message


def told(message: Message, status: str, **more) -> None:
    take_receipt(
        provider="memory", reference=message.public_id, status=status, raw=f"{status}{more}"
    )


def follower_of(message: Message) -> Message | None:
    return Message.objects.filter(follows=message).first()


def react(message: Message) -> None:
    """What the relay does with the fact that the message was not sent."""
    handlers.follow_at_once(MessageNotSent(order_id=message.order_id, message_id=message.pk))


def test_a_text_without_a_receipt_is_followed_by_an_e_mail_after_ten_minutes(phone):
    message = sent(customer=BOTH)
    with later(minutes=9):
        assert follow_due() == 0
    with later(minutes=11):
        assert follow_due() == 1
        assert follow_due() == 0
    follower = follower_of(message)
    assert (follower.channel, follower.subject) == ("email", message.subject)
    message.refresh_from_db()
    assert message.followed_at
    assert message.reach_by is None


def test_the_minutes_are_a_setting(phone):
    TextingRules.objects.create(reach_minutes=30)
    sent(customer=BOTH)
    with later(minutes=29):
        assert follow_due() == 0
    with later(minutes=31):
        assert follow_due() == 1


def test_when_the_e_mail_is_not_confirmed_either_the_store_calls(phone):
    message = sent(customer=BOTH)
    with later(minutes=11):
        follow_due()
        work()
    with later(minutes=22):
        assert follow_due() == 1
    task = CallTask.objects.get()
    assert task.fulfillment_id == part_of(message).pk
    assert task.reason == "nobody confirmed that it arrived"
    assert task.message == follower_of(message)


def test_who_has_only_a_phone_is_called_when_nothing_confirms_the_text(phone):
    message = sent(customer=PHONE)
    with later(minutes=11):
        follow_due()
    follower = follower_of(message)
    assert (follower.outcome, follower.outcome_reason) == (Outcome.SUPPRESSED, "no_channel")
    assert CallTask.objects.count() == 1


def test_a_failed_text_is_followed_at_once(phone):
    message = sent(customer=BOTH)
    told(message, "failed")
    react(message)
    react(message)
    assert Message.objects.filter(follows=message).count() == 1
    assert follower_of(message).channel == "email"


def test_who_cannot_be_written_to_at_all_is_called_at_once(phone, db):
    message = ready_message(customer={"name": "Ann", "phone": "+48221234567"})
    assert message.outcome == Outcome.SUPPRESSED
    react(message)
    react(message)
    assert CallTask.objects.get().reason == "no way to write to the customer"


def test_after_stop_the_store_calls_because_no_text_may(phone):
    order_message = received_message(customer=PHONE)
    address = order_message.contact.phone_hash
    record_consent(
        address_hash=address,
        channel="sms",
        purpose="all",
        status="revoked",
        method="sms",
        actor="customer",
        wording="",
    )
    message = ready_message(customer=PHONE)
    react(message)
    assert phone.texts == []
    assert CallTask.objects.count() == 1


def test_nobody_calls_who_asked_for_silence(phone):
    Profile.objects.filter(pk=make_order(customer=PHONE).profile_id)
    message = ready_message(customer=PHONE)
    Message.objects.filter(pk=message.pk).update(
        outcome=Outcome.SUPPRESSED, outcome_reason="paused", state="done"
    )
    react(message)
    assert not CallTask.objects.exists()
    assert follower_of(message) is None


def test_a_delivered_text_is_not_followed(phone):
    message = sent(customer=BOTH)
    told(message, "delivered")
    with later(minutes=30):
        assert follow_due() == 0
    assert follower_of(message) is None


def test_other_messages_are_not_followed(phone):
    message = received_message(customer=BOTH)
    work()
    told(message, "failed")
    react(message)
    with later(minutes=30):
        assert follow_due() == 0
    assert follower_of(message) is None


def test_what_is_not_true_any_more_is_not_followed(phone):
    message = sent(customer=BOTH)
    collect(part_of(message).pk)
    with later(minutes=11):
        follow_due()
    assert follower_of(message) is None
    assert not CallTask.objects.exists()


def test_who_is_on_the_way_knows(phone):
    message = sent(customer=BOTH)
    part = part_of(message)
    visit = Visit.objects.create(store=part.store)
    VisitPickup.objects.create(visit=visit, fulfillment=part)
    with later(minutes=11):
        follow_due()
    assert follower_of(message) is None


def test_an_e_mail_that_the_customer_chose_is_held_for_read_unless_it_comes_back(phone):
    message = sent(customer=MAIL)
    with later(minutes=30):
        assert follow_due() == 0
    message.refresh_from_db()
    assert message.reach_by is None
    assert not CallTask.objects.exists()


def test_a_text_that_no_provider_takes_is_followed_and_goes_on_being_tried(phone):
    message = ready_message(customer=BOTH)
    Message.objects.filter(pk=message.pk).update(
        outcome=Outcome.RETRY_WAIT, created_at=clock.now() - timedelta(minutes=11)
    )
    assert follow_due() == 1
    message.refresh_from_db()
    assert follower_of(message).channel == "email"
    assert message.state == "pending"


def test_a_late_receipt_calls_off_what_has_not_left_and_closes_the_call(phone):
    message = sent(customer=BOTH)
    with later(minutes=11):
        follow_due()
    told(message, "delivered")
    follower = follower_of(message)
    assert (follower.outcome, follower.state) == (Outcome.CANCELED, "done")
    assert facts_of(follower) == ["message.not_sent"]
    react(follower)
    assert not CallTask.objects.exists()


def test_a_late_receipt_closes_the_call_of_the_whole_chain(phone):
    message = sent(customer=PHONE)
    with later(minutes=11):
        follow_due()
    told(message, "delivered")
    task = CallTask.objects.get()
    assert (task.outcome, task.note) == ("not_needed", "arrived after all")


def test_what_cannot_be_found_is_no_reason_to_call(phone):
    message = ready_message(customer=BOTH)
    Message.objects.filter(pk=message.pk).update(
        subject="fulfillment:999999", outcome=Outcome.UNDELIVERED
    )
    assert follow(message_id=message.pk)
    assert not CallTask.objects.exists()
    assert not follow(message_id=10**9)


def test_the_schedule_follows_and_closes(phone):
    message = sent(customer=PHONE)
    with later(minutes=11):
        assert tasks.reach_customers() == {"followed": 1, "closed": 0}
    collect(part_of(message).pk)
    assert tasks.reach_customers() == {"followed": 0, "closed": 1}


def test_a_follower_is_tried_by_no_channel_that_failed(phone):
    message = sent(customer=BOTH)
    told(message, "undelivered")
    react(message)
    follower = follower_of(message)
    Message.objects.filter(pk=follower.pk).update(outcome=Outcome.UNDELIVERED, state="done")
    react(follower)
    last = follower_of(follower)
    assert (last.outcome, last.channel) == (Outcome.SUPPRESSED, "")
    with transaction.atomic():
        react(last)
    assert CallTask.objects.count() == 1


@pytest.fixture
def recalled(monkeypatch):
    """A provider that drops what it still holds; the references it was asked to."""
    asked = []

    def cancel(_self, *, reference):
        asked.append(reference)
        return True

    monkeypatch.setattr(MemorySms, "cancel", cancel, raising=False)
    return asked


def hand_off_told(message) -> None:
    handlers.take_back_texts(
        FulfillmentHandedOff(order_id=message.order_id, fulfillment_id=part_of(message).pk)
    )


def test_what_a_provider_still_holds_is_taken_back_when_it_is_over(phone, recalled):
    message = sent(customer=PHONE)
    collect(part_of(message).pk)
    hand_off_told(message)
    message.refresh_from_db()
    assert recalled == [message.provider_reference]
    assert (message.outcome, message.outcome_reason) == (Outcome.CANCELED, "no_longer_true")
    assert facts_of(message) == ["message.accepted", "message.not_sent"]


def test_what_is_still_true_is_not_taken_back(phone, recalled):
    hand_off_told(sent(customer=PHONE))
    assert recalled == []


def test_what_was_taken_back_too_late_is_delivered_and_out_of_date(phone, recalled):
    message = sent(customer=PHONE)
    collect(part_of(message).pk)
    hand_off_told(message)
    told(message, "delivered")
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED
    assert message.stale_at
