"""Answers to texts, and the words of staff in a talk: worded at once, sent like any message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from hub import clock
from hub.crypto import lookup_hash
from hub.customers.models import Channel, Contact, Profile
from hub.providers.services import account_named
from hub.stores.models import Store
from hub.trace import trace_id
from notifications.cases import Case
from notifications.inbound.replies import REPLIES, SHORTLY
from notifications.models import Message, Thread
from notifications.services.carriers import lane_of
from notifications.services.deciding import Question
from notifications.services.words import Words, text_words, word_reply
from notifications.services.writing import keep, standing_of_new

CONVERSATION = "conversation"
TALK_LASTS = timedelta(hours=12)
LONGEST_DEDUPE = 150


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What goes to a number: whose it is as far as known, and by which account it came."""

    purpose: str
    to: str
    locale: str
    subject: str
    expires_at: datetime
    dedupe: str
    is_test: bool
    order_id: int | None = None
    profile: Profile | None = None
    contact: Contact | None = None
    store: Store | None = None
    exempt_from_stop: bool = False
    provider: str = ""


@transaction.atomic
def write_reply(
    *,
    purpose: str,
    to: str,
    locale: str,
    values: Mapping[str, str],
    dedupe: str,
    store: Store | None = None,
    order_id: int | None = None,
    profile: Profile | None = None,
    contact: Contact | None = None,
    is_test: bool = False,
    exempt_from_stop: bool = False,
    provider: str = "",
) -> Message | None:
    """Answer a text: leave one for the number ``to`` (E.164) and return it.

    The words are made at once. One answer per ``dedupe``, ever: later calls return None. It leaves
    by ``provider``, to which the text came, else by the usual one; after STOP it is kept as
    suppressed, unless it is the one confirmation, which is ``exempt_from_stop``. Raises
    WordingError when there is no wording or a value is missing.
    """
    reply = REPLIES.get(purpose)
    answer = _Answer(
        purpose=purpose,
        to=to,
        locale=locale,
        subject=f"phone:{lookup_hash('phone', to)}",
        expires_at=clock.now() + (reply.lasts if reply else SHORTLY),
        dedupe=dedupe,
        is_test=is_test,
        order_id=order_id,
        profile=profile,
        contact=contact,
        store=store,
        exempt_from_stop=exempt_from_stop,
        provider=provider,
    )
    return _write(answer, word_reply(purpose=purpose, locale=locale, values=values))


@transaction.atomic
def write_conversation(*, thread: Thread, text: str, author: str) -> Message | None:
    """Send the words of staff to the phone of a thread, and return the message.

    ``author`` is who wrote them; the same words to the same phone within a minute are one
    message, and the second call returns None. After STOP they are kept as suppressed.
    """
    now = clock.now()
    said = lookup_hash("talk", f"{author}:{text}")
    answer = _Answer(
        purpose=CONVERSATION,
        to=thread.phone,
        locale=thread.locale or thread.store.locale,
        subject=f"thread:{thread.public_id}",
        expires_at=now + TALK_LASTS,
        dedupe=f"{thread.public_id}:{said}:{now:%Y%m%d%H%M}",
        is_test=thread.is_test,
        profile=thread.profile,
        store=thread.store,
    )
    return _write(answer, text_words(text, locale=answer.locale))


def _write(answer: _Answer, words: Words) -> Message | None:
    question = Question(
        case=Case(
            subject=answer.subject,
            profile=answer.profile,
            contact=answer.contact,
            store=answer.store,
        ),
        purpose=None,
        still_true=True,
        expired=False,
        is_test=answer.is_test,
        address=answer.to,
        address_hash=lookup_hash("phone", answer.to),
        exempt_from_stop=answer.exempt_from_stop,
    )
    message = Message(
        purpose=answer.purpose,
        subject=answer.subject,
        order_id=answer.order_id,
        profile=answer.profile,
        contact=answer.contact,
        address=answer.to,
        address_hash=question.address_hash,
        locale=answer.locale[:10],
        dedupe_key=f"{answer.purpose}:{answer.dedupe}"[:LONGEST_DEDUPE],
        is_test=answer.is_test,
        trace_id=trace_id(),
        expires_at=answer.expires_at,
        **words.columns(),
        **standing_of_new(question, lane=_lane(answer)),
    )
    return keep(message)


def _lane(answer: _Answer) -> str:
    """The lane of the account that the text came by; empty for the usual one."""
    account = account_named(answer.provider, channel=Channel.SMS) if answer.provider else None
    usable = account and (account.is_harmless or not answer.is_test)
    return lane_of(account) if account and usable else ""
