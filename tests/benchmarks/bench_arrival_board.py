"""Two hundred open arrivals boards of a hundred stores, and a customer who arrives every second.

Every board does what the page's script does: it asks for its pulse every 1.6 s and takes its
cards when that changed. An arrival's time runs from the commit of its check-in to the last byte
of the cards that show it, for each board of its store. What the boards cost is the time that the
web processes and their database connections had on a core, beside that of as many requests for
the emptiest page there is.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
import time

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from django.db import connection

from orders.curbside.visits import arrive, say_on_my_way
from tests.benchmarks.harness import web_server
from tests.benchmarks.results import Check, report
from tests.benchmarks.watching import (
    ask_for_floor,
    load_all,
    open_board,
    percent_of,
    ticks_of,
    watch,
)
from tests.factories import make_item, make_ready, make_spots, make_store, stock

BOARDS = int(os.environ.get("BENCH_BOARDS", "200"))
STORES = int(os.environ.get("BENCH_STORES", "100"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "40"))
ARRIVALS_PER_SECOND = float(os.environ.get("BENCH_ARRIVALS", "1"))
WAITING = int(os.environ.get("BENCH_WAITING", "5"))  # at each store from the beginning
REST_SECONDS = 6.0  # after the last arrival
FLOOR_SECONDS = 10.0
WANTED_MS, WANTED_PERCENT = 2500.0, 30.0


def main() -> None:
    """Print what was measured, and one JSON line at the end."""
    with bench_database() as database:
        boards, coming = _fill()
        with web_server(database) as web:
            ticks, begun = ticks_of(web, database), time.monotonic()
            asyncio.run(ask_for_floor(BOARDS, web, FLOOR_SECONDS))
            floor = percent_of(ticks_of(web, database) - ticks, begun)
            asyncio.run(load_all(boards, web))
            came: dict[int, tuple[int, float]] = {}
            ticks = ticks_of(web, database)
            begun = time.monotonic()
            arriving = threading.Thread(target=_let_arrive, args=(coming, came))
            arriving.start()
            asyncio.run(watch(boards, web, SECONDS + REST_SECONDS))
            arriving.join()
            percent = percent_of(ticks_of(web, database) - ticks, begun)
            memory = web.rss_mb()
    _report(boards, came, percent=percent, floor=floor, memory=memory)


def _report(boards, came, *, percent: float, floor: float, memory: float) -> None:
    times = []
    for board in boards:
        for visit, (store, at) in came.items():
            if store == board.store:
                times.append((board.shown.get(str(visit), float("inf")) - at) * 1000)
    times.sort()
    p99 = times[int(len(times) * 0.99) - 1]
    asked, renewed = sum(b.asked for b in boards), sum(b.renewed for b in boards)
    print(f"{len(came)} arrivals on {len(times)} boards, {asked} pulses, {renewed} cards")
    print(f"arrival to board: median {statistics.median(times):.0f} ms, p99 {p99:.0f} ms")
    print(f"{percent:.1f} % of a core; as many of the emptiest page: {floor:.1f} %")
    report(
        "arrival_board",
        hub=percent,
        floor=floor,
        unit="% of a core",
        checks=[
            Check.at_most("arrival to board, p99 ms", measured=p99, wanted=WANTED_MS),
            Check.at_most("share of a core, %", measured=percent, wanted=WANTED_PERCENT),
        ],
        rss_mb=memory,
    )


def _fill():
    """Stores with boards, customers who wait, and customers who are going to arrive."""
    item = make_item()
    stores = [make_store() for _ in range(STORES)]
    coming = []
    wanted = int(ARRIVALS_PER_SECOND * SECONDS)
    for store in stores:
        make_spots(store)
        stock(store, {item: 1000})
        for _ in range(WAITING):
            arrive(fulfillment=_part(store, item), place="by the door")
    for number in range(wanted):
        part = _part(stores[number % STORES], item)
        say_on_my_way(fulfillment=part, minutes=5)
        coming.append(part)
    boards = [open_board("arrivals", stores[number % STORES]) for number in range(BOARDS)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return boards, coming


_numbers = iter(range(10**6))


def _part(store, item):
    number = next(_numbers)
    who = {"name": f"Guest {number}", "phone": f"+4850{number:07}"}
    return make_ready(store=store, lines={item: 1}, customer=who)


def _let_arrive(coming, came) -> None:
    begun = time.monotonic()
    for number, part in enumerate(coming):
        time.sleep(max(0.0, begun + number / ARRIVALS_PER_SECOND - time.monotonic()))
        visit = arrive(fulfillment=part, place="at the gate")
        came[visit.pk] = (visit.store_id, time.monotonic())
    connection.close()


if __name__ == "__main__":
    main()
