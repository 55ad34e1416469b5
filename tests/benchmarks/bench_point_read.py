"""GET /v1/availability for one SKU in one store, with key, scope and quota, beside a plain view.

Floor: a Django view without authentication that does one indexed query, served by the same
processes through the same middleware.
"""

from __future__ import annotations

import statistics

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from inventory.models import StockLevel
from tests.benchmarks.harness import Web, load, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

RUNS, SECONDS = 5, 4
GATE = 0.40


def main() -> None:
    """Print both rates, and one JSON line at the end."""
    with stock_database() as database:
        _, secret = create_key(channel=make_channel(), name="b", scopes=["availability:read"])
        level = StockLevel.objects.select_related("store", "item").order_by("pk")[1_234_567]
        hub = f"/v1/availability?store={level.store.code}&sku={level.item.sku}"
        floor = f"/floor/level/{level.store_id}/{level.item_id}"
        with web_server(database, urlconf="tests.benchmarks.stock_urls") as web:
            rates = measure(web, secret, hub, floor)
            memory = web.rss_mb()
    check = Check.rate("one SKU in one store", hub=rates[hub], floor=rates[floor], gate=GATE)
    report(
        "point_read",
        hub=rates[hub],
        floor=rates[floor],
        unit="requests/s",
        checks=[check],
        rss_mb=memory,
    )


def measure(web: Web, secret: str, *paths: str) -> dict[str, float]:
    """The median rate of each address, run in turns; a failed request ends it all."""
    headers = {"Authorization": f"Bearer {secret}"}
    rates: dict[str, list[float]] = {path: [] for path in paths}
    for run in range(RUNS + 1):
        for path, seen in rates.items():
            got = load(web.url(path), headers=headers, seconds=SECONDS if run else 1)
            if got.failed:
                raise SystemExit(f"{path}: {got.failed} requests failed")
            if run:  # the first is for warming up
                seen.append(got.rate)
                print(f"{path}: {got.rate:.0f}/s, p50 {got.p50_ms:.1f} ms, p99 {got.p99_ms:.1f} ms")
    return {path: statistics.median(seen) for path, seen in rates.items()}


if __name__ == "__main__":
    main()
