"""Ten thousand ready texts that wait at once, for a provider that takes 100 ms for each.

Floor: a bare loop on the same rows and the same provider: it claims 64 rows, calls the provider
for all of them at once and marks them, without gates, words, costs or facts. Beside it: how long
texts wait when a mail server that never answers has as many letters, compared with none.
"""

from __future__ import annotations

import os
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.benchmarks.texting import bench_database, provider, ready_pickups, write_ready  # isort: skip
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from hub import clock
from hub.connectors.registry import sms_connector
from hub.events.models import Breaker
from hub.events.relay import Relay
from hub.links.models import Link
from notifications.models import Message
from orders.models import FulfillmentOrder
from tests.benchmarks.results import Check, report

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "10000"))
BESIDE = int(os.environ.get("BENCH_BESIDE", "1000"))
RUNS, PAIRS = int(os.environ.get("BENCH_RUNS", "3")), int(os.environ.get("BENCH_PAIRS", "5"))
BATCH, WORKERS = 64, 2
GATE_RATE, GATE_RATIO, GATE_BESIDE = 200, 0.3, 1.5
TEXT = "Your order waits for you. " * 6

_CLAIM = """
UPDATE notifications_message SET attempts = attempts + 1, lease = gen_random_uuid(),
       due_at = now() + interval '30 seconds'
WHERE id IN (SELECT id FROM notifications_message WHERE state = 'pending' AND due_at <= now()
             ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, public_id
"""
_MARK = """
UPDATE notifications_message SET state = 'done', lease = NULL, finished_at = now(),
       outcome = 'accepted', accepted_at = now() WHERE id = ANY(%s)
"""
_P99 = """
SELECT extract(epoch FROM percentile_disc(0.99) WITHIN GROUP (ORDER BY accepted_at - %s))
FROM notifications_message WHERE channel = 'sms' AND accepted_at IS NOT NULL
"""


def main() -> None:
    """Print hub, floor and ratio, and one JSON line at the end."""
    rates: dict[str, list[float]] = {"hub": [], "floor": []}
    with bench_database(), provider():
        parts = ready_pickups(MESSAGES)
        settle_the_model()
        for _ in range(RUNS):
            rates["hub"].append(timed(parts, drain_with_relay))
            rates["floor"].append(timed(parts, drain_bare))
        growth = statistics.median(beside(parts[:BESIDE]) for _ in range(PAIRS))
    hub, floor = statistics.median(rates["hub"]), statistics.median(rates["floor"])
    report(
        "notify_burst",
        hub=hub,
        floor=floor,
        unit="messages/s",
        checks=[
            Check.at_least("messages per second", measured=hub, wanted=GATE_RATE),
            Check.rate("beside a bare loop", hub=hub, floor=floor, gate=GATE_RATIO),
            Check.at_most("p99 beside a dead provider, times", measured=growth, wanted=GATE_BESIDE),
        ],
    )


def settle_the_model() -> None:
    """The facts of the one order the others were copied from are reacted to before."""
    Relay().run(until=lambda: not pending())
    Message.objects.all().delete()


def pending() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM notifications_message WHERE state = 'pending')"
            " OR EXISTS (SELECT FROM events_delivery WHERE state = 'pending')"
        )
        return bool(cursor.fetchone()[0])


def timed(parts: list[FulfillmentOrder], drain) -> float:
    """Messages per second of one way to drain."""
    clear()
    write_ready(parts)
    begun = time.perf_counter()
    drain()
    return len(parts) / (time.perf_counter() - begun)


def clear() -> None:
    Message.objects.all().delete()
    Link.objects.all().delete()
    Breaker.objects.all().delete()


def texts_wait() -> bool:
    return Message.objects.filter(state="pending", lane="sms:handset").exists()


def drain_with_relay() -> None:
    Relay().run(until=lambda: not texts_wait())


def drain_bare() -> None:
    connector = sms_connector("handset")

    def send(row: tuple[int, str]) -> int:
        connector.send(to="+12125550100", body=TEXT, reference=row[1], valid_seconds=3600)
        return row[0]

    connection.ensure_connection()
    raw = connection.connection
    guard = threading.Lock()

    def work(_number: int) -> None:
        with ThreadPoolExecutor(BATCH) as crew:
            while True:
                with guard:
                    rows = raw.execute(_CLAIM, [BATCH]).fetchall()
                if not rows:
                    return
                sent = list(crew.map(send, rows))
                with guard:
                    raw.execute(_MARK, [sent])

    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(work, range(WORKERS)))


# --- beside a dead provider ------------------------------------------------------------------


def beside(parts: list[FulfillmentOrder]) -> float:
    """How many times longer the slowest hundredth of texts waits while letters go nowhere."""
    alone = p99(parts, letters=0)
    with silent_mail_server():
        return p99(parts, letters=len(parts)) / alone


def p99(parts: list[FulfillmentOrder], *, letters: int) -> float:
    """Seconds until a text is accepted, 99th percentile, with so many letters beside."""
    clear()
    write_ready(parts)
    if letters:
        copies = list(Message.objects.all())
        for copy in copies:
            copy.pk, copy.public_id = None, f"{copy.public_id}e"[-30:]
            copy.channel = copy.lane = "email"
            copy.dedupe_key = f"{copy.dedupe_key}|email"
            copy.decision = {"excluded": ["sms"]}
        Message.objects.bulk_create(copies, batch_size=1000)
    Message.objects.update(due_at=Now())
    begun = clock.now()
    drain_with_relay()
    with connection.cursor() as cursor:
        cursor.execute(_P99, [begun])
        return float(cursor.fetchone()[0])


@contextmanager
def silent_mail_server() -> Iterator[None]:
    """A mail server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        yield


if __name__ == "__main__":
    main()
