"""Words that only people can answer: they go to the store that the sender's order is at."""

from __future__ import annotations

from datetime import timedelta

from hub import clock
from hub.stores.models import SalesChannel
from notifications.inbound import replies
from notifications.inbound.answering import reply
from notifications.inbound.said import Kind, Said
from notifications.inbound.senders import Sender
from notifications.inbound.threads import (
    ASKS_FOR_PERSON,
    OTHER_NUMBER,
    WANTS_NO_TEXTS,
    hear_words,
    open_thread,
)
from notifications.models import HeardText, Thread
from orders.models import FulfillmentOrder

SAME_TALK = timedelta(minutes=30)
LONGEST_ORDER_NUMBER = 120

_FLAGS = {Kind.AGENT: ASKS_FOR_PERSON, Kind.PERHAPS_STOP: WANTS_NO_TEXTS}
_QUIET = frozenset({Kind.POLITE, Kind.EMPTY, Kind.ANSWER})


def talk(sender: Sender, said: Said, words: str, call_id: int) -> None:
    """Leave what the hub cannot act on to people, or ask politely what is meant.

    While a talk is open, whatever is said belongs to it. Thanks and thumbs without one are
    enough by themselves. Nobody's words without an order reach no store: he is asked for its
    number, and whoever names one is left to its store to believe.
    """
    call = str(call_id)
    if said.kind == Kind.PERHAPS_STOP:
        reply(sender, replies.STOP_OR_TALK, dedupe=call)
    if open_thread(sender.phone_hash) and said.kind != Kind.EMPTY:
        pass_on(sender, words, call_id, flag=_FLAGS.get(said.kind, ""), again=said.kind in _FLAGS)
    elif said.kind in _QUIET:
        return
    elif not sender.is_known:
        _meet(sender, words, call_id)
    elif said.kind == Kind.UNCLEAR and not _was_unclear(sender, call_id):
        reply(sender, replies.UNCLEAR, dedupe=call)
    else:
        pass_on(sender, words, call_id, flag=_FLAGS.get(said.kind, ""))


def pass_on(
    sender: Sender, words: str, call_id: int, *, flag: str = "", again: bool = False
) -> None:
    """Give the words to the store; who begins a talk, or asks ``again``, hears so."""
    thread = open_thread(sender.phone_hash)
    part = _part_for(sender, thread)
    if part is None:
        _meet(sender, words, call_id)
        return
    speaker = sender.speaker(part)
    thread, is_new = hear_words(speaker=speaker, words=words, call_id=call_id, flag=flag)
    if (is_new or again) and flag != WANTS_NO_TEXTS:
        reply(sender, replies.FORWARDED, dedupe=str(call_id), part=part)


def _part_for(sender: Sender, thread: Thread | None) -> FulfillmentOrder | None:
    """What is talked about: what waits for him now; else what the open talk is about."""
    if sender.choices or thread is None or thread.fulfillment_id is None:
        return sender.part
    rows = FulfillmentOrder.objects.select_related(
        "order__contact", "order__profile", "store__brand"
    )
    return rows.filter(pk=thread.fulfillment_id).first() or sender.part


def _meet(sender: Sender, words: str, call_id: int) -> None:
    """A number that no order names: by an order's number the store hears of him; once a day he
    is asked for one."""
    part = _part_named(words)
    if part is None:
        today = f"{sender.phone_hash}:{clock.now():%Y%m%d}"
        reply(sender, replies.UNKNOWN_SENDER, dedupe=today)
        return
    speaker = sender.speaker(part)
    _thread, is_new = hear_words(speaker=speaker, words=words, call_id=call_id, flag=OTHER_NUMBER)
    if is_new:
        reply(sender, replies.FORWARDED, dedupe=str(call_id), part=part)


def _part_named(words: str) -> FulfillmentOrder | None:
    """The newest part of the order whose number is the whole text, or its last word."""
    line = " ".join(words.replace("\x00", " ").split())[:LONGEST_ORDER_NUMBER]
    named = {line, line.upper(), line.split(" ")[-1].strip(".,#!").upper()} - {""}
    if not named:
        return None
    rows = FulfillmentOrder.objects.filter(
        order__channel__in=SalesChannel.objects.values("pk"),
        order__is_test__in=[False, True],
        order__external_id__in=named,
    )
    related = rows.select_related("order__contact", "order__profile", "store__brand")
    return related.order_by("order__is_test", "-pk").first()


def _was_unclear(sender: Sender, call_id: int) -> bool:
    """Whether he was not understood a moment ago either: then people read it."""
    before = HeardText.objects.filter(phone_hash=sender.phone_hash).exclude(call_id=call_id)
    last = before.order_by("-heard_at", "-pk").first()
    if last is None or last.kind != Kind.UNCLEAR:
        return False
    return clock.now() - last.heard_at < SAME_TALK
