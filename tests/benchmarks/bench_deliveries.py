"""No-op deliveries drained by one relay, beside a bare claim-and-ack loop on the same table.

Floor: one connection claims 50 rows with SKIP LOCKED in one statement and acknowledges each row
in a transaction of its own, which is the least that any relay of this promise must do.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import defaultdict

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from django.db import connection, transaction

from hub.events import outbox, registry
from hub.events.catalog import OrderPlaced
from hub.events.models import Delivery
from hub.events.relay import Relay
from tests.benchmarks.results import Check, report

ROWS = 4000
RUNS = 3
IDLE_SAMPLES = 300
GATE_RATIO, GATE_RATE, GATE_P99_MS = 0.5, 700, 200

_CLAIM = """
UPDATE events_delivery SET lease = gen_random_uuid(), attempts = attempts + 1,
       due_at = now() + interval '30 seconds'
WHERE id IN (SELECT id FROM events_delivery WHERE state = 'pending' AND due_at <= now()
             ORDER BY due_at LIMIT 50 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_ACK = "UPDATE events_delivery SET state = 'done', finished_at = now(), lease = NULL WHERE id = %s"


def main() -> None:
    """Print hub, floor and ratio, and one JSON line at the end."""
    with bench_database():
        rates: dict[str, list[float]] = {"hub": [], "floor": []}
        started = register_no_op()
        for _ in range(RUNS):
            rates["hub"].append(timed(drain_with_relay))
            rates["floor"].append(timed(drain_bare))
        p99 = p99_when_idle(started)
    hub, floor = statistics.median(rates["hub"]), statistics.median(rates["floor"])
    report(
        "deliveries",
        hub=hub,
        floor=floor,
        unit="deliveries/s",
        checks=[
            Check.rate("one relay beside a bare loop", hub=hub, floor=floor, gate=GATE_RATIO),
            Check.at_least("deliveries per second", measured=hub, wanted=GATE_RATE),
            Check.at_most("commit to start, p99, idle, ms", measured=p99, wanted=GATE_P99_MS),
        ],
    )


def register_no_op() -> list[float]:
    """Replace every reaction by one that notes when it began; returns the notes."""

    started: list[float] = []
    registry._by_fact = defaultdict(list)
    registry._by_name = {}

    @registry.handles(OrderPlaced)
    def no_op(_fact: OrderPlaced) -> None:
        started.append(time.perf_counter())

    return started


def publish(count: int) -> None:

    with transaction.atomic():
        for number in range(count):
            outbox.publish(OrderPlaced(order_id=number + 1))


def pending() -> bool:
    return Delivery.objects.filter(state="pending").exists()


def timed(drain) -> float:
    """Deliveries per second of one way to drain."""
    publish(ROWS)
    begun = time.perf_counter()
    drain()
    return ROWS / (time.perf_counter() - begun)


def drain_with_relay() -> None:
    Relay().run(until=lambda: not pending())


def drain_bare() -> None:
    connection.ensure_connection()
    raw = connection.connection
    with raw.cursor() as cursor:
        while rows := cursor.execute(_CLAIM).fetchall():
            for row in rows:
                cursor.execute(_ACK, row)


def p99_when_idle(started: list[float]) -> float:
    """Milliseconds from commit to the start of the handler, 99th percentile, one at a time."""

    relay = Relay()

    def work() -> None:
        relay.run()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(1)
    waits = []
    for _ in range(IDLE_SAMPLES):
        before = len(started)
        publish(1)
        committed = time.perf_counter()
        while len(started) == before:
            time.sleep(0.0005)
        waits.append((started[-1] - committed) * 1000)
        time.sleep(0.02)
    relay.stop()
    thread.join()
    return statistics.quantiles(waits, n=100)[98]


if __name__ == "__main__":
    main()
