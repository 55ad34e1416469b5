"""STOP, START and HELP, as they are done."""

from __future__ import annotations

from hub.customers.consent import start, stop
from hub.customers.models import Channel
from hub.customers.purposes import QUESTIONS
from notifications.inbound import questions, replies
from notifications.inbound.answering import reply
from notifications.inbound.said import Said
from notifications.inbound.senders import BY_SMS, Sender
from notifications.pages.words import WORDS
from orders.curbside.pages.words import language_of


def end_texts(sender: Sender, said: Said, call: str) -> None:
    """No text goes to this number any more, but the one that says so; its questions are over.

    Said again it changes nothing, and is not answered again.
    """
    before = sender.refuses_texts()
    stop(
        address_hash=sender.phone_hash,
        channel=Channel.SMS,
        method=BY_SMS,
        reference=call,
        locale=sender.locale,
    )
    questions.close_all(sender.phone_hash, by=questions.STOPPED)
    if not before and not said.managed:
        reply(sender, replies.STOP_CONFIRMED, dedupe=call, exempt_from_stop=True)


def end_topic(sender: Sender, said: Said, call: str) -> None:
    """No text of one group goes to this number any more; the answer says which those are.

    What was to be asked by text stands on the order's page all the same.
    """
    stop(
        address_hash=sender.phone_hash,
        channel=Channel.SMS,
        method=BY_SMS,
        purpose=said.topic,
        reference=call,
        locale=sender.locale,
    )
    asks = said.topic == QUESTIONS
    answer = replies.STOP_QUESTIONS_CONFIRMED if asks else replies.STOP_TOPIC_CONFIRMED
    topic = WORDS[language_of(sender.locale)][f"about_{said.topic}"]
    reply(sender, answer, dedupe=call, topic=topic)


def begin_texts(sender: Sender, said: Said, call: str) -> None:
    """Texts go to this number again."""
    start(
        address_hash=sender.phone_hash,
        channel=Channel.SMS,
        method=BY_SMS,
        reference=call,
        locale=sender.locale,
    )
    if not said.managed:
        reply(sender, replies.START_CONFIRMED, dedupe=call)


def help_out(sender: Sender, said: Said, call: str) -> None:
    """Say who writes, what can be texted, and whom to call; unless the provider has said so."""
    if said.managed:
        return
    phone = sender.part.store.phone if sender.part else ""
    if phone:
        reply(sender, replies.HELP_PHONE, dedupe=call, phone=phone)
    else:
        reply(sender, replies.HELP, dedupe=call)
