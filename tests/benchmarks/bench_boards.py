"""Two hundred open boards of all kinds in a hundred stores, and every second something happens.

In turn an order comes in, another becomes ready, a customer arrives, and an order is held up. Its
time runs from the commit to the last byte of the cards that show it, for each board that has to
show it. What the boards cost is the time that the web processes and their database connections
had on a core, beside that of as many requests for the emptiest page there is.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from django.db import connection
from django.db.models import F
from django.urls import reverse

from orders.admin.exceptions import Problem
from orders.curbside.visits import arrive
from orders.models import Block, FulfillmentOrder
from tests.benchmarks.harness import web_server
from tests.benchmarks.results import Check, report
from tests.benchmarks.watching import (
    Board,
    ask_for_floor,
    load_all,
    open_board,
    percent_of,
    ticks_of,
    watch,
)
from tests.factories import make_fulfillment, make_item, make_ready, make_spots, make_store, stock

BOARDS = int(os.environ.get("BENCH_BOARDS", "200"))
STORES = int(os.environ.get("BENCH_STORES", "100"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "40"))
CHANGES_PER_SECOND = float(os.environ.get("BENCH_CHANGES", "1"))
KINDS = ["pick", "arrivals", "ready", "pick", "exceptions"]  # the pick board hangs twice
TO_PICK, READY = 6, 3  # at each store from the beginning
REST_SECONDS = 6.0  # after the last change
FLOOR_SECONDS = 10.0
WANTED_MS, WANTED_PERCENT = 2500.0, 30.0
_numbers = itertools.count()


@dataclass
class Change:
    """What happened where, on which kind of board it has to be seen, and by which card."""

    store: int
    kind: str
    card: str
    at: float


def main() -> None:
    """Print what was measured, and one JSON line at the end."""
    with bench_database() as database:
        item = make_item()
        stores = [_open_store(item) for _ in range(STORES)]
        hung = [(KINDS[number % len(KINDS)], _place(number, stores)) for number in range(BOARDS)]
        boards = [open_board(kind, store) for kind, store in hung]
        acts = list(_acts(hung, item))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        with web_server(database) as web:
            ticks, begun = ticks_of(web, database), time.monotonic()
            asyncio.run(ask_for_floor(BOARDS, web, FLOOR_SECONDS))
            floor = percent_of(ticks_of(web, database) - ticks, begun)
            asyncio.run(load_all(boards, web))
            ticks, begun = ticks_of(web, database), time.monotonic()
            changes: list[Change] = []
            acting = threading.Thread(target=_let_happen, args=(acts, changes))
            acting.start()
            asyncio.run(watch(boards, web, SECONDS + REST_SECONDS))
            acting.join()
            percent = percent_of(ticks_of(web, database) - ticks, begun)
            memory = web.rss_mb()
    _report(boards, changes, percent=percent, floor=floor, memory=memory)


def _report(
    boards: list[Board], changes: list[Change], *, percent: float, floor: float, memory: float
) -> None:
    times: dict[str, list[float]] = defaultdict(list)
    for board, change in itertools.product(boards, changes):
        if (board.kind, board.store) == (change.kind, change.store):
            shown = board.shown.get(change.card, float("inf"))
            times[board.kind].append((shown - change.at) * 1000)
    everything = sorted(itertools.chain.from_iterable(times.values()))
    p99 = everything[int(len(everything) * 0.99) - 1]
    asked, renewed = sum(one.asked for one in boards), sum(one.renewed for one in boards)
    print(f"{len(changes)} changes on {len(everything)} boards, {asked} pulses, {renewed} cards")
    for kind, seen in sorted(times.items()):
        print(f"{kind}: median {statistics.median(seen):.0f} ms, worst {max(seen):.0f} ms")
    print(f"{percent:.1f} % of a core; as many of the emptiest page: {floor:.1f} %")
    report(
        "boards",
        hub=percent,
        floor=floor,
        unit="% of a core",
        checks=[
            Check.at_most("change to board, p99 ms", measured=p99, wanted=WANTED_MS),
            Check.at_most("share of a core, %", measured=percent, wanted=WANTED_PERCENT),
        ],
        rss_mb=memory,
    )


def _open_store(item):
    """A store in the middle of its day."""
    store = make_store()
    make_spots(store)
    stock(store, {item: 1000})
    for _ in range(TO_PICK):
        _part(store, item)
    for _ in range(READY):
        ready = _part(store, item, make_ready)
    arrive(fulfillment=ready, place="by the door")
    return store


def _part(store, item, make=make_fulfillment):
    number = next(_numbers)
    who = {"name": f"Guest {number}", "phone": f"+4850{number:07}"}
    return make(store=store, lines={item: 1}, customer=who)


def _place(number: int, stores):
    """Where a board hangs: two of different kinds in each store."""
    return stores[(number + number // len(stores)) % len(stores)]


def _acts(hung, item):
    """One act after the other, of each kind in turn, each at a store that has its board; what it
    needs is made before the clock runs."""
    ways = {
        "pick": _order_comes,
        "ready": _becomes_ready,
        "arrivals": _customer_arrives,
        "exceptions": _is_held_up,
    }
    places = {
        kind: itertools.cycle([store for hangs, store in hung if hangs == kind]) for kind in ways
    }
    for _, kind in zip(range(int(CHANGES_PER_SECOND * SECONDS)), itertools.cycle(ways)):
        yield ways[kind](next(places[kind]), item)


def _order_comes(store, item) -> Callable[[], Change]:
    def act() -> Change:
        return Change(store.pk, "pick", str(_part(store, item).pk), time.monotonic())

    return act


def _becomes_ready(store, item) -> Callable[[], Change]:
    part = _part(store, item)

    def act() -> Change:
        rows = FulfillmentOrder.objects.filter(pk=part.pk)
        rows.update(status="ready", version=F("version") + 1)
        return Change(store.pk, "ready", str(part.pk), time.monotonic())

    return act


def _customer_arrives(store, item) -> Callable[[], Change]:
    part = _part(store, item, make_ready)

    def act() -> Change:
        visit = arrive(fulfillment=part, place="at the gate")
        return Change(store.pk, "arrivals", str(visit.pk), time.monotonic())

    return act


def _is_held_up(store, item) -> Callable[[], Change]:
    part = _part(store, item)

    def act() -> Change:
        block = Block.objects.create(order=part.order, reason=Block.Reason.PAYMENT)
        at = time.monotonic()
        block.refresh_from_db()
        link = reverse("admin:orders_order_change", args=[part.order_id])
        card = Problem("Order blocked", "", block.opened_at, link).key
        return Change(store.pk, "exceptions", card, at)

    return act


def _let_happen(acts, changes: list[Change]) -> None:
    begun = time.monotonic()
    for number, act in enumerate(acts):
        time.sleep(max(0.0, begun + number / CHANGES_PER_SECOND - time.monotonic()))
        changes.append(act())
    connection.close()


if __name__ == "__main__":
    main()
