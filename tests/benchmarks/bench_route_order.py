"""Routing an order of ten lines over real stores with stock, from points at such stores.

Within 50 km and without a bound, with the goods set aside in the chosen store; by the nearest
store, and by rules that filter and rank in every way there is.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator

from tests.benchmarks.stock import stock_database  # isort: skip  it readies Django
from django.db import transaction

from hub.ids import new_id
from hub.stores.models import SalesChannel, Store
from inventory.models import Item
from orders.errors import NoStore
from orders.models import RoutingRule, RoutingRuleSet
from orders.routing.geography import Point
from orders.routing.services import route
from tests.benchmarks.results import Check, report
from tests.factories import make_channel

ORDERS, WARM = 60, 12
LINES = 10
NEAR_METRES, FAR_METRES = 50_000, 20_000_000
NEAR_MS, FAR_MS = 25, 100
WAYS = {
    "50 km": (NEAR_METRES, 1, NEAR_MS),
    "unbounded": (FAR_METRES, 1, FAR_MS),
    "unbounded, rare basket": (FAR_METRES, 25, FAR_MS),
}


def main() -> None:
    """Print the medians, and one JSON line at the end."""
    with stock_database():
        plain, ruled = make_channel(), make_channel()
        make_rules(ruled)
        checks = []
        for name, (radius, units, wanted) in WAYS.items():
            for how, channel in (("", plain), (", all rules", ruled)):
                asked = list(errands(units=units))
                median = statistics.median(_timed(channel, asked, radius)[WARM:])
                print(f"{name}{how}: median {median:.1f} ms")
                checks.append(Check.at_most(f"{name}{how}, ms", measured=median, wanted=wanted))
    report("route_order", hub=checks[0].measured, floor=NEAR_MS, unit="ms", checks=checks)


def make_rules(channel: SalesChannel) -> None:
    """Rules that use every filter and every sorter."""
    rules = RoutingRuleSet.objects.create(name="all", channel=channel, state="active", version=1)
    stores = Store.objects.order_by("?").values_list("code", flat=True)
    RoutingRule.objects.create(
        rule_set=rules,
        position=1,
        within_minutes=60 * 24 * 14,
        capacity_left=True,
        most_rejected_percent=50,
        sorters=["ranked_list", "capacity_left", "stock_balance", "distance", "fewest_splits"],
        ranked=list(stores[:20]),
    )


def errands(*, units: int) -> Iterator[tuple[Point, dict[int, int]]]:
    """As many as are routed, each from another place with another basket."""
    chance = random.Random(5)
    places = list(Store.objects.values_list("latitude", "longitude"))
    items = list(Item.objects.values_list("pk", flat=True))
    for _ in range(ORDERS + WARM):
        yield (
            Point(*chance.choice(places)),
            dict.fromkeys(chance.sample(items, LINES), units),
        )


def _timed(
    channel: SalesChannel, asked: list[tuple[Point, dict[int, int]]], radius: int
) -> list[float]:
    """How long each took, in milliseconds; an order that no store has counts as well."""
    took = []
    for near, lines in asked:
        begun = time.perf_counter()
        try:
            with transaction.atomic():
                route(
                    channel=channel,
                    reference=new_id("ful"),
                    lines=lines,
                    near=near,
                    radius_metres=radius,
                )
        except NoStore:
            pass
        took.append(1000 * (time.perf_counter() - begun))
    return took


if __name__ == "__main__":
    main()
