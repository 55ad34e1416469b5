"""Answers to texts, and the words of staff: worded at once, never after STOP, once."""

import pytest

from hub.crypto import lookup_hash
from hub.customers.consent import stop
from hub.providers.models import Provider
from hub.providers.services import account_named, connector_for
from notifications.models import Message, Outcome, Thread
from notifications.services.replying import write_conversation, write_reply
from tests.factories import make_store
from tests.notifications.doing import work

pytestmark = pytest.mark.django_db

NUMBER = "+48500123456"
HASH = lookup_hash("phone", NUMBER)


def reply(**values):
    values = {"purpose": "reply_help", "to": NUMBER, "locale": "en", "dedupe": "call:1"} | values
    return write_reply(values={"brand": "Shop"}, **values)


@pytest.fixture(autouse=True)
def store(phone):
    return make_store()


def test_an_answer_goes_to_the_number_that_texted_at_once(phone):
    message = reply()
    work()
    message.refresh_from_db()
    (text,) = phone.texts
    assert text.to == NUMBER
    assert "Shop" in text.body
    assert (message.outcome, message.order_id) == (Outcome.ACCEPTED, None)
    assert message.address_hash == HASH
    assert message.segments


def test_one_text_has_one_answer_however_often_it_is_heard(phone):
    assert reply()
    assert reply() is None
    work()
    assert len(phone.texts) == 1


def test_nothing_is_answered_after_stop_but_the_one_confirmation(phone):
    stop(address_hash=HASH, channel="sms", method="sms", reference="call:0")
    silent = reply()
    told = reply(purpose="reply_stop_confirmed", dedupe="call:2", exempt_from_stop=True)
    work()
    told.refresh_from_db()
    assert (silent.outcome, silent.outcome_reason) == (Outcome.SUPPRESSED, "no_channel")
    assert told.outcome == Outcome.ACCEPTED
    assert len(phone.texts) == 1


def test_a_stop_while_the_answer_waits_stops_it(phone):
    message = reply()
    stop(address_hash=HASH, channel="sms", method="sms", reference="call:0")
    work()
    message.refresh_from_db()
    assert phone.texts == []
    assert message.outcome == Outcome.SUPPRESSED


def test_an_answer_leaves_by_the_provider_that_the_text_came_to(phone):
    for name, rank in (("usual", 1), ("other", 2)):
        Provider.objects.create(name=name, channel="sms", connector="memory", rank=rank)
    other = connector_for(account_named("other", channel="sms"))
    other.clear()
    reply(provider="other")
    work()
    assert len(other.texts) == 1


def test_a_number_abroad_is_not_answered(phone):
    message = reply(to="+33612345678")
    assert message.outcome == Outcome.SUPPRESSED


def test_the_words_of_staff_go_to_the_phone_of_the_talk(phone, store):
    thread = Thread.objects.create(store=store, phone=NUMBER, phone_hash=HASH, locale="pl")
    message = write_conversation(thread=thread, text="Zaraz będziemy", author="staff:1")
    again = write_conversation(thread=thread, text="Zaraz będziemy", author="staff:1")
    work()
    assert again is None
    assert phone.texts[0].to == NUMBER
    assert "Zaraz" in phone.texts[0].body
    assert Message.objects.get().pk == message.pk


def test_staff_cannot_text_who_said_stop(phone, store):
    stop(address_hash=HASH, channel="sms", method="sms", reference="call:0")
    thread = Thread.objects.create(store=store, phone=NUMBER, phone_hash=HASH)
    message = write_conversation(thread=thread, text="Hello", author="staff:1")
    assert message.outcome == Outcome.SUPPRESSED
