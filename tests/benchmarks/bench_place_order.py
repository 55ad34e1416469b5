"""Placing over HTTP beside the raw transaction: an order of two lines, each by a new guest.

Everything that placing does is done and durable when the reply leaves: customer, order, stock,
ledger, facts, deliveries, the kept reply. Hub and floor take turns, eight clients each. Then all
orders want one SKU, beside orders that want many. For the scale, the raw transaction also comes
over HTTP, behind a view that does nothing else: what Python and HTTP alone leave of the floor.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django

from tests.benchmarks.floor import floor_rate, make_floor
from tests.benchmarks.harness import web_server
from tests.benchmarks.posting import post
from tests.benchmarks.results import Check, report
from tests.benchmarks.site import Site, ordered

RUNS, SECONDS = int(os.environ.get("BENCH_RUNS", "5")), 5
CLIENTS = 8
GATE, P99_MS, HOT = 0.12, 150, 0.9


def main() -> None:
    """Print each turn, and one JSON line at the end."""
    with stock_database() as database:
        make_floor()
        with web_server(database, urlconf="tests.benchmarks.floor_order_urls") as web:
            site = Site(web)
            rates, worst = turns(site)
            memory = web.rss_mb()
    ratio = statistics.median(h / f for h, f in zip(rates["hub"], rates["floor"], strict=True))
    beside = statistics.median(h / s for h, s in zip(rates["hot"], rates["single"], strict=True))
    hub, floor = (statistics.median(rates[name]) for name in ("hub", "floor"))
    hot, single = (statistics.median(rates[name]) for name in ("hot", "single"))
    bare = statistics.median(rates["bare"])
    print(f"the raw transaction over HTTP: {bare:.0f}/s, {bare / floor:.3f} of the floor")
    checks = [
        Check("orders beside the raw transaction", hub, floor * GATE, ratio, GATE),
        Check.at_most("p99, ms", measured=worst, wanted=P99_MS),
        Check("all on one SKU beside many", hot, single * HOT, beside, HOT),
    ]
    report("place_order", hub=hub, floor=floor, unit="orders/s", checks=checks, rss_mb=memory)


def turns(site: Site) -> tuple[dict[str, list[float]], float]:
    """Rates by what was run, and the median of the runs' 99th percentile in milliseconds."""
    ways: dict[str, Callable[[int], bytes]] = {
        "hub": site.spread,
        "hot": site.hot,
        "single": site.single,
        "bare": site.bare,
    }
    rates: dict[str, list[float]] = {name: [] for name in [*ways, "floor"]}
    p99s = []
    for way in ways.values():
        ordered(post(site.web, way, clients=CLIENTS, seconds=2))  # for warming up
    for _ in range(RUNS):
        rates["floor"].append(floor_rate(clients=CLIENTS, seconds=SECONDS))
        for name, way in ways.items():
            posted = ordered(post(site.web, way, clients=CLIENTS, seconds=SECONDS))
            rates[name].append(posted.rate)
            p99s += [posted.p99_ms] if name == "hub" else []
            print(f"{name}: {posted.rate:.0f}/s, p50 {posted.p50_ms:.0f}, p99 {posted.p99_ms:.0f}")
        print(f"floor: {rates['floor'][-1]:.0f}/s")
    return rates, statistics.median(p99s)


if __name__ == "__main__":
    main()
