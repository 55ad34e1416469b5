"""What waits, what was given up and what went out, for every lane of leased work at once."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min

from hub import clock
from hub.events.leases import State
from hub.events.models import Breaker
from hub.events.queues import queues
from hub.integration.models import Ping

TODAY_SECONDS = 20.0


@dataclass
class Work:
    """One lane: rows that wait and for how many seconds the oldest of them has been due, rows
    given up, rows done today (UTC) and when the last of these was."""

    waiting: int = 0
    oldest_seconds: float = 0.0
    parked: int = 0
    today: int = 0
    last_done: datetime | None = None


@dataclass(frozen=True)
class Seen:
    """All lanes, breakers and pings by their keys, read together."""

    work: Mapping[str, Work]
    breakers: Mapping[str, Breaker]
    pings: Mapping[str, Ping]

    def of(self, lane: str) -> Work:
        """The lane's work; none is known where none is found."""
        return self.work.get(lane) or Work()


def look() -> Seen:
    """As it is now, in a constant number of queries; today's volume is at most 20 s old."""
    work: dict[str, Work] = defaultdict(Work)
    for queue in queues():
        _add_waiting(work, queue.model)
    for lane, (count, last) in _today().items():
        work[lane].today, work[lane].last_done = count, last
    return Seen(
        work=dict(work),
        breakers={row.key: row for row in Breaker.objects.all()},
        pings={row.key: row for row in Ping.objects.all()},
    )


def _add_waiting(work: dict[str, Work], model: Any) -> None:
    now = _database_now()
    rows = model._default_manager.order_by()
    pending = rows.filter(state=State.PENDING).values_list("lane")
    for lane, count, due in pending.annotate(Count("pk"), Min("due_at")):
        work[lane].waiting += count
        work[lane].oldest_seconds = max(
            work[lane].oldest_seconds, (now - due).total_seconds() if due < now else 0.0
        )
    for lane, count in rows.filter(state=State.PARKED).values_list("lane").annotate(Count("pk")):
        work[lane].parked += count


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


_guard = threading.Lock()
_known: dict[str, Any] = {"until": 0.0, "day": None, "found": {}}


def _today() -> dict[str, tuple[int, datetime]]:
    """What was done today, by lane: a busy day's rows are counted once for all who look."""
    day = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with _guard:
        if _known["until"] < time.monotonic() or _known["day"] != day:
            _known.update(found=_count(day), day=day, until=time.monotonic() + TODAY_SECONDS)
        found: dict[str, tuple[int, datetime]] = _known["found"]
        return found


def _count(day: datetime) -> dict[str, tuple[int, datetime]]:
    found: dict[str, tuple[int, datetime]] = {}
    for queue in queues():
        done = queue.model._default_manager.order_by().filter(
            state=State.DONE, finished_at__gte=day
        )
        for lane, count, last in done.values_list("lane").annotate(Count("pk"), Max("finished_at")):
            before = found.get(lane, (0, last))
            found[lane] = (before[0] + count, max(before[1], last))
    return found


def forget() -> None:
    """Let the next look count today's work again."""
    with _guard:
        _known["until"] = 0.0
