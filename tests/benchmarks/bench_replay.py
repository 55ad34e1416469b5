"""Orders at a steady pace through everything: placed, on the store's queue, at the store's POS.

Fifty orders a second come by the clock, whether the ones before are answered or not, while a
relay pushes their pick lists by signed webhook to simulated tills, which acknowledge them the same
way. An order is on the queue when its reply leaves: both are the same commit.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from django.db import connection

from hub import clock
from hub.connectors.signing import new_secret
from hub.events.health import waiting
from hub.invariants import check, shipped
from hub.stores.models import PosConnection, Store
from tests.benchmarks.harness import HOST, free_port, web_server
from tests.benchmarks.results import Check, report
from tests.benchmarks.site import Site

RATE, SECONDS = 50, int(os.environ.get("BENCH_SECONDS", "20"))
CLIENTS, DRAIN_SECONDS = 32, 120
QUEUE_SECONDS, POS_SECONDS = 2.0, 3.0
_AT_POS = """
SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY took), count(*) FROM (
    SELECT extract(epoch FROM list.received_at - shop_order.placed_at) AS took
    FROM simulators_simulatedpicklist list
    JOIN orders_fulfillmentorder part ON part.public_id = list.reference
    JOIN orders_order shop_order ON shop_order.id = part.order_id
) AS pushed
"""


def main() -> None:
    """Print what was seen, and one JSON line at the end."""
    port = free_port()
    os.environ["HUB_PUBLIC_URL"] = f"http://{HOST}:{port}"
    with stock_database() as database, web_server(database, port=port) as web:
        site = Site(web)
        _give_tills(site, port)
        since = clock.now()
        with relay(database):
            took, statuses = steady(site)
            drained = _drain(since)
            memory = web.rss_mb()
        at_pos, pushed = _at_pos()
        mine = [one for one in shipped() if one.app == "orders"]  # stock has millions of levels
        broken = [finding for finding in check(mine) if finding.violations]
    orders = RATE * SECONDS
    print(f"{dict(statuses)}; drained: {drained}; at the POS: {pushed} of {orders}")
    checks = [
        Check.at_most("placed to queue, p99, s", measured=_p99(took), wanted=QUEUE_SECONDS),
        Check.at_most("placed to POS, p99, s", measured=at_pos, wanted=POS_SECONDS),
        Check.at_least("orders placed", measured=statuses[201], wanted=orders),
        Check.at_least("pick lists at the POS", measured=pushed, wanted=orders),
        Check.at_least("invariants that hold", measured=int(not broken), wanted=1),
    ]
    report("replay", hub=RATE, floor=RATE, unit="orders/s", checks=checks, rss_mb=memory)


def steady(site: Site) -> tuple[list[float], Counter[int]]:
    """Orders by the clock; the seconds from when each was due to its answer, and the statuses."""
    begun = time.monotonic() + 0.5
    wires = [site.spread(time.time_ns() + number) for number in range(RATE * SECONDS)]
    turns: Iterator[int] = iter(range(len(wires)))

    def work(_client: int) -> list[tuple[int, float]]:
        seen = []
        line = HTTPConnection(HOST, site.web.port, timeout=60)
        for number in turns:
            due = begun + number / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            head, _, body = wires[number].partition(b"\r\n\r\n")
            headers = dict(part.decode().split(": ", 1) for part in head.split(b"\r\n")[1:])
            line.request("POST", "/v1/orders", body, headers)
            answer = line.getresponse()
            answer.read()
            seen.append((answer.status, time.monotonic() - due))
        line.close()
        return seen

    with ThreadPoolExecutor(CLIENTS) as pool:
        seen = [one for some in pool.map(work, range(CLIENTS)) for one in some]
    return [seconds for _, seconds in seen], Counter(status for status, _ in seen)


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


def _give_tills(site: Site, port: int) -> None:
    """A simulated till for each of the site's stores, at this run's address."""
    for store in Store.objects.filter(code__in=site.stores):
        till, _ = PosConnection.objects.get_or_create(
            store=store, defaults={"secret": new_secret()}
        )
        till.base_url = f"http://{HOST}:{port}/sim/pos/{till.public_id}"
        till.save(update_fields=["base_url"])


def _drain(since: datetime) -> bool:
    end = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < end:
        if not waiting(since):
            return True
        time.sleep(0.5)
    return False


def _at_pos() -> tuple[float, int]:
    with connection.cursor() as cursor:
        cursor.execute(_AT_POS)
        p99, pushed = cursor.fetchone()
    return float(p99 or 0), pushed


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


if __name__ == "__main__":
    main()
