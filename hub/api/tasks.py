"""What the schedule runs for the REST door."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from hub.api.idempotency import KEPT_DAYS
from hub.api.models import IdempotencyRecord, RateCounter

COUNTED_FOR = timedelta(days=2)  # longer than any window that is counted
AT_ONCE = 5_000
MOST_ROUNDS = 200


def forget() -> int:
    """Delete replies past their promised time, and counters long out of their window.

    In small commits, so that no request waits; returns how many rows went.
    """
    replies = IdempotencyRecord.objects.filter(created_at__lt=Now() - timedelta(days=KEPT_DAYS))
    counters = RateCounter.objects.filter(window_start__lt=Now() - COUNTED_FOR)
    return _delete(replies) + _delete(counters)


def _delete(rows: QuerySet[IdempotencyRecord] | QuerySet[RateCounter]) -> int:
    gone = 0
    for _ in range(MOST_ROUNDS):
        some = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        gone += rows.filter(pk__in=some).delete()[0]
        if len(some) < AT_ONCE:
            break
    return gone
