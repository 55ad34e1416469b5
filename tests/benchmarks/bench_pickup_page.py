"""The customer's page, as a phone opens it: how long the server takes, how much goes over the air.

The store has 40 spots of which half are taken and 30 other orders wait; the order has 15 lines and
its customer is on the way. The page, the question whether anything is new, and the changed part
are asked for one after the other; what a first visit loads is counted as it is sent, compressed.
"""

from __future__ import annotations

import http.client
import re
import statistics

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from hub.links.services import make_link
from orders.curbside.visits import arrive, say_on_my_way
from tests.benchmarks.harness import HOST, Web, latencies, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_fulfillment, make_item, make_ready, make_spots, make_store, stock

RUNS = 60
SPOTS, LINES, OTHERS = 40, 15, 30
WANTED_MS, WANTED_KB = 50.0, 60.0
VERSION = re.compile(rb'data-version="(\w+)"')
LOADED = re.compile(rb'(?:src|href)="(/p/files/[^"]+)"')


def main() -> None:
    """Print the latencies of each address and the first load, and one JSON line at the end."""
    with bench_database() as database:
        page = _fill()
        with web_server(database) as web:
            body, first_load = _first_load(web, page)
            version = VERSION.search(body)
            if version is None:
                raise SystemExit("the page shows no version")
            paths = {
                "page": page,
                "changed part": f"{page}/state?v=0",
                "JSON": f"{page}/state.json",
            }
            latencies(web, list(paths.values()) * 5, headers={})  # for warming up
            seen = {name: latencies(web, [path] * RUNS, headers={}) for name, path in paths.items()}
            memory = web.rss_mb()
    medians = {name: statistics.median(times) for name, times in seen.items()}
    for name, times in seen.items():
        print(f"{name}: median {medians[name]:.1f} ms, worst but one {sorted(times)[-2]:.1f} ms")
    print(f"first load: {first_load:.1f} KB")
    report(
        "pickup_page",
        hub=medians["page"],
        floor=WANTED_MS,
        unit="ms",
        checks=[
            Check.at_most("server time, ms", measured=max(medians.values()), wanted=WANTED_MS),
            Check.at_most("first load, KB", measured=first_load, wanted=WANTED_KB),
        ],
        rss_mb=memory,
    )


def _fill() -> str:
    """A busy store and one order on its way; returns the address of its page."""
    store = make_store(phone="+48221234567", street="Marszałkowska 10")
    items = [make_item(name=f"A thing with a name of usual length, {n}") for n in range(LINES)]
    stock(store, dict.fromkeys(items, 1000))
    make_spots(store, " ".join(map(str, range(1, SPOTS + 1))))
    for number in range(1, OTHERS + 1):
        part = make_fulfillment(store=store, lines={items[0]: 1})
        if number <= SPOTS // 2:
            arrive(fulfillment=part, spot=str(number))
    ready = make_ready(store=store, lines=dict.fromkeys(items, 2))
    say_on_my_way(fulfillment=ready, minutes=15)
    return "/p/" + make_link(purpose="pickup", subject=f"fulfillment:{ready.pk}")


def _first_load(web: Web, page: str) -> tuple[bytes, float]:
    """The page's HTML, and the KB that a browser with nothing kept receives, headers and all."""
    plain, _ = _get(web, page, "identity")
    files = [path.decode() for path in LOADED.findall(plain)]
    sizes = [_get(web, path, "gzip, deflate, br")[1] for path in [page, *files]]
    return plain, sum(sizes) / 1000


def _get(web: Web, path: str, encodings: str) -> tuple[bytes, int]:
    line = http.client.HTTPConnection(HOST, web.port, timeout=30)
    line.request("GET", path, headers={"Accept-Encoding": encodings})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    if answer.status != http.client.OK:
        raise SystemExit(f"{path}: {answer.status}")
    return body, len(body) + len(str(answer.msg))


if __name__ == "__main__":
    main()
