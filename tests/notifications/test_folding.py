"""Receipts in any order, any number of times: the best news stands, and is told once."""

import itertools
import json
from datetime import timedelta

import pytest
from django.db import transaction

from hub import clock
from hub.events import retention
from hub.events.catalog import InboundReceived
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.ids import new_id
from hub.inbox.models import InboundCall
from notifications.models import Message, Outcome, Receipt
from notifications.reaching.handlers import take_receipt_call
from notifications.services import sending
from notifications.services.folding import raise_outcome, take_receipt
from tests.notifications.doing import collect, facts_of, part_of, ready_message, work

pytestmark = pytest.mark.django_db


def receive(body, source="sms:memory"):
    text = body if isinstance(body, str) else json.dumps(body)
    call = InboundCall.objects.create(source=source, event_id=new_id("in"), body=text)
    take_receipt_call(InboundReceived(call_id=call.pk, source=source))


def receipt(status, reference, member="reference"):
    return {"type": f"message.{status}", "data": {member: reference}}


@pytest.mark.parametrize(
    "order",
    sorted(set(itertools.permutations(["accept", "delivered", "delivered", "failed"]))),
    ids="-".join,
)
def test_whatever_the_order_a_delivered_text_ends_as_delivered(phone, monkeypatch, order):
    message = ready_message()
    hand_over = sending.hand_over
    before, after = split(order)

    def hand_over_late(drafts):
        for handed in hand_over(drafts):
            for status in before:
                receive(receipt(status, message.public_id))
            yield handed

    monkeypatch.setattr(sending, "hand_over", hand_over_late)
    work()
    for status in after:
        receive(receipt(status, message.public_id))
    message.refresh_from_db()
    facts = facts_of(message)
    assert (message.state, message.outcome) == ("done", Outcome.DELIVERED)
    assert message.delivered_at
    assert message.accepted_at
    assert facts.count("message.delivered") == facts.count("message.accepted") == 1
    assert Receipt.objects.filter(matched=True).count() == 2
    assert len(phone.texts) == 1


def split(order):
    place = order.index("accept")
    return order[:place], order[place + 1 :]


def test_a_failed_text_is_told_as_not_sent(phone):
    message = ready_message()
    work()
    receive(receipt("failed", message.public_id))
    message.refresh_from_db()
    assert message.outcome == Outcome.UNDELIVERED
    assert facts_of(message) == ["message.accepted", "message.not_sent"]


def test_a_receipt_by_the_providers_reference_waits_until_that_is_known(phone):
    receive(receipt("delivered", "memory-1", "provider_reference"))
    assert not Receipt.objects.get().matched
    message = ready_message()
    work()
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED
    assert Receipt.objects.get().matched


def test_a_receipt_of_another_provider_says_nothing_about_our_text(phone):
    message = ready_message()
    work()
    receive(receipt("delivered", message.public_id), source="sms:vendor")
    message.refresh_from_db()
    assert message.outcome == Outcome.ACCEPTED
    assert not Receipt.objects.get().matched


def test_the_same_receipt_twice_is_kept_once(phone):
    first = take_receipt(provider="memory", reference="x", status="delivered", raw="{}")
    again = take_receipt(provider="memory", reference="x", status="delivered", raw="{}")
    assert first.pk == again.pk


def test_a_receipt_settles_a_doubt_before_the_text_is_repeated(phone):
    message = ready_message()
    Message.objects.filter(pk=message.pk).update(outcome=Outcome.AMBIGUOUS)
    receive(receipt("delivered", message.public_id))
    work()
    message.refresh_from_db()
    assert phone.texts == []
    assert (message.state, message.outcome) == ("done", Outcome.DELIVERED)


def test_a_text_that_arrived_although_it_was_called_off_is_kept_as_delivered(phone):
    message = ready_message()
    collect(part_of(message).pk)
    work()
    receive(receipt("delivered", message.public_id))
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED


def test_worse_news_never_replaces_better(phone):
    message = ready_message()
    assert raise_outcome(message, Outcome.DELIVERED)
    assert not raise_outcome(message, Outcome.ACCEPTED)
    assert not raise_outcome(message, Outcome.UNDELIVERED)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        "[" * 50_000,
        '{"type": 7, "data": {}}',
        '{"type": "message.delivered"}',
        '{"type": "message.delivered", "data": []}',
        '{"type": "message.delivered", "data": {"reference": 7}}',
        '{"type": "message.delivered", "data": {"reference": "\\u0000"}}',
        '{"type": "message.delivered", "data": {"reference": "\\ud800"}}',
        '{"type": "message.read", "data": {"reference": "msg_1"}}',
    ],
)
def test_an_odd_body_is_left_alone(body, db):
    receive(body)
    assert not Receipt.objects.exists()


def test_a_long_reference_is_kept_as_far_as_it_goes(db):
    receive(receipt("delivered", "x" * 500))
    assert Receipt.objects.get().reference == "x" * 120


def test_calls_of_a_till_are_none_of_our_business(db):
    with transaction.atomic():
        publish(InboundReceived(call_id=1, source="pos_1"))
    assert not Delivery.objects.filter(handler__startswith="notifications.").exists()


def test_receipts_are_deleted_after_ninety_days(db):
    for days, reference in ((91, "old"), (89, "new")):
        take_receipt(provider="memory", reference=reference, status="failed", raw="{}")
        moment = clock.now() - timedelta(days=days)
        Receipt.objects.filter(reference=reference).update(received_at=moment)
    assert retention.run()["receipts"] == 1
    assert Receipt.objects.get().reference == "new"
