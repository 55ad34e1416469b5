"""The pick board of a store with 2,000 open orders, in a hub that has seen a million.

Every tenth of the past orders was the store's own. The page is asked for as a picker's browser
does: with a session, all of it, and then its cards alone, on the first page and on a late one.
"""

from __future__ import annotations

import os
import statistics

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from orders.models import FulfillmentOrder
from tests.benchmarks.harness import latencies, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_fulfillment, make_item, make_store, stock
from tests.orders.picking.making import make_picker

PAST = int(os.environ.get("BENCH_PAST", "1000000"))
OPEN = int(os.environ.get("BENCH_OPEN", "2000"))
STORES = 10
RUNS = 40
WANTED_MS = 100.0

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND column_name <> 'id' ORDER BY ordinal_position
"""


def main() -> None:
    """Print the latencies of each address, and one JSON line at the end."""
    with bench_database() as database:
        store = make_store()
        _fill(store)
        browser = Client()
        browser.force_login(make_picker(store))
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        board = reverse("admin:orders_fulfillmentorder_pick")
        cards = reverse("admin:orders_fulfillmentorder_pick_cards")
        paths = [board, f"{board}?page=30", cards]
        with web_server(database) as web:
            latencies(web, paths * 3, headers=headers)  # for warming up
            seen = {path: latencies(web, [path] * RUNS, headers=headers) for path in paths}
            memory = web.rss_mb()
    for path, times in seen.items():
        slow = sorted(times)[-2]
        print(f"{path}: median {statistics.median(times):.1f} ms, worst but one {slow:.1f} ms")
    worst = max(statistics.median(times) for times in seen.values())
    report(
        "queue_page",
        hub=worst,
        floor=WANTED_MS,
        unit="ms",
        checks=[Check.at_most("the slowest page", measured=worst, wanted=WANTED_MS)],
        rss_mb=memory,
    )


def _fill(store) -> None:
    """Copy one real order a million times into the past, and 2,000 times into the queue."""
    items = [make_item(), make_item(zone="chilled"), make_item(zone="frozen")]
    stock(store, dict.fromkeys(items, 100))
    for _ in range(STORES - 1):
        make_store()
    part = make_fulfillment(store=store, lines=dict.fromkeys(items, 2))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        _copy_parts(cursor, part, PAST, past=True)
        _copy_parts(cursor, part, OPEN - 1, past=False)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
        cursor.execute("RESET statement_timeout")
    print(f"{FulfillmentOrder.objects.count()} parts")


def _copy_parts(cursor, part: FulfillmentOrder, count: int, *, past: bool) -> None:
    """So many copies of the part with its order and lines; each copy of an order has one part."""
    kind = "past" if past else "open"
    _copy(
        cursor,
        "orders_order",
        [part.order_id],
        count,
        {
            "public_id": f"'ord_{kind}' || n",
            "external_id": f"'{kind}-' || n",
            "status": "'completed'" if past else "'open'",
            "placed_at": "now() - n * interval '1 minute'" if past else "now()",
        },
    )
    stores = f"(SELECT id FROM stores_store ORDER BY id OFFSET n %% {STORES} LIMIT 1)"
    changes = {
        "public_id": f"'ful_{kind}' || n",
        "order_id": f"(SELECT max(id) - {count} FROM orders_order) + n",
    }
    if past:
        changes |= {"status": "'completed'", "store_id": stores}
        changes["promised_at"] = "now() - n * interval '1 minute'"
    else:
        changes["promised_at"] = "now() + (n - 300) * interval '20 seconds'"
    _copy(cursor, "orders_fulfillmentorder", [part.pk], count, changes)
    lines = list(part.lines.order_by("pk").values_list("pk", flat=True))[: 1 if past else None]
    first = f"(SELECT max(id) - {count} FROM orders_fulfillmentorder) + n"
    _copy(cursor, "orders_fulfillmentline", lines, count, {"fulfillment_id": first})


def _copy(cursor, table: str, keys: list[int], count: int, changes: dict[str, str]) -> None:
    cursor.execute(_COLUMNS, [table])
    columns = [name for (name,) in cursor]
    chosen = ", ".join(changes.get(name, f"row.{name}") for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} "
        f"FROM {table} row, generate_series(1, {count}) n WHERE row.id = ANY(%s) ORDER BY n",
        [keys],
    )


if __name__ == "__main__":
    main()
