"""GET /v1/availability/near for a basket of ten lines, from points at real stores.

Within 50 km and without a bound, for whoever asks what is near, and for the worst case: a basket
that hardly any store has whole, so that stores far away are looked at too.
"""

from __future__ import annotations

import random
import statistics
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from hub.stores.models import Store
from inventory.models import Item
from tests.benchmarks.harness import latencies, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

QUESTIONS, WARM = 60, 12
LINES = 10
NEAR_METRES, FAR_METRES = 50_000, 20_000_000
NEAR_MS, FAR_MS = 25, 100
WAYS: dict[str, tuple[dict[str, Any], int, int]] = {
    "50 km": ({"radius_metres": NEAR_METRES}, 1, NEAR_MS),
    "50 km, whole basket": ({"radius_metres": NEAR_METRES, "basket": "whole"}, 1, NEAR_MS),
    "unbounded": ({"radius_metres": FAR_METRES}, 1, FAR_MS),
    "unbounded, whole basket": ({"radius_metres": FAR_METRES, "basket": "whole"}, 1, FAR_MS),
    "unbounded, rare basket": ({"radius_metres": FAR_METRES, "basket": "whole"}, 30, FAR_MS),
}


def main() -> None:
    """Print the medians, and one JSON line at the end."""
    with stock_database() as database:
        _, secret = create_key(channel=make_channel(), name="b", scopes=["availability:read"])
        headers = {"Authorization": f"Bearer {secret}"}
        with web_server(database) as web:
            checks = []
            for name, (more, quantity, wanted) in WAYS.items():
                asked = questions(quantity=quantity, **more)
                median = statistics.median(latencies(web, asked, headers=headers)[WARM:])
                print(f"{name}: median {median:.1f} ms")
                checks.append(Check.at_most(f"{name}, ms", measured=median, wanted=wanted))
            memory = web.rss_mb()
    report(
        "near_me",
        hub=checks[0].measured,
        floor=NEAR_MS,
        unit="ms",
        checks=checks,
        rss_mb=memory,
    )


def questions(*, quantity: int, **more: Any) -> list[str]:
    """As many questions as are asked, each from another place about another basket."""
    chance = random.Random(5)
    places = list(Store.objects.values_list("latitude", "longitude"))
    skus = list(Item.objects.values_list("sku", flat=True))
    asked = []
    for _ in range(QUESTIONS + WARM):
        latitude, longitude = chance.choice(places)
        basket = {"sku": chance.sample(skus, LINES), "quantity": [quantity] * LINES}
        place = {"latitude": latitude, "longitude": longitude}
        asked.append("/v1/availability/near?" + urlencode(place | basket | more, doseq=True))
    return asked


if __name__ == "__main__":
    main()
