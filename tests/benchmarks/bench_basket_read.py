"""GET /v1/availability for 20 SKUs in one store: positions per second beside single reads.

Floor: the same server answering for one SKU in one store.
"""

from __future__ import annotations

import statistics
from urllib.parse import urlencode

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from hub.stores.models import Store
from inventory.models import Item
from tests.benchmarks.harness import rates, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

RUNS, SECONDS = 5, 4
SKUS = 20
WANTED = 12  # times as many positions


def main() -> None:
    """Print both rates, and one JSON line at the end."""
    with stock_database() as database:
        _, secret = create_key(channel=make_channel(), name="b", scopes=["availability:read"])
        store = Store.objects.order_by("code")[1_000 % Store.objects.count()].code
        skus = list(Item.objects.order_by("sku").values_list("sku", flat=True)[:SKUS])
        one = "/v1/availability?" + urlencode({"store": store, "sku": skus[0]})
        basket = "/v1/availability?" + urlencode({"store": store, "sku": skus}, doseq=True)
        with web_server(database) as web:
            headers = {"Authorization": f"Bearer {secret}"}
            seen = rates(web, [one, basket], headers=headers, runs=RUNS, seconds=SECONDS)
            memory = web.rss_mb()
    positions = statistics.median(seen[basket]) * SKUS
    single = statistics.median(seen[one])
    share = statistics.median(
        many * SKUS / few for many, few in zip(seen[basket], seen[one], strict=True)
    )
    report(
        "basket_read",
        hub=positions,
        floor=single,
        unit="positions/s",
        checks=[Check.at_least("positions per single read", measured=share, wanted=WANTED)],
        rss_mb=memory,
    )


if __name__ == "__main__":
    main()
