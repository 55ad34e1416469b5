"""Stored replies past their promised time, and counters long out of their window, are deleted."""

from __future__ import annotations

from hub.api.idempotency import KEPT_DAYS
from hub.events.retention import delete_in_batches

COUNTED_DAYS = 2  # longer than any window that is counted

_REPLIES = """
DELETE FROM api_idempotencyrecord WHERE id IN (
    SELECT id FROM api_idempotencyrecord
    WHERE created_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""
_COUNTERS = """
DELETE FROM api_ratecounter WHERE id IN (
    SELECT id FROM api_ratecounter
    WHERE window_start < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def purge_replies() -> int:
    """Delete replies of a week ago or earlier; returns how many."""
    return delete_in_batches(_REPLIES, KEPT_DAYS)


def purge_counters() -> int:
    """Delete counters whose window began two days ago or earlier; returns how many."""
    return delete_in_batches(_COUNTERS, COUNTED_DAYS)
