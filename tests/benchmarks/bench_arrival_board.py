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
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.pulse import ticket_for
from orders.curbside.visits import arrive, say_on_my_way
from tests.benchmarks.harness import HOST, Web, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_item, make_person, make_ready, make_spots, make_store, stock

BOARDS = int(os.environ.get("BENCH_BOARDS", "200"))
STORES = int(os.environ.get("BENCH_STORES", "100"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "40"))
ARRIVALS_PER_SECOND = float(os.environ.get("BENCH_ARRIVALS", "1"))
WAITING = int(os.environ.get("BENCH_WAITING", "5"))  # at each store from the beginning
POLL_SECONDS = 1.6
REST_SECONDS = 6.0  # after the last arrival
FLOOR_SECONDS = 10.0
WANTED_MS, WANTED_PERCENT = 2500.0, 30.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Board:
    """One tablet: what it asks for, as whom, and when each visit came onto its screen."""

    store: int
    pulse_path: str
    cards_path: str
    cookie: str
    known: bytes = b""
    shown: dict[int, float] = field(default_factory=dict)
    asked: int = 0
    renewed: int = 0


def main() -> None:
    """Print what was measured, and one JSON line at the end."""
    with bench_database() as database:
        boards, coming = _fill()
        with web_server(database) as web:
            ticks, begun = _ticks(web, database), time.monotonic()
            asyncio.run(_ask_for_floor(web))
            floor = _percent(_ticks(web, database) - ticks, begun)
            asyncio.run(_load_all(boards, web))
            came: dict[int, tuple[int, float]] = {}
            ticks = _ticks(web, database)
            begun = time.monotonic()
            arriving = threading.Thread(target=_let_arrive, args=(coming, came))
            arriving.start()
            asyncio.run(_open(boards, web))
            arriving.join()
            percent = _percent(_ticks(web, database) - ticks, begun)
            memory = web.rss_mb()
    _report(boards, came, percent=percent, floor=floor, memory=memory)


def _report(boards, came, *, percent: float, floor: float, memory: float) -> None:
    times = []
    for board in boards:
        for visit, (store, at) in came.items():
            if store == board.store:
                times.append((board.shown.get(visit, float("inf")) - at) * 1000)
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
    boards, coming = [], []
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
    cards = reverse("admin:orders_fulfillmentorder_arrivals_cards")
    for number in range(BOARDS):
        store = stores[number % STORES]
        person = make_person()
        StaffScope.objects.create(user=person, store=store)
        browser = Client()
        browser.force_login(person)
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
        path = reverse("board-pulse", args=[ticket_for([store.pk], "arrivals")])
        boards.append(Board(store.pk, path, cards, f"{settings.SESSION_COOKIE_NAME}={cookie}"))
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


async def _load_all(boards: list[Board], web: Web) -> None:
    """Every board is opened, one after the other, before anything is measured."""
    line = await asyncio.open_connection(HOST, web.port)
    for board in boards:
        cards = await _get(line, board.cards_path, board.cookie)
        board.known = (cards or b"").partition(b'data-pulse="')[2][:16]
    line[1].close()


async def _open(boards: list[Board], web: Web) -> None:
    until = time.monotonic() + SECONDS + REST_SECONDS
    await asyncio.gather(
        *(_live(board, web, until, place / len(boards)) for place, board in enumerate(boards))
    )


async def _live(board: Board, web: Web, until: float, phase: float) -> None:
    """Poll as the page does, beginning somewhere in its round."""
    await asyncio.sleep(phase * POLL_SECONDS)
    line = await asyncio.open_connection(HOST, web.port)
    while (round_begun := time.monotonic()) < until:
        pulse = await _get(line, board.pulse_path)
        board.asked += 1
        changed = pulse is not None and board.known not in pulse
        cards = await _get(line, board.cards_path, board.cookie) if changed else None
        if cards is not None:
            now = time.monotonic()
            board.renewed += 1
            board.known = cards.partition(b'data-pulse="')[2][:16]
            for found in cards.split(b'data-visit="')[1:]:
                if b"data-waits" in found[:200]:
                    board.shown.setdefault(int(found[: found.index(b'"')]), now)
        await asyncio.sleep(max(0.0, round_begun + POLL_SECONDS - time.monotonic()))
    line[1].close()


async def _ask_for_floor(web: Web) -> None:
    """As many requests for the emptiest page."""
    until = time.monotonic() + FLOOR_SECONDS

    async def ask(phase: float) -> None:
        await asyncio.sleep(phase * POLL_SECONDS)
        line = await asyncio.open_connection(HOST, web.port)
        while (round_begun := time.monotonic()) < until:
            await _get(line, "/live")
            await asyncio.sleep(max(0.0, round_begun + POLL_SECONDS - time.monotonic()))
        line[1].close()

    await asyncio.gather(*(ask(place / BOARDS) for place in range(BOARDS)))


def _percent(ticks: int, begun: float) -> float:
    """The share of a core that so many ticks since then are."""
    return ticks / TICKS / (time.monotonic() - begun) * 100


async def _get(line, path: str, cookie: str = "") -> bytes | None:
    """The body of the answer; None when the server was too busy, and the next round has to do."""
    reader, writer = line
    extra = f"Cookie: {cookie}\r\n" if cookie else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{extra}\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    status = head.split(b" ", 2)[1]
    if status not in (b"200", b"503"):
        raise SystemExit(f"{path[:60]}: {head[:80]!r}")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    return body if status == b"200" else None


def _ticks(web: Web, database: str) -> int:
    """Processor time of the web's processes and of the database's for them, in clock ticks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [database],
        )
        backends = {str(pid) for (pid,) in cursor.fetchall()}
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            mine = stat.parent.name in backends or os.getpgid(int(stat.parent.name)) == web.pid
            if mine:
                fields = stat.read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        except (OSError, ValueError):
            continue
    return total


if __name__ == "__main__":
    main()
