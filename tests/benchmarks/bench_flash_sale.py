"""Everybody wants the same thing at once, over HTTP: holds on one SKU until it is sold out.

Exactly as many holds as there are units, a clean refusal for everybody else, and one hot SKU
nearly as fast as many. Each buyer sends one POST /v1/holds under an idempotency key of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from hub.ids import new_id
from hub.stores.models import Store
from inventory.models import Item, StockLevel
from tests.benchmarks.harness import HOST, Web, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

BUYERS = int(os.environ.get("BENCH_BUYERS", "5000"))
UNITS, CONNECTIONS, FEW = BUYERS // 10, 64, 8
REPEATS, SMALL = int(os.environ.get("BENCH_REPEATS", "100")), 10
RUNS, REQUESTS = 5, int(os.environ.get("BENCH_REQUESTS", "1200"))
PLENTY = 1_000_000


class Buyers:
    """Many connections that place holds, each as fast as it is answered."""

    def __init__(self, web: Web, secret: str):
        self.web, self.secret = web, secret
        self.store = Store.objects.order_by("code")[0].code
        self.skus = list(Item.objects.order_by("sku").values_list("sku", flat=True)[:300])

    def buy(self, skus: list[str], *, connections: int) -> tuple[float, Counter[int]]:
        """One hold of one unit for each entry; holds per second and how often each status came."""
        waiting, lock = iter(skus), threading.Lock()
        start = threading.Barrier(connections + 1)

        def work(_number: int) -> Counter[int]:
            line = HTTPConnection(HOST, self.web.port, timeout=60)
            line.connect()
            start.wait(30)
            seen = Counter(self._hold(line, sku) for sku in _shared(waiting, lock))
            line.close()
            return seen

        with ThreadPoolExecutor(connections) as pool:
            running = [pool.submit(work, number) for number in range(connections)]
            start.wait(30)
            begun = time.perf_counter()
            statuses = sum((done.result(300) for done in running), Counter[int]())
        return len(skus) / (time.perf_counter() - begun), statuses

    def _hold(self, line: HTTPConnection, sku: str) -> int:
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": new_id("try"),
        }
        body = {"store": self.store, "lines": [{"sku": sku, "quantity": 1}], "minutes": 120}
        line.request("POST", "/v1/holds", json.dumps(body), headers)
        answer = line.getresponse()
        answer.read()
        return answer.status


def _shared(waiting: Iterator[str], lock: threading.Lock) -> Iterator[str]:
    while True:
        with lock:
            sku = next(waiting, None)
        if sku is None:
            return
        yield sku


def main() -> None:
    """Print what was sold and how fast, and one JSON line at the end."""
    with stock_database() as database:
        channel = make_channel()
        _, secret = create_key(channel=channel, name="b", scopes=["holds:write"])
        with web_server(database) as web:
            buyers = Buyers(web, secret)
            checks = [sale(buyers), *rushes(buyers)]
            seen = speeds(buyers)
            memory = web.rss_mb()
    checks += [
        beside("one hot SKU beside many", seen["hot"], seen["spread"], gate=0.9),
        beside("64 connections beside 8", seen["hot"], seen["few"], gate=0.8),
    ]
    report(
        "flash_sale",
        hub=statistics.median(seen["hot"]),
        floor=statistics.median(seen["spread"]),
        unit="holds/s",
        checks=checks,
        rss_mb=memory,
    )


def beside(name: str, hub: list[float], floor: list[float], *, gate: float) -> Check:
    """The median of the ratios turn by turn: what slows the machine slows both."""
    ratio = statistics.median(h / f for h, f in zip(hub, floor, strict=True))
    return Check(name, statistics.median(hub), statistics.median(floor) * gate, ratio, gate)


def sale(buyers: Buyers) -> Check:
    """5,000 buyers of 500 units at 64 connections: all units sold, the others refused with 409."""
    sale = buyers.skus[1]
    stock_of(buyers, sale, UNITS)
    rate, statuses = buyers.buy([sale] * BUYERS, connections=CONNECTIONS)
    right = statuses == Counter({201: UNITS, 409: BUYERS - UNITS}) and held(buyers, sale) == UNITS
    print(f"{BUYERS} buyers of {UNITS} units: {dict(statuses)}, {rate:.0f}/s")
    return Check.at_least("one in ten sold, the others refused", measured=int(right), wanted=1)


def rushes(buyers: Buyers) -> list[Check]:
    """64 buyers of 10 units, 100 times, each time of another SKU."""
    exact = 0
    for number in range(REPEATS):
        sku = buyers.skus[number + 101]
        stock_of(buyers, sku, SMALL)
        _, statuses = buyers.buy([sku] * CONNECTIONS, connections=CONNECTIONS)
        exact += statuses == Counter({201: SMALL, 409: CONNECTIONS - SMALL}) and (
            held(buyers, sku) == SMALL
        )
    print(f"64 buyers of 10 units: {exact} of {REPEATS} times exactly 10")
    return [Check.at_least("10 of 10 sold each time", measured=exact, wanted=REPEATS)]


def speeds(buyers: Buyers) -> dict[str, list[float]]:
    """Holds per second where stock never ends: one SKU and many, with many connections and few."""
    hot, many = buyers.skus[0], buyers.skus[2:92]
    for sku in [hot, *many]:
        stock_of(buyers, sku, PLENTY)
    spread = [many[number % len(many)] for number in range(REQUESTS)]
    ways: dict[str, Callable[[], tuple[float, Counter[int]]]] = {
        "hot": lambda: buyers.buy([hot] * REQUESTS, connections=CONNECTIONS),
        "spread": lambda: buyers.buy(spread, connections=CONNECTIONS),
        "few": lambda: buyers.buy([hot] * REQUESTS, connections=FEW),
    }
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            rate, statuses = way()
            if statuses != Counter({201: REQUESTS}):
                raise SystemExit(f"{name}: {dict(statuses)}")
            seen[name].append(rate)
            print(f"{name}: {rate:.0f} holds/s")
    return seen


def stock_of(buyers: Buyers, sku: str, units: int) -> None:
    """Let the store have so many units of the item."""
    StockLevel.objects.filter(store__code=buyers.store, item__sku=sku).update(on_hand=units)


def held(buyers: Buyers, sku: str) -> int:
    """Units that holds have of the item."""
    return StockLevel.objects.get(store__code=buyers.store, item__sku=sku).held


if __name__ == "__main__":
    main()
