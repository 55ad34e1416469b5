"""What staff say in a talk: their own words, or some that are worded beforehand."""

from __future__ import annotations

from django.db import transaction

from hub.customers.consent import is_refused
from hub.customers.models import Channel
from hub.errors import Conflict, Invalid
from notifications.inbound.canned import CANNED, canned_in
from notifications.inbound.threads import note_answer, readable
from notifications.models import Message, Thread, ThreadEntry
from notifications.services.replying import write_conversation

LONGEST_SAID = 459  # three texts of 153


class NothingSaid(Invalid):
    code = "nothing_said"
    title = "Write something, or choose one of the answers"


class SaidTooMuch(Invalid):
    """``limit`` is the number of characters that fit."""

    code = "said_too_much"
    title = "That is too long for a text"


class TalkOver(Conflict):
    code = "talk_over"
    title = "This talk is closed; open it again to write"


class TextsRefused(Conflict):
    code = "texts_refused"
    title = "This customer replied STOP and gets no texts; please call"


class SaidAlready(Conflict):
    code = "said_already"
    title = "The same was sent a moment ago"


@transaction.atomic
def say(*, thread: Thread, by: str, words: str = "", canned: str = "") -> ThreadEntry:
    """Text the customer of an open talk, and return what was said; the talk counts as read.

    ``canned`` names an answer in his language and goes before ``words``. Raises NothingSaid,
    SaidTooMuch, TalkOver, TextsRefused, or SaidAlready when the same words left within a minute.
    """
    locked = Thread.objects.select_for_update(no_key=True).get(pk=thread.pk)
    said = _chosen(canned, locked.locale) if canned else readable(words)
    if not said:
        raise NothingSaid
    if len(said) > LONGEST_SAID:
        raise SaidTooMuch(f"at most {LONGEST_SAID} characters", limit=LONGEST_SAID)
    if locked.closed_at:
        raise TalkOver
    if is_refused(locked.phone_hash, Channel.SMS):
        raise TextsRefused
    message = write_conversation(thread=locked, text=said, author=by)
    if message is None:
        raise SaidAlready
    return note_answer(thread=locked, words=said, author=by, message_id=message.pk)


def delivery_of(entries: list[ThreadEntry]) -> dict[int, Message]:
    """What became of the texts that staff sent, by the key of the entry."""
    keys = {entry.message_id: entry.pk for entry in entries if entry.message_id}
    return {keys[row.pk]: row for row in Message.objects.filter(pk__in=keys)}


def _chosen(name: str, locale: str) -> str:
    if name not in CANNED:
        raise NothingSaid
    return next(one.words for one in canned_in(locale) if one.name == name)
