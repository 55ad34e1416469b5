"""STOP, START and HELP, as they are done."""

from __future__ import annotations

from hub.customers.consent import start, stop
from hub.customers.models import Channel
from notifications.inbound import lexicon, questions, replies
from notifications.inbound.answering import reply
from notifications.inbound.said import Said
from notifications.inbound.senders import BY_SMS, Sender


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
    """No text about one topic goes to this number any more; all others do."""
    stop(
        address_hash=sender.phone_hash,
        channel=Channel.SMS,
        method=BY_SMS,
        purpose=said.topic,
        reference=call,
        locale=sender.locale,
    )
    names = lexicon.TOPICS[said.topic]
    language = sender.locale.split("-")[0]
    topic = names.get(language, names["en"]).split("|")[0]
    reply(sender, replies.STOP_TOPIC_CONFIRMED, dedupe=call, topic=topic)


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
