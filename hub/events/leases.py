"""Claiming work with a lease: one helper for deliveries, webhook calls and messages.

A row is *pending* until it is *done* or *parked*. A claim is one committed statement that
counts the attempt, stamps a fresh lease token and moves ``due_at`` to the lease's end: so a
worker that dies leaves a row that simply falls due again. Whoever settles the row must still
hold its token. All times are the database's.

Rows whose worker vanished (a token is still on them when they fall due) are *suspects* and are
claimed one at a time: a poison row that kills its process takes no healthy batch with it, and
is parked once its attempts are used up.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models.functions import Now

LEASE_SECONDS = 30
BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 3600.0


class State(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"


class NotNow(Exception):
    """The work waits for something that is known to be away: put off, not failed."""

    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Leased(models.Model):
    """A row of work. ``lane`` bounds who waits for whom (one per connector or provider);
    rows with the same non-empty ``ordering_key`` and lane are done one after another by id."""

    MAX_ATTEMPTS: ClassVar[int] = 8

    lane = models.CharField(max_length=60, default="db")
    ordering_key = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease = models.UUIDField(null=True, editable=False)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["lane", "due_at", "id"],
                condition=models.Q(state="pending"),
                name="%(class)s_due",
            ),
            models.Index(
                fields=["lane", "ordering_key", "id"],
                condition=models.Q(state="pending") & ~models.Q(ordering_key=""),
                name="%(class)s_order",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="%(class)s_finished",
            ),
            models.Index(
                fields=["lane"],
                condition=models.Q(state="parked"),
                name="%(class)s_parked",
            ),
        ]


@dataclass(frozen=True)
class Backoff:
    """How long to wait after a failed attempt, in seconds: exponential with full jitter."""

    base: float = BACKOFF_BASE_SECONDS
    cap: float = BACKOFF_CAP_SECONDS

    def delay(self, attempts: int) -> float:
        """A random wait of up to ``base · 2^(attempts-1)``, at most ``cap``, at least a tenth."""
        ceiling = min(self.cap, self.base * 2 ** max(0, attempts - 1))
        return random.uniform(ceiling / 10, ceiling)  # noqa: S311  jitter, not a secret


# Whether a row's turn has come among those of its ordering key; ``mine`` is the row.
IS_NEXT = """(mine.ordering_key = '' OR NOT EXISTS (
    SELECT 1 FROM {table} AS earlier
    WHERE earlier.state = 'pending' AND earlier.lane = mine.lane
      AND earlier.ordering_key = mine.ordering_key AND earlier.ordering_key <> ''
      AND earlier.id < mine.id))"""

_CLAIM = """
WITH due AS (
    SELECT id, lease, due_at FROM {table} AS mine
    WHERE state = 'pending' AND lane = %(lane)s AND due_at <= statement_timestamp()
      AND {is_next}
    ORDER BY due_at, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), ranked AS (
    SELECT id, lease, row_number() OVER oldest_first AS place,
           first_value(lease) OVER oldest_first AS head_lease
    FROM due WINDOW oldest_first AS (ORDER BY due_at, id)
), chosen AS (
    SELECT id FROM ranked
    WHERE CASE WHEN head_lease IS NULL THEN lease IS NULL ELSE place = 1 END
)
UPDATE {table} AS mine
SET attempts = least(mine.attempts + 1, %(most)s),
    state = CASE WHEN mine.attempts >= %(most)s THEN 'parked' ELSE 'pending' END,
    lease = CASE WHEN mine.attempts >= %(most)s THEN NULL ELSE %(token)s::uuid END,
    due_at = statement_timestamp() + %(lease)s,
    finished_at = CASE WHEN mine.attempts >= %(most)s THEN statement_timestamp() END,
    last_error = CASE WHEN mine.attempts >= %(most)s
        THEN 'every attempt ended with the death of its process' ELSE mine.last_error END
