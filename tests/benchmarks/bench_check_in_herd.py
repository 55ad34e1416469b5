"""Ten thousand customers tap "I'm here" within ten seconds: not one is lost, not one comes twice.

Open loop: when each tap is sent was drawn beforehand, whatever the hub answers. It is the page's
own form, which is how most customers come; a fifth is sent twice, and as much as a twentieth is
wrong: a link that is none, a stamp of another page, a spot that is not there, an order that was
canceled. Who is told to come again does so when Retry-After says. BENCH_CHECK_INS and
BENCH_SECONDS make it smaller.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from django.test import Client

from hub.events.models import Fact
from hub.stores.models import Store
from orders.admin.boards import SIZES
from orders.models import Visit, VisitPickup
from tests.benchmarks.crowd import Customer, arrived, cancel, make_crowd
from tests.benchmarks.harness import HOST, Web, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_person

CHECK_INS = int(os.environ.get("BENCH_CHECK_INS", "10000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
TWICE, WRONG = 0.2, 0.05
MOST_TRIES, LONGEST = 200, 1800.0
ACCEPTED_SECONDS, BOARD_SECONDS = 2.0, 5.0
BOARDS = 10
OK, AGAIN = 303, frozenset({429, 503})
FINAL = frozenset({404, 409, 422})


@dataclass
class Seen:
    """What came of the taps."""

    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)
    advised: list[int] = field(default_factory=list)
    unanswered: int = 0
    tries: int = 0
    ended: float = 0.0


def main() -> None:
    """Print what came of the herd, and one JSON line at the end."""
    random.seed(20261122)
    wrong = round(CHECK_INS * WRONG)
    with bench_database() as database:
        crowd = make_crowd(CHECK_INS + wrong)
        good, bad = crowd[:CHECK_INS], crowd[CHECK_INS:]
        cancel(bad[3::4])
        taps = [customer.here() for customer in good]
        taps += random.sample(taps, round(CHECK_INS * TWICE))
        errors = [_spoiled(customer, number) for number, customer in enumerate(bad)]
        with web_server(database) as web:
            _warm(web)
            seen, refused = Seen(), Seen()
            begun = time.monotonic()
            asyncio.run(_herd(web, [(taps, seen), (errors, refused)], begun))
            boards = _boards_right(web, seen.ended)
            memory = web.rss_mb()
        checks = _checks(seen, refused, bad, boards)
    took = seen.ended - begun
    report(
        "check_in_herd",
        hub=CHECK_INS / took,
        floor=CHECK_INS / SECONDS,
        unit="arrivals/s until all are there",
        checks=checks,
        rss_mb=memory,
    )


def _spoiled(customer: Customer, number: int) -> bytes:
    """A tap that must come to nothing."""
    kinds = [
        lambda: customer.here(token="A" * 22),
        lambda: customer.here(stamp="x:y:z"),
        lambda: customer.here(spot="no such"),
        customer.here,  # its order is canceled
    ]
    return kinds[number % 4]()


async def _herd(web: Web, loads: list[tuple[list[bytes], Seen]], begun: float) -> None:
    """Send every tap at its time; return when each has had its last answer."""
    tasks: list[Coroutine[Any, Any, None]] = []
    for wires, seen in loads:
        tasks += [_tap(web, wire, begun + random.uniform(0, SECONDS), seen) for wire in wires]
    await asyncio.wait_for(asyncio.gather(*tasks), LONGEST)


async def _tap(web: Web, wire: bytes, at: float, seen: Seen) -> None:
    await asyncio.sleep(max(0.0, at - time.monotonic()))
    status = 0
    for number in range(MOST_TRIES):
        sent = time.monotonic()
        status, wait = await _ask(web, wire)
        seen.tries += 1
        seen.unanswered += status == 0
        if number == 0:
            seen.first[status] += 1
        if status in AGAIN and wait:
            seen.advised.append(wait)
        if status and (status not in AGAIN or wait > 60):
            break
        await asyncio.sleep((wait or 2) + random.random())
    seen.last[status] += 1
    if status == OK:
        seen.accepted.append(time.monotonic() - sent)
        seen.ended = max(seen.ended, time.monotonic())


async def _ask(web: Web, wire: bytes) -> tuple[int, int]:
    """The status, and the seconds that Retry-After says; 0 when nobody answered."""
    try:
        async with asyncio.timeout(30):
            reader, writer = await asyncio.open_connection(HOST, web.port)
            try:
                writer.write(wire)
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0, 0
    head = answer.partition(b"\r\n\r\n")[0].lower()
    if not head:
        return 0, 0
    wait = head.partition(b"\r\nretry-after: ")[2].partition(b"\r\n")[0]
    return int(head[9:12]), int(wait or 0)


def _warm(web: Web) -> None:
    """The first requests of a process load its views."""
    for _ in range(20):
        line = HTTPConnection(HOST, web.port, timeout=60)
        line.request("GET", "/p/warm")
        line.getresponse().read()
        line.close()


def _boards_right(web: Web, ended: float) -> float:
    """Seconds from the last arrival until some stores' boards show all who are there."""
    client = Client()
    client.force_login(make_person(is_superuser=True))
    cookie = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    for store in random.sample(list(Store.objects.all()), min(BOARDS, Store.objects.count())):
        there = Visit.objects.filter(store=store, status="arrived").count()
        while _shown(web, store, cookie) != min(there, SIZES["arrivals"]):
            if time.monotonic() - ended > LONGEST:
                raise SystemExit(f"the board of {store.code} never was right")
            time.sleep(0.2)
    return time.monotonic() - ended


