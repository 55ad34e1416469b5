"""Sending words to oneself before customers get them: by the same path, to an address of choice."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from hub import clock
from hub.api.throttle import count_exactly
from hub.crypto import lookup_hash
from hub.customers.addresses import clean_email, clean_phone
from hub.customers.models import Channel
from hub.errors import Conflict, ConnectorError, Invalid
from hub.ids import new_id
from hub.trace import trace_id
from notifications.cases import Case
from notifications.models import Message
from notifications.services.deciding import Question
from notifications.services.mail import send_mail
from notifications.services.words import text_words
from notifications.services.writing import keep, standing_of_new
from notifications.templating.previewing import Preview
from notifications.wording import Key

TRIAL = "trial"
LASTS = timedelta(minutes=15)
MOST, MOST_SECONDS = 20, 3600


def send_trial(*, key: Key, words: Preview, to: str, is_test: bool, by: str) -> str:
    """Send the words to a number or address and return what became of them, as a sentence.

    A text is written like any message and leaves by the relays, with every gate but preferences;
    an e-mail is handed over at once. ``is_test`` reaches no real phone or mailbox. Raises Invalid
    for no address or words, Conflict after 20 within an hour or when it was not taken.
    """
    if words.trouble:
        raise Invalid(f"there is nothing to send: {words.trouble}")
    address = clean_phone(to) if key[2] == Channel.SMS else clean_email(to)
    if not address:
        raise Invalid("say where to send it")
    if not count_exactly(bucket=f"trial:{by}", limit=MOST, seconds=MOST_SECONDS):
        raise Conflict("that was enough for this hour")
    if key[2] != Channel.SMS:
        return _mail(words, address, is_test=is_test)
    message = _text(key, words, address, is_test=is_test)
    if not message.channel:
        raise Conflict(f"not sent: {message.outcome_reason.replace('_', ' ')}")
    return f"On its way by {message.lane.removeprefix('sms:')}, as message {message.public_id}."


@transaction.atomic
def _text(key: Key, words: Preview, address: str, *, is_test: bool) -> Message:
    """The message as it was kept: waiting, or suppressed for the reason it says."""
    hashed = lookup_hash("phone", address)
    subject = f"template:{'/'.join(key)}"[:60]
    question = Question(
        case=Case(subject=subject),
        purpose=None,
        still_true=True,
        expired=False,
        is_test=is_test,
        address=address,
        address_hash=hashed,
    )
    message = Message(
        purpose=TRIAL,
        subject=subject,
        address=address,
        address_hash=hashed,
        locale=key[0],
        dedupe_key=f"{TRIAL}:{new_id('try')}",
        is_test=is_test,
        trace_id=trace_id(),
        expires_at=clock.now() + LASTS,
        **text_words(words.body, locale=key[0]).columns(),
        **standing_of_new(question),
    )
    return keep(message) or message


def _mail(words: Preview, address: str, *, is_test: bool) -> str:
    try:
        send_mail(
            to=address,
            title=words.title,
            body=words.body,
            html=words.html,
            reference=new_id("try"),
            is_test=is_test,
        )
    except ConnectorError as error:
        raise Conflict(f"the mail server did not take it: {error}") from None
    return "Tests reach no mailbox; nothing left." if is_test else "The mail server has taken it."
