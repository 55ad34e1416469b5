"""GET /v1/availability for one SKU in one store, with key, scope and quota, beside a plain view.

Floor: a Django view without authentication that does one indexed query, served by the same
processes through the same middleware.
"""

from __future__ import annotations

import statistics

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from inventory.models import StockLevel
from tests.benchmarks.harness import rates, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

RUNS, SECONDS = 5, 4
GATE = 0.40


def main() -> None:
    """Print both rates, and one JSON line at the end."""
    with stock_database() as database:
        _, secret = create_key(channel=make_channel(), name="b", scopes=["availability:read"])
        levels = StockLevel.objects.select_related("store", "item").order_by("pk")
        level = levels[levels.count() // 10]
        hub = f"/v1/availability?store={level.store.code}&sku={level.item.sku}"
        floor = f"/floor/level/{level.store_id}/{level.item_id}"
        with web_server(database, urlconf="tests.benchmarks.stock_urls") as web:
            headers = {"Authorization": f"Bearer {secret}"}
            seen = rates(web, [hub, floor], headers=headers, runs=RUNS, seconds=SECONDS)
            memory = web.rss_mb()
    rate, bare = statistics.median(seen[hub]), statistics.median(seen[floor])
    ratio = statistics.median(h / f for h, f in zip(seen[hub], seen[floor], strict=True))
    report(
        "point_read",
        hub=rate,
        floor=bare,
        unit="requests/s",
        checks=[Check("one SKU in one store", rate, bare * GATE, ratio, GATE)],
        rss_mb=memory,
    )


if __name__ == "__main__":
    main()
