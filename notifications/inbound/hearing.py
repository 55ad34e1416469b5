"""Hearing a customer's text: read, acted on once, answered once, or left for his store's people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from hub import clock
from hub.crypto import lookup_hash
from hub.customers.models import Channel
from hub.errors import HubError
from hub.inbox.models import InboundCall
from hub.trace import acting
from notifications.inbound import arrivals, consents, numbers, questions, replies, talking
from notifications.inbound.answering import reply
from notifications.inbound.normal import fold
from notifications.inbound.reading import read_text
from notifications.inbound.said import Kind, Said
from notifications.inbound.senders import Sender, sender_of
from notifications.inbound.texts import Text, text_in
from notifications.models import HeardText, Message

logger = logging.getLogger("hub.notifications.inbound")

MOST_AN_HOUR = 30
MOST_ALIKE = 3  # the same words again, within ten minutes
LONGEST_ECHO = 20  # letters from which on our own words coming back are no accident
ECHOES_LOOKED_AT = 5

_NEVER_DAMPED = frozenset({Kind.STOP, Kind.STOP_TOPIC, Kind.START})
Act = Callable[[Sender, Said, str], None]

_ACTS: dict[Kind, Act] = {
    Kind.STOP: consents.end_texts,
    Kind.STOP_TOPIC: consents.end_topic,
    Kind.START: consents.begin_texts,
    Kind.HELP: consents.help_out,
    Kind.HERE: arrivals.come,
    Kind.COMING: arrivals.come,
    Kind.LATE: arrivals.come,
    Kind.WHERE: arrivals.come,
}


@transaction.atomic
def hear(*, call_id: int) -> None:
    """Act on the text that an inbound call carries, and answer it; once, however often called.

    What cannot be acted on goes to the people of the sender's store. Texts of one number are heard
    one after another. Floods, machines and our own words coming back are noted and left alone;
    STOP always counts.
    """
    call = InboundCall.objects.filter(pk=call_id).first()
    text = text_in(call.body) if call else None
    if call is None or text is None:
        logger.warning("not a text", extra={"row": call_id})
        return
    sender = sender_of(text.sender, provider=call.source.removeprefix("sms:"))
    if sender is None:
        logger.warning("a text of no number", extra={"row": call_id})
        return
    with acting("customer"):
        _hear(sender, text, call_id)


def _hear(sender: Sender, text: Text, call_id: int) -> None:
    question = questions.open_question(sender.phone_hash)
    said = read_text(
        text.words, open_question=question.kind if question else "", opt_out=text.opt_out
    )
    said = _as_meant(said, sender)
    heard = HeardText(
        call_id=call_id,
        phone_hash=sender.phone_hash,
        kind=said.kind,
        digest=lookup_hash("text", fold(text.words).line),
        locale=said.locale,
        order_id=sender.part.order_id if sender.part else None,
        heard_at=clock.now(),
    )
    heard.damped = _is_damped(heard, sender, said, text)
    if not _note(heard):
        return
    if heard.damped:
        logger.info("a text is left alone", extra={"row": call_id, "kind": said.kind})
        return
    sender.said_locale = said.locale
    sender.keep_language()
    _act(sender, said, text, call_id)


def _as_meant(said: Said, sender: Sender) -> Said:
    """YES brings texts back after STOP; before, it is an answer like OK."""
    if said.kind == Kind.START and said.answer and not said.managed and not sender.refuses_texts():
        return Said(kind=Kind.ANSWER, answer=True, locale=said.locale)
    return said


def _note(heard: HeardText) -> bool:
    """Keep that it was heard; False when it was before. Its sender's lock is held."""
    if HeardText.objects.filter(call_id=heard.call_id).exists():
        return False
    heard.save(force_insert=True)
    return True


def _act(sender: Sender, said: Said, text: Text, call_id: int) -> None:
    """Do it; what the hub refuses is for people to sort out, and never lost."""
    try:
        with transaction.atomic():
            if act := _ACTS.get(said.kind):
                act(sender, said, str(call_id))
            elif not numbers.take(sender, said, text.words, call_id):
                talking.talk(sender, said, text.words, call_id)
    except HubError as error:
        logger.warning("a text could not be acted on: %s", error, extra={"row": call_id})
        talking.pass_on(sender, text.words, call_id)


def _is_damped(heard: HeardText, sender: Sender, said: Said, text: Text) -> bool:
    if said.kind in _NEVER_DAMPED:
        return False
    if said.kind == Kind.AUTOMATIC or _is_echo(sender, said, text):
        return True
    now = clock.now()
    others = HeardText.objects.filter(phone_hash=sender.phone_hash).exclude(call_id=heard.call_id)
    lately = others.filter(heard_at__gt=now - timedelta(hours=1)).count()
    if lately >= MOST_AN_HOUR:
        if lately == MOST_AN_HOUR:
            reply(sender, replies.TOO_MANY, dedupe=str(heard.call_id))
        return True
    alike = others.filter(digest=heard.digest, heard_at__gt=now - timedelta(minutes=10))
    return alike.count() >= MOST_ALIKE


def _is_echo(sender: Sender, said: Said, text: Text) -> bool:
    """Whether some machine sends our own words back."""
    line = fold(text.words).line
    if said.kind not in {Kind.TALK, Kind.PERHAPS_STOP} or len(line) < LONGEST_ECHO:
        return False
    mine: Any = Q(address_hash=sender.phone_hash) | Q(contact__phone_hash=sender.phone_hash)
    rows = Message.objects.filter(mine, channel=Channel.SMS, accepted_at__isnull=False)
    bodies = rows.order_by("-pk").values_list("body", flat=True)[:ECHOES_LOOKED_AT]
    return any(ours and ours in line for ours in (fold(body).line for body in bodies))
