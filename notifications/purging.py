"""What providers said long ago is deleted, and the words of old messages are dropped.

The messages themselves stay, as part of their orders: to whom, about what, by which channel, why,
and what became of it. A keyed hash of the words stays with them. It tells nothing, but proves
whether words that somebody shows are those that were sent.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from hub import clock
from hub.crypto import lookup_hash
from hub.events.leases import State
from hub.events.retention import MOST_BATCHES, delete_in_batches
from notifications.models import Message

RECEIPT_DAYS = 90
WORDS_DAYS = 90
WORDS_AT_ONCE = 500
UNWORDED = "-"

_OLD_RECEIPTS = """
DELETE FROM notifications_receipt WHERE id IN (
    SELECT id FROM notifications_receipt
    WHERE received_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def purge_receipts() -> int:
    """Delete receipts that came 90 days ago or earlier, matched or not; returns how many."""
    return delete_in_batches(_OLD_RECEIPTS, RECEIPT_DAYS)


def drop_words() -> int:
    """Drop words, and numbers of unknown people, of messages that ended 90 days ago; how many.

    Parked ones keep theirs, because a person may still try them again.
    """
    dropped = 0
    for _ in range(MOST_BATCHES):
        count = _drop_some()
        dropped += count
        if count < WORDS_AT_ONCE:
            break
    return dropped


def seal_of(title: str, body: str) -> str:
    """The keyed hash that stays of a message's words."""
    return lookup_hash("words", f"{title}\n{body}")


@transaction.atomic
def _drop_some() -> int:
    before = clock.now() - timedelta(days=WORDS_DAYS)
    old = Message.objects.filter(state=State.DONE, finished_at__lt=before, words_seal="")
    rows = list(old.order_by("finished_at").select_for_update(no_key=True)[:WORDS_AT_ONCE])
    for row in rows:
        row.words_seal = seal_of(row.title, row.body) if row.body else UNWORDED
        row.title, row.body, row.address = "", "", None
    Message.objects.bulk_update(rows, ["words_seal", "title", "body", "address"])
    return len(rows)
