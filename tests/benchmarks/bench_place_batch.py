"""Placing a hundred orders per call beside the raw transaction: two lines each, new guests all.

Hub and floor take turns. Each order is whole and durable when the reply leaves, as when it is
placed alone.
"""

from __future__ import annotations

import os
import statistics

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from tests.benchmarks.floor import floor_rate, make_floor
from tests.benchmarks.harness import web_server
from tests.benchmarks.posting import post
from tests.benchmarks.results import Check, report
from tests.benchmarks.site import BATCH, Site, ordered

RUNS, SECONDS = int(os.environ.get("BENCH_RUNS", "5")), 8
CLIENTS, FLOOR_CLIENTS, GATE = 4, 8, 0.40


def main() -> None:
    """Print each turn, and one JSON line at the end."""
    hub, floor = [], []
    with stock_database() as database:
        make_floor()
        with web_server(database) as web:
            site = Site(web)
            ordered(post(web, site.batch, clients=CLIENTS, seconds=3), 200)  # for warming up
            for _ in range(RUNS):
                floor.append(floor_rate(clients=FLOOR_CLIENTS, seconds=SECONDS))
                posted = ordered(post(web, site.batch, clients=CLIENTS, seconds=SECONDS), 200)
                hub.append(posted.rate * BATCH)
                print(f"hub: {hub[-1]:.0f}/s, floor: {floor[-1]:.0f}/s")
            memory = web.rss_mb()
    ratio = statistics.median(h / f for h, f in zip(hub, floor, strict=True))
    hub_rate, floor_rates = statistics.median(hub), statistics.median(floor)
    check = Check("orders beside the raw transaction", hub_rate, floor_rates * GATE, ratio, GATE)
    report(
        "place_batch",
        hub=hub_rate,
        floor=floor_rates,
        unit="orders/s",
        checks=[check],
        rss_mb=memory,
    )


if __name__ == "__main__":
    main()
