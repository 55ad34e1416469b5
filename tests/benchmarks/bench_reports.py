"""Every report of a chain that sold a million orders: each page within half a second.

Of the chain, of a group of sixty stores and of one store, ninety days by day and by week. Floor
is what is wanted; the ratio is wanted by the slowest.
"""

from __future__ import annotations

from tests.benchmarks.million import million_orders  # isort: skip
from django.urls import reverse

from hub.stores.models import Store, StoreGroup
from orders.reporting.measures import measures
from tests.benchmarks.results import Check, report
from tests.benchmarks.staff import Asked, ask, reader

WANTED_MS = 500.0
SHOWN = 12


def main() -> None:
    with million_orders():
        client = reader()
        found = [ask(client, path) for path in _paths()]
    found.sort(key=lambda one: -one.milliseconds)
    for one in found[:SHOWN]:
        print(_said(one))
    report(
        "reports",
        hub=found[0].milliseconds,
        floor=WANTED_MS,
        unit="ms",
        checks=[
            Check.at_most(
                f"slowest of {len(found)} pages", measured=found[0].milliseconds, wanted=WANTED_MS
            )
        ],
    )


def _paths() -> list[str]:
    group, store = StoreGroup.objects.get(), Store.objects.order_by("pk")[0]
    every = [f"?days=90&step={step}&of=" for step in ("day", "week")]
    of = ["", f"group:{group.pk}", f"store:{store.code}"]
    pages = [reverse("admin:orders_dayfigures_report")]
    pages += [reverse("admin:orders_dayfigures_measure", args=[key]) for key in measures()]
    paths = [f"{page}{query}{whose}" for page in pages for query in every for whose in of]
    told = reverse("admin:notifications_message_measures")
    return [*paths, *(f"{told}?span={span}" for span in ("day", "week", "month"))]


def _said(one: Asked) -> str:
    sql = " ".join(one.slowest.split())[:90]
    counted = f"{one.statements} statements, the slowest {one.slowest_ms:.0f} ms"
    return f"{one.milliseconds:6.0f} ms  {one.path}  ({counted}: {sql})"


if __name__ == "__main__":
    main()
