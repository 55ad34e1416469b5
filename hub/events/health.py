"""Signs of life: heartbeats, and how long the oldest due work has waited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, Max, Min
from django.db.models.functions import Now

from hub.events import leases
from hub.events.queues import queues

BEAT = """
INSERT INTO events_heartbeat (kind, instance, seen_at) VALUES (%s, %s, statement_timestamp())
ON CONFLICT (kind, instance) DO UPDATE SET seen_at = excluded.seen_at
"""


def beat(kind: str, instance: str) -> None:
    """Say that this process does its work now, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [kind, instance])


def seconds_since_beat(kind: str) -> float | None:
    """Age of the newest heartbeat of a kind of process, or None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM statement_timestamp() - max(seen_at))::float8 "
            "FROM events_heartbeat WHERE kind = %s",
            [kind],
        )
        age: float | None = cursor.fetchone()[0]
        return age


def oldest_due_seconds() -> float:
    """How long the oldest row that could be claimed has waited; 0 when there is none.

    A claimed row is due again at its lease's end, so work in hand does not count; nor does a row
    whose turn has not come because an earlier one of its ordering key still waits.
    """
    union = " UNION ALL ".join(
        f"(SELECT due_at FROM {table} AS mine WHERE state = 'pending' AND "  # noqa: S608
        f"{leases.IS_NEXT.format(table=table)} ORDER BY due_at LIMIT 1)"
        for table in (queue.model._meta.db_table for queue in queues())
    )
    age = "greatest(0, extract(epoch FROM statement_timestamp() - min(due_at)))::float8"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {age} FROM ({union}) AS waiting")  # noqa: S608
        return float(cursor.fetchone()[0] or 0)


def left_over(since: datetime) -> list[dict[str, Any]]:
    """What ``waiting`` counts, by queue and lane, so that somebody can tell why it still waits.

    ``rows`` of them, ``leased`` of these in somebody's hands, the first ``due_in`` seconds (below
    zero: overdue), the most ``attempts`` made and one ``error``.
    """
    found = []
    for queue in queues():
        rows = queue.model._default_manager.filter(state="pending", created_at__gte=since)
        by_lane = rows.values("lane").annotate(
            rows=Count("pk"),
            leased=Count("lease"),
            due_in=ExpressionWrapper(Min("due_at") - Now(), output_field=DurationField()),
            most_attempts=Max("attempts"),
            error=Max("last_error"),
        )
        found += [
            {
                "queue": queue.model._meta.db_table,
                **row,
                "due_in": round(row["due_in"].total_seconds(), 1),
                "error": row["error"][-200:],
            }
            for row in by_lane.order_by("lane")
        ]
    return found


def waiting(since: datetime) -> dict[str, int]:
    """How many rows of each queue made since then are neither done nor parked; only queues that
    have any."""
    counts = {
        queue.model._meta.db_table: queue.model._default_manager.filter(
            state="pending", created_at__gte=since
        ).count()
        for queue in queues()
    }
    return {table: count for table, count in counts.items() if count}
