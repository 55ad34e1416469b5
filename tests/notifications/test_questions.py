"""Messages that ask the customer, tell what came of it, or that it takes longer."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from hub.events.catalog import (
    FulfillmentDelayed,
    InboundReceived,
    SubstitutesAnswered,
    SubstitutesOffered,
)
from hub.inbox.models import InboundCall
from hub.trace import acting
from notifications import handlers
from notifications.models import Message
from orders.models import FulfillmentOrder
from orders.substitution.answering import answer_offers, close_overdue, withdraw_offers
from tests.factories import CUSTOMER, ask_for, make_missing, make_picking
from tests.notifications.doing import work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    """A store that is about to close lets its customers answer tomorrow."""
    with clock.turned_to(datetime(2026, 1, 14, 11, tzinfo=UTC)):
        yield


@pytest.fixture
def asked(noon):
    return ask_for(*make_missing())


def ids(asked):
    return {"order_id": asked.fulfillment.order_id, "fulfillment_id": asked.fulfillment_id}


def ask(asked):
    handlers.ask_about_substitutes(SubstitutesOffered(round_id=asked.pk, **ids(asked)))


def tell(asked):
    handlers.tell_substitutes_settled(SubstitutesAnswered(round_id=asked.pk, **ids(asked)))


def text(words, phone=CUSTOMER["phone"], **more):
    body = {"type": "message.received", "data": {"from": phone, "text": words}} | more
    call = InboundCall.objects.create(source="sms:memory", event_id=words, body=json.dumps(body))
    fact = InboundReceived(call_id=call.pk, source="sms:memory", kind="message.received")
    handlers.take_text_call(fact)


def bodies(phone):
    return [sent.body for sent in phone.texts]


def test_one_message_holds_all_offers_with_deadline_and_link(phone, asked):
    ask(asked)
    ask(asked)
    work()
    (body,) = bodies(phone)
    assert f"1) {asked.offers.get().item.name}" in body
    assert "Reply OK or NO by today," in body
    assert "/p/" in body


def test_a_question_that_was_answered_meanwhile_is_not_asked_any_more(phone, asked):
    ask(asked)
    answer_offers(asked=asked, answers={1: False}, by="customer")
    work()
    assert phone.texts == []
    assert Message.objects.get().outcome == "canceled"


def test_what_silence_decided_is_told(phone, asked):
    with clock.turned_to(asked.deadline):
        close_overdue()
    asked.refresh_from_db()
    tell(asked)
    work()
    (body,) = bodies(phone)
    assert f"- {asked.offers.get().original.name}" in body


def test_who_answered_on_the_page_is_not_told_what_he_said(phone, asked):
    with acting("customer"):
        answer_offers(asked=asked, answers={1: True})
    tell(asked)
    assert not Message.objects.exists()


def test_a_question_that_was_withdrawn_is_not_news(phone, asked):
    with acting("staff:7"):
        withdraw_offers(asked=asked)
    tell(asked)
    assert not Message.objects.exists()


def test_a_text_is_an_answer(phone, asked):
    text("OK")
    assert asked.offers.get().outcome == "accepted"
    asked.refresh_from_db()
    tell(asked)
    work()
    (body,) = bodies(phone)
    assert f"+ {asked.offers.get().item.name}" in body


def test_a_late_text_is_told_so_once(phone, asked):
    answer_offers(asked=asked, answers={1: False}, by="customer")
    text("OK")
    text("ok!")
    work()
    (body,) = bodies(phone)
    assert "came too late" in body


def test_a_yes_to_what_carries_a_warning_is_sent_to_the_page(phone):
    ask_for(*make_missing(offered={"allergens": None}))
    text("OK")
    work()
    (body,) = bodies(phone)
    assert "please look at the page" in body


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"from": 5, "text": "OK"}, {"from": "+48500123456"}, {"from": "x", "text": {}}],
)
def test_odd_texts_are_noted_and_dropped(phone, asked, data):
    text("OK", data=data)
    assert asked.offers.get().outcome == ""
    assert not Message.objects.exists()


def test_a_delay_is_told_with_the_new_time(phone):
    part = make_picking()
    first = part.promised_at
    later = first + timedelta(hours=2)
    FulfillmentOrder.objects.filter(pk=part.pk).update(promised_first=first, promised_at=later)
    handlers.tell_delayed(
        FulfillmentDelayed(
            order_id=part.order_id, fulfillment_id=part.pk, promised_at=later.isoformat()
        )
    )
    work()
    (body,) = bodies(phone)
    assert "takes longer" in body
