"""What providers said long ago is deleted; the messages stay, as part of their orders."""

from __future__ import annotations

from hub.events.retention import delete_in_batches

RECEIPT_DAYS = 90

_OLD_RECEIPTS = """
DELETE FROM notifications_receipt WHERE id IN (
    SELECT id FROM notifications_receipt
    WHERE received_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def purge_receipts() -> int:
    """Delete receipts that came 90 days ago or earlier, matched or not; returns how many."""
    return delete_in_batches(_OLD_RECEIPTS, RECEIPT_DAYS)
