"""Ready pickups at a steady pace: from the commit of the fact to the provider's acceptance.

Fifty facts a second come by the clock, whether the ones before are told or not, while one relay in
a process of its own reacts, words and hands over to a provider that takes 100 ms. Floor: what the
provider itself takes, so the best that anybody could do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from tests.benchmarks.texting import PROVIDER_MS, bench_database, provider, ready_pickups  # isort: skip
from django.db import connection, transaction

from hub import clock
from hub.events.catalog import ReadyForPickup
from hub.events.outbox import publish
from hub.events.relay import Relay
from notifications.models import Message
from orders.models import FulfillmentOrder
from tests.benchmarks.results import Check, report

RATE, SECONDS = 50, int(os.environ.get("BENCH_SECONDS", "20"))
WARM, DRAIN_SECONDS = 50, 30
GATE_P50, GATE_P99 = 1.0, 3.0
_WAITED = """
SELECT extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY waited)),
    extract(epoch FROM percentile_disc(0.99) WITHIN GROUP (ORDER BY waited)), count(*)
FROM (SELECT message.accepted_at - fact.occurred_at AS waited
      FROM notifications_message AS message
      JOIN orders_fulfillmentorder AS part ON message.subject = 'fulfillment:' || part.id
      JOIN events_fact AS fact ON fact.name = 'fulfillment.ready_for_pickup'
          AND fact.data @> jsonb_build_object('fulfillment_id', part.id)
      WHERE message.purpose = 'ready' AND fact.occurred_at >= %s) AS told
"""


def main() -> None:
    """Print what was seen, and one JSON line at the end."""
    count = RATE * SECONDS
    with bench_database() as database, provider():
        parts = ready_pickups(count + WARM)
        Relay().run(until=lambda: not _waiting())  # what the copied order's facts led to
        with relay(database):
            for part in parts[:WARM]:
                tell(part)
            drained(WARM)
            begun = clock.now()
            steady(parts[WARM:])
            drained(count + WARM)
        p50, p99, told = waited(begun)
    report(
        "notify_latency",
        hub=p50,
        floor=PROVIDER_MS / 1000,
        unit="s",
        checks=[
            Check.at_most("fact to accepted, p50, s", measured=p50, wanted=GATE_P50),
            Check.at_most("fact to accepted, p99, s", measured=p99, wanted=GATE_P99),
            Check.at_least("told of all", measured=told, wanted=count),
        ],
    )


def tell(part: FulfillmentOrder) -> None:
    """The fact, committed by itself."""
    with transaction.atomic():
        publish(ReadyForPickup(order_id=part.order_id, fulfillment_id=part.pk))


def steady(parts: list[FulfillmentOrder]) -> None:
    """One after another by the clock; whoever is late does not make the next one late."""
    begun = time.monotonic()
    for number, part in enumerate(parts):
        time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        tell(part)


def drained(count: int) -> bool:
    """Wait until as many are accepted, within reason."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        if Message.objects.filter(purpose="ready", outcome="accepted").count() >= count:
            return True
        time.sleep(0.2)
    return False


def waited(since: datetime) -> tuple[float, float, int]:
    """Seconds from fact to acceptance: median, 99th percentile, and of how many."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITED, [since])
        p50, p99, told = cursor.fetchone()
    return float(p50 or DRAIN_SECONDS), float(p99 or DRAIN_SECONDS), told


def _waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM events_delivery WHERE state = 'pending')")
        return bool(cursor.fetchone()[0])


@contextmanager
def relay(database: str) -> Iterator[None]:
    """Inside the block a relay of its own process works on the database."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.web_settings",
        "BENCH_DATABASE": database,
        "HUB_DEBUG": "1",
        "HUB_LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen([sys.executable, "manage.py", "relay"], env=os.environ | settings)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


if __name__ == "__main__":
    main()
