"""How soon a site sees a change: from the commit to the page of GET /v1/availability/changes.

Sixty-four connections place holds as fast as they are answered, while a till sells one item of
its own every tenth of a second and a site polls the feed. Measured is the time from the till's
commit to the page that tells of it.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from http.client import HTTPConnection

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from django.db import connection

from hub import clock
from hub.api.keys import create_key
from hub.stores.models import Store
from inventory.ledger import StockEvent
from inventory.models import EventKind, Item, StockLevel
from inventory.services.stock_events import record_stock_events
from tests.benchmarks.bench_flash_sale import PLENTY, Buyers
from tests.benchmarks.harness import HOST, Web, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

SALES, BUYERS, CONNECTIONS = 200, 6_000, 64
WANTED_SECONDS = 1.0


def main() -> None:
    """Print how soon changes were seen, and one JSON line at the end."""
    with stock_database() as database:
        scopes = ["availability:read", "holds:write"]
        _, secret = create_key(channel=make_channel(), name="b", scopes=scopes)
        with web_server(database) as web:
            buyers = Buyers(web, secret)
            StockLevel.objects.filter(store__code=buyers.store).update(on_hand=PLENTY)
            site = Site(web, secret)
            rush = threading.Thread(target=_rush, args=(buyers,))
            rush.start()
            waits = measure(site)
            rush.join()
            memory = web.rss_mb()
    p99 = statistics.quantiles(waits, n=100)[98]
    print(f"{len(waits)} changes: median {statistics.median(waits):.3f} s, p99 {p99:.3f} s")
    report(
        "change_feed",
        hub=p99,
        floor=WANTED_SECONDS,
        unit="s",
        checks=[
            Check.at_least("changes seen", measured=len(waits), wanted=SALES),
            Check.at_most("commit to visible, p99, s", measured=p99, wanted=WANTED_SECONDS),
        ],
        rss_mb=memory,
    )


class Site:
    """Follows the feed over one connection, and notes when it saw how many units were left."""

    def __init__(self, web: Web, secret: str):
        self.line = HTTPConnection(HOST, web.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.cursor = ""
        self.seen: dict[tuple[str, str], dict[int, float]] = {}
        while self.read():
            pass

    def read(self) -> int:
        """Take the next page; how many changes it told."""
        cursor = f"&cursor={self.cursor}" if self.cursor else ""
        path = f"/v1/availability/changes?limit=500{cursor}"
        self.line.request("GET", path, headers=self.headers)
        page = json.loads(self.line.getresponse().read())
        now, self.cursor = time.perf_counter(), page["next_cursor"]
        for change in page["changes"]:
            if change["type"] == "position":
                place = self.seen.setdefault((change["store"], change["sku"]), {})
                place.setdefault(change["available"], now)
        return len(page["changes"])


def measure(site: Site) -> list[float]:
    """Seconds from each sale's commit until the site knew of it."""
    store, item = Store.objects.order_by("code")[1], Item.objects.order_by("sku")[1]
    StockLevel.objects.filter(store=store, item=item).update(on_hand=PLENTY)
    told: list[tuple[int, float]] = []
    over = threading.Event()

    def sell() -> None:
        for number in range(SALES):
            event = StockEvent(
                event_id=f"sale-{number}",
                kind=EventKind.SALE,
                store_id=store.pk,
                item_id=item.pk,
                quantity=1,
                occurred_at=clock.now(),
            )
            record_stock_events(source="till", events=[event])
            told.append((PLENTY - number - 1, time.perf_counter()))
            time.sleep(0.1)
        connection.close()
        over.set()

    till = threading.Thread(target=sell)
    till.start()
    while not over.is_set() or site.read():
        site.read()
        time.sleep(0.05)
    till.join()
    found = site.seen.get((store.code, item.sku), {})
    # a change that a later one overtook is told by the later one
    return [
        min(at for left, at in found.items() if left <= units and at >= done) - done
        for units, done in told
    ]


def _rush(buyers: Buyers) -> None:
    skus = buyers.skus[:100]
    rate, statuses = buyers.buy(
        [skus[number % len(skus)] for number in range(BUYERS)], connections=CONNECTIONS
    )
    print(f"meanwhile {rate:.0f} holds/s: {dict(statuses)}")


if __name__ == "__main__":
    main()