FROM chosen WHERE mine.id = chosen.id
RETURNING mine.*
"""


def claim(model: type[Leased], *, lane: str, limit: int) -> list[Any]:
    """Lease up to ``limit`` due rows of a lane, oldest first, each attempt already counted.

    Must run outside a transaction, so that the claim is committed before the work begins.
    """
    values = {
        "lane": lane,
        "limit": limit,
        "most": model.MAX_ATTEMPTS,
        "token": str(uuid.uuid4()),
        "lease": timedelta(seconds=LEASE_SECONDS),
    }
    table = model._meta.db_table
    sql = _CLAIM.format(table=table, is_next=IS_NEXT.format(table=table))
    rows: list[Leased] = list(model._default_manager.raw(sql, values))
    return sorted((row for row in rows if row.state == State.PENDING), key=lambda row: row.pk)


def settle(row: Leased, *, state: State = State.DONE, error: str = "") -> bool:
    """End the row's work, if its lease still holds; the answer says whether it did."""
    return _update(
        row,
        "state = %s, lease = NULL, finished_at = statement_timestamp(), last_error = %s",
        [state, error],
    )


def settle_all(rows: Sequence[Any]) -> int:
    """End the work of rows of one claim, as far as their leases still hold; returns how many."""
    table = rows[0]._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET state = 'done', lease = NULL, last_error = '', "  # noqa: S608
            "finished_at = statement_timestamp() WHERE id = ANY(%s) AND lease = %s",
            [[row.pk for row in rows], rows[0].lease],
        )
        settled: int = cursor.rowcount
        return settled


def postpone(row: Leased, *, seconds: float, error: str = "", counted: bool = True) -> bool:
    """Let the row fall due again in ``seconds``; an uncounted try does not use up an attempt."""
    back = 0 if counted else 1
    return _update(
        row,
        "due_at = statement_timestamp() + %s, lease = NULL, last_error = %s, "
        "attempts = attempts - %s",
        [timedelta(seconds=seconds), error, back],
    )


def fail(
    row: Leased, *, error: str, permanent: bool = False, wait: float | None = None
) -> State | None:
    """Record a failed attempt: park the row when no try is left or none can help, else retry.

    Returns the state it has now, or None when the lease was lost.
    """
    if permanent or row.attempts >= row.MAX_ATTEMPTS:
        return State.PARKED if settle(row, state=State.PARKED, error=error) else None
    delay = Backoff().delay(row.attempts) if wait is None else wait
    return State.PENDING if postpone(row, seconds=delay, error=error) else None


def replay(rows: models.QuerySet[Any]) -> int:
    """Make parked rows due again with fresh attempts; returns how many."""
    return rows.filter(state=State.PARKED).update(
        state=State.PENDING, attempts=0, due_at=Now(), lease=None, finished_at=None
    )


def due_lanes(model: type[Leased]) -> list[str]:
    """The lanes that have a due row whose turn has come.

    One index probe per lane, however many rows wait; where the first ones wait for their turn,
    one for each of these. Named by due rows alone, such a lane would keep a relay spinning.
    """
    table = model._meta.db_table
    sql = f"""
        WITH RECURSIVE lanes AS (
            (SELECT lane FROM {table} WHERE state = 'pending' ORDER BY lane LIMIT 1)
            UNION ALL
            SELECT (SELECT lane FROM {table} WHERE state = 'pending' AND lane > lanes.lane
                    ORDER BY lane LIMIT 1)
            FROM lanes WHERE lanes.lane IS NOT NULL
        )
        SELECT lane FROM lanes WHERE lane IS NOT NULL AND (
            SELECT true FROM {table} AS mine WHERE mine.state = 'pending' AND mine.lane = lanes.lane
              AND mine.due_at <= statement_timestamp() AND {IS_NEXT.format(table=table)}
            LIMIT 1)  -- not EXISTS: as a join it may read all that is due
    """  # noqa: S608  the table is a model's own
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [lane for (lane,) in cursor.fetchall()]


def _update(row: Leased, assignments: str, values: list[Any]) -> bool:
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {assignments} WHERE id = %s AND lease = %s",  # noqa: S608
            [*values, row.pk, row.lease],
        )
        return bool(cursor.rowcount == 1)