def _shown(web: Web, store: Store, cookie: dict[str, str]) -> int:
    """How many cards of arrivals the store's board has."""
    line = HTTPConnection(HOST, web.port, timeout=60)
    path = f"/admin/orders/fulfillmentorder/arrivals/cards/?store={store.code}"
    line.request("GET", path, headers=cookie)
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    if answer.status != 200:
        return -1
    return text.count("data-visit=")


def _checks(seen: Seen, refused: Seen, bad: list[Customer], boards: float) -> list[Check]:
    there = arrived()
    facts = Fact.objects.filter(name="visit.arrived").count()
    intruders = VisitPickup.objects.filter(fulfillment__in=[one.part for one in bad]).count()
    statuses = seen.last + refused.last + seen.first + refused.first
    broken = sum(count for status, count in statuses.items() if status >= 500 and status != 503)
    late = sorted(seen.accepted)[int(len(seen.accepted) * 0.99) - 1] if seen.accepted else 999.0
    print(f"first answers: {dict(seen.first)}, last: {dict(seen.last)}")
    print(f"wrong ones: first {dict(refused.first)}, last {dict(refused.last)}")
    print(f"{seen.tries} tries, {seen.unanswered} unanswered, boards right after {boards:.2f} s")
    print(f"accepted p99 {late:.2f} s; told to wait {_spread(seen.advised + refused.advised)}")
    every = len(seen.accepted) / (CHECK_INS + round(CHECK_INS * TWICE))
    return [
        _exactly("arrivals", there, CHECK_INS),
        _exactly("facts of arrivals", facts, CHECK_INS),
        _exactly("wrong ones that arrived", intruders, 0),
        _exactly("wrong ones without a clear refusal", _unclear(refused), 0),
        _exactly("answers 500 and the like", broken, 0),
        Check.at_least("taps that succeeded in the end", measured=every, wanted=1),
        Check.at_most("accepted p99, s", measured=max(late, 0.001), wanted=ACCEPTED_SECONDS),
        Check.at_most("boards right, s", measured=max(boards, 0.001), wanted=BOARD_SECONDS),
    ]


def _unclear(refused: Seen) -> int:
    """429 is the answer to who guesses links, and clear enough."""
    return sum(n for status, n in refused.last.items() if status not in FINAL | {429})


def _exactly(name: str, measured: int, wanted: int) -> Check:
    return Check(name, measured, wanted, 1.0 if measured == wanted else 0.0, 1.0)


def _spread(waits: list[int]) -> str:
    return f"{min(waits)} to {max(waits)} s, {len(waits)} times" if waits else "nobody"


if __name__ == "__main__":
    main()
