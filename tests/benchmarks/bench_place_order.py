"""Placing over HTTP beside the raw transaction: an order of two lines, each by a new guest.

Everything that placing does is done and durable when the reply leaves: customer, order, stock,
ledger, facts, deliveries, the kept reply. Hub and floor take turns, eight clients each. Then all
orders want one SKU, beside orders that want many.
"""

from __future__ import annotations

import json
import os
import random
import statistics
from collections.abc import Callable

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from django.db import connection

from hub.api.keys import create_key
from hub.stores.models import Store
from inventory.models import Item
from tests.benchmarks.floor import floor_rate, make_floor
from tests.benchmarks.harness import Web, web_server
from tests.benchmarks.posting import Posted, post, request
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

RUNS, SECONDS = int(os.environ.get("BENCH_RUNS", "5")), 5
CLIENTS, STORES, SKUS = 8, 200, 1000
GATE, P99_MS, HOT = 0.12, 150, 0.9


class Site:
    """A web site that sells two things at a time to guests who have never been there."""

    def __init__(self, web: Web):
        channel = make_channel(currency="GBP")
        _, self.secret = create_key(channel=channel, name="b", scopes=["orders:write"])
        self.web = web
        self.stores = list(Store.objects.order_by("code").values_list("code", flat=True)[:STORES])
        self.skus = list(Item.objects.order_by("sku").values_list("sku", flat=True)[:SKUS])
        plenty = "UPDATE inventory_stocklevel SET on_hand = 1000000 WHERE store_id IN "
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                plenty + "(SELECT id FROM stores_store ORDER BY code LIMIT %s)",
                [STORES],
            )
            cursor.execute("RESET session_replication_role")

    def order(self, number: int, *, store: str, skus: list[str]) -> dict[str, object]:
        """An order as a site sends it."""
        return {
            "external_id": f"W-{number}",
            "pickup": {"store": store},
            "customer": {
                "name": f"Guest {number}",
                "phone": f"+4850{number % 10**7:07}",
                "email": f"guest{number}@example.com",
                "locale": "pl",
                "notify": ["sms"],
            },
            "currency": "GBP",
            "total_minor": 2000,
            "tax_minor": 333,
            "lines": [{"sku": sku, "quantity": 1, "unit_price_minor": 1000} for sku in skus],
        }

    def spread(self, number: int) -> bytes:
        """A request for two of many SKUs in one of many stores."""
        return self._wire(number, random.choice(self.stores), random.sample(self.skus[1:], 2))

    def hot(self, number: int) -> bytes:
        """A request for the one SKU that everybody wants, in the one store."""
        return self._wire(number, self.stores[0], self.skus[:1])

    def single(self, number: int) -> bytes:
        """A request for one of many SKUs: what the hot one is held against."""
        return self._wire(number, random.choice(self.stores), random.sample(self.skus[1:], 1))

    def _wire(self, number: int, store: str, skus: list[str]) -> bytes:
        body = json.dumps(self.order(number, store=store, skus=skus)).encode()
        return request("/v1/orders", secret=self.secret, key=f"k-{number}", body=body)


def main() -> None:
    """Print each turn, and one JSON line at the end."""
    with stock_database() as database:
        make_floor()
        with web_server(database) as web:
            site = Site(web)
            rates, worst = turns(site)
            memory = web.rss_mb()
    ratio = statistics.median(h / f for h, f in zip(rates["hub"], rates["floor"], strict=True))
    beside = statistics.median(h / s for h, s in zip(rates["hot"], rates["single"], strict=True))
    hub, floor = (statistics.median(rates[name]) for name in ("hub", "floor"))
    hot, single = (statistics.median(rates[name]) for name in ("hot", "single"))
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


def ordered(posted: Posted) -> Posted:
    """The load, if every request became an order."""
    if set(posted.statuses) != {201}:
        raise SystemExit(f"not only orders came of it: {dict(posted.statuses)}")
    return posted


if __name__ == "__main__":
    main()
