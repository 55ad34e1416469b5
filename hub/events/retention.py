"""What is done and old is deleted once a day. Facts stay: they are the audit trail."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection

logger = logging.getLogger("hub.retention")

DELIVERY_DAYS = 30
HEARTBEAT_DAYS = 1
BATCH_ROWS = 5_000
MOST_BATCHES = 400

_purges: dict[str, Callable[[], int]] = {}

_OLD_DELIVERIES = """
DELETE FROM events_delivery WHERE id IN (
    SELECT id FROM events_delivery
    WHERE state = 'done' AND finished_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""
_OLD_HEARTBEATS = """
DELETE FROM events_heartbeat WHERE id IN (
    SELECT id FROM events_heartbeat
    WHERE seen_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def register(name: str, purge: Callable[[], int]) -> None:
    """Let ``run`` call ``purge``, which deletes old rows and returns how many."""
    _purges[name] = purge


def run() -> dict[str, int]:
    """Delete everything that has outlived its use; return the rows deleted, by name.

    Run daily by the schedule; running it twice, or in two places, does no harm.
    """
    deleted = {name: purge() for name, purge in _purges.items()}
    logger.info("old rows deleted: %s", deleted)
    return deleted


def delete_in_batches(sql: str, days: int) -> int:
    """Repeat a DELETE with the parameters (days, rows) until it finds no full batch.

    Each batch is a transaction of its own, so that no lock is held for long.
    """
    deleted = 0
    for _ in range(MOST_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute(sql, [days, BATCH_ROWS])
            deleted += cursor.rowcount
            if cursor.rowcount < BATCH_ROWS:
                break
    return deleted


def purge_deliveries() -> int:
    """Delete deliveries that were done 30 days ago or earlier; parked ones stay for a person."""
    return delete_in_batches(_OLD_DELIVERIES, DELIVERY_DAYS)


def purge_heartbeats() -> int:
    """Forget processes that have been gone for a day."""
    return delete_in_batches(_OLD_HEARTBEATS, HEARTBEAT_DAYS)


register("deliveries", purge_deliveries)
register("heartbeats", purge_heartbeats)
