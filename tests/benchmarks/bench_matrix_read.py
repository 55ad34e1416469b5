"""GET /v1/availability for 100 SKUs in 100 stores: milliseconds from question to last byte."""

from __future__ import annotations

import random
import statistics
from urllib.parse import urlencode

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from hub.stores.models import Store
from inventory.models import Item
from tests.benchmarks.harness import latencies, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

QUESTIONS, WARM = 60, 12
SIDE = 100
WANTED_MS = 150


def main() -> None:
    """Print the median, and one JSON line at the end. Each question is about other positions."""
    chance = random.Random(3)
    with stock_database() as database:
        _, secret = create_key(channel=make_channel(), name="b", scopes=["availability:read"])
        stores = list(Store.objects.values_list("code", flat=True))
        skus = list(Item.objects.values_list("sku", flat=True))
        questions = [
            "/v1/availability?"
            + urlencode(
                {"store": chance.sample(stores, SIDE), "sku": chance.sample(skus, SIDE)},
                doseq=True,
            )
            for _ in range(QUESTIONS + WARM)
        ]
        with web_server(database) as web:
            seen = latencies(web, questions, headers={"Authorization": f"Bearer {secret}"})[WARM:]
            memory = web.rss_mb()
    median = statistics.median(seen)
    print(f"{SIDE} x {SIDE}: median {median:.0f} ms, slowest {max(seen):.0f} ms")
    report(
        "matrix_read",
        hub=median,
        floor=WANTED_MS,
        unit="ms",
        checks=[Check.at_most("100 x 100, median ms", measured=median, wanted=WANTED_MS)],
        rss_mb=memory,
    )


if __name__ == "__main__":
    main()
