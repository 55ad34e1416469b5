"""The talk between a phone and a store: what the customer wrote, what staff answered."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.query import QuerySet

from hub import clock
from hub.customers.models import Profile
from hub.events.catalog import ConversationReceived
from hub.events.outbox import publish
from hub.events.retention import delete_in_batches
from hub.stores.models import Store
from notifications.models import Thread, ThreadEntry
from orders.models import FulfillmentOrder

SILENT_AFTER = timedelta(hours=24)
KEPT_DAYS = 90
LONGEST_WORDS = 1_600
WANTS_NO_TEXTS = "may want no texts"
ASKS_FOR_PERSON = "asks for a person"
OTHER_NUMBER = "from another number"
SILENCE = "silence"

_OLD_ENTRIES = """
DELETE FROM notifications_threadentry WHERE id IN (
    SELECT entry.id FROM notifications_threadentry AS entry
    JOIN notifications_thread AS thread ON thread.id = entry.thread_id
    WHERE thread.closed_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""
_OLD_THREADS = """
DELETE FROM notifications_thread WHERE id IN (
    SELECT thread.id FROM notifications_thread AS thread
    WHERE thread.closed_at < statement_timestamp() - make_interval(days => %s)
      AND NOT EXISTS (
          SELECT 1 FROM notifications_threadentry AS entry WHERE entry.thread_id = thread.id)
    LIMIT %s)
"""
_OLD_HEARD = """
DELETE FROM notifications_heardtext WHERE id IN (
    SELECT id FROM notifications_heardtext
    WHERE heard_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who talks: a number, whose profile may be unknown, about an order at a store."""

    phone: str
    phone_hash: str
    store: Store
    part: FulfillmentOrder | None
    profile: Profile | None
    locale: str
    is_test: bool


@transaction.atomic
def hear_words(
    *, speaker: Speaker, words: str, call_id: int, flag: str = ""
) -> tuple[Thread, bool]:
    """Add what the customer wrote to his talk with the store; returns it, and whether it is new.

    A closed talk is not taken up again: a new one begins. Parallel texts find one. The same call
    again adds nothing. The store hears of it by ConversationReceived.
    """
    thread, is_new = _thread_of(speaker)
    entry = ThreadEntry(
        thread=thread,
        side=ThreadEntry.Side.CUSTOMER,
        words=readable(words),
        call_id=call_id,
        said_at=clock.now(),
    )
    if ThreadEntry.objects.filter(call_id=call_id).exists():
        return thread, is_new
    entry.save(force_insert=True)
    changes = {"flag": flag} if flag else {}
    Thread.objects.filter(pk=thread.pk).update(
        unread=F("unread") + 1, last_at=clock.now(), locale=speaker.locale, **changes
    )
    publish(
        ConversationReceived(
            thread_id=thread.pk,
            store_id=thread.store_id,
            order_id=speaker.part.order_id if speaker.part else None,
        )
    )
    return thread, is_new


def open_thread(phone_hash: str) -> Thread | None:
    """The talk of this phone that was last spoken in and is not closed."""
    rows = Thread.objects.filter(phone_hash=phone_hash, closed_at__isnull=True)
    return rows.select_related("store__brand", "profile").order_by("-last_at").first()


def note_answer(*, thread: Thread, words: str, author: str, message_id: int) -> ThreadEntry:
    """Keep what staff answered beside the message that carries it; the talk is read then."""
    entry, is_new = ThreadEntry.objects.get_or_create(
        message_id=message_id,
        defaults={
            "thread": thread,
            "side": ThreadEntry.Side.STORE,
            "words": words,
            "author": author,
            "said_at": clock.now(),
        },
    )
    if is_new:
        Thread.objects.filter(pk=thread.pk).update(unread=0, flag="", last_at=clock.now())
    return entry


def mark_read(thread: Thread, *, seen: int) -> None:
    """Staff have seen the talk up to the entry ``seen``; what came since stays unread."""
    newer = ThreadEntry.objects.filter(thread=thread, pk__gt=seen, side=ThreadEntry.Side.CUSTOMER)
    Thread.objects.filter(pk=thread.pk).update(unread=newer.count())


def close_thread(*, thread: Thread, by: str) -> bool:
    """End the talk; the customer's next words begin a new one. False when it was ended before."""
    rows = Thread.objects.filter(pk=thread.pk, closed_at__isnull=True)
    return bool(rows.update(closed_at=clock.now(), closed_by=by, unread=0, flag=""))


def reopen_thread(*, thread: Thread) -> bool:
    """Take an ended talk up again; False while it is open, or a newer one of the phone is."""
    newer = Thread.objects.filter(
        store=thread.store_id, phone_hash=thread.phone_hash, closed_at__isnull=True
    )
    if newer.exists():
        return False
    rows = Thread.objects.filter(pk=thread.pk, closed_at__isnull=False)
    return bool(rows.update(closed_at=None, closed_by="", last_at=clock.now()))


def close_silent() -> int:
    """End the talks in which nobody has said anything for a day and nothing is unread; how many.

    What a store has not read yet stays open: silence is no answer.
    """
    rows = Thread.objects.filter(
        closed_at__isnull=True, unread=0, last_at__lte=clock.now() - SILENT_AFTER
    )
    return rows.update(closed_at=clock.now(), closed_by=SILENCE)


def unread_in(stores: QuerySet[Store]) -> int:
    """How many texts of customers nobody in these stores has read."""
    rows = Thread.objects.filter(store__in=stores, closed_at__isnull=True)
    return rows.aggregate(unread=Sum("unread"))["unread"] or 0


def purge_talks() -> int:
    """Delete talks that ended 90 days ago or earlier, and what was heard then; how many rows."""
    purges = (_OLD_ENTRIES, _OLD_THREADS, _OLD_HEARD)
    return sum(delete_in_batches(purge, KEPT_DAYS) for purge in purges)


def readable(words: str) -> str:
    """The words as staff may see them: no control or direction characters, lines kept, cut."""
    lines = words[: LONGEST_WORDS * 4].replace("\r\n", "\n").split("\n")
    plain = "\n".join("".join(map(_plain, line)).rstrip() for line in lines)
    return plain.strip()[:LONGEST_WORDS]


def _thread_of(speaker: Speaker) -> tuple[Thread, bool]:
    """The open talk of the phone with the store, locked; and whether it has just been opened."""
    fresh = Thread(
        store=speaker.store,
        profile=speaker.profile,
        fulfillment_id=speaker.part.pk if speaker.part else None,
        phone=speaker.phone,
        phone_hash=speaker.phone_hash,
        locale=speaker.locale,
        is_test=speaker.is_test,
        last_at=clock.now(),
    )
    Thread.objects.bulk_create([fresh], ignore_conflicts=True)
    thread = (
        Thread.objects.select_for_update(no_key=True)
        .filter(store=speaker.store, phone_hash=speaker.phone_hash, closed_at__isnull=True)
        .get()
    )
    return thread, thread.public_id == fresh.public_id


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character
