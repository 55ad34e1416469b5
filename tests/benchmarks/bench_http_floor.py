"""What the hub's REST door costs: authenticated views beside plain Django views with one query.

Both are served by the same processes through the same middleware, one after the other, so that
the ratio shows the door alone: key, scope, quota, negotiation, rendering, headers. The first
pair reads one row (the emptiest view there can be); the second is GET /v1/stores/{code}.
"""

from __future__ import annotations

import statistics

from tests.benchmarks.database import bench_database  # isort: skip  it readies Django
from hub.api.keys import create_key
from tests.benchmarks.harness import Web, load, web_server
from tests.benchmarks.results import Check, report
from tests.factories import make_channel, make_store

RUNS, SECONDS = 7, 3
GATE = 0.45
PAIRS = {
    "one row behind a key beside a plain view": ("/v1/row/B0001", "/floor/row/B0001"),
    "GET /v1/stores/{code} beside its query in a plain view": (
        "/v1/stores/B0001",
        "/floor/store/B0001",
    ),
}


def main() -> None:
    """Print each pair's rates, and one JSON line at the end."""
    with bench_database() as database:
        for number in range(1, 201):
            make_store(code=f"B{number:04}")
        _, secret = create_key(channel=make_channel(), name="b", scopes=["availability:read"])
        with web_server(database, urlconf="tests.benchmarks.floor_urls") as web:
            measured = {name: measure(name, web, secret, *pair) for name, pair in PAIRS.items()}
            memory = web.rss_mb()
    first = next(iter(measured.values()))
    report(
        "http_floor",
        hub=first.measured,
        floor=first.wanted / GATE,
        unit="requests/s",
        checks=list(measured.values()),
        rss_mb=memory,
    )


def measure(name: str, web: Web, secret: str, hub_path: str, floor_path: str) -> Check:
    """Median rates of both, run in turns, and the median of their ratios turn by turn: whatever
    slows the machine for a while slows both halves of a turn."""
    headers = {"Authorization": f"Bearer {secret}"}
    rates: dict[str, list[float]] = {hub_path: [], floor_path: []}
    for run in range(RUNS + 1):
        for path, seen in rates.items():
            got = load(web.url(path), headers=headers, seconds=SECONDS if run else 1)
            if got.failed:
                raise SystemExit(f"{path}: {got.failed} requests failed")
            if run:  # the first is for warming up
                seen.append(got.rate)
                print(f"{path}: {got.rate:.0f}/s, p50 {got.p50_ms:.1f} ms, p99 {got.p99_ms:.1f} ms")
    hub, floor = rates[hub_path], rates[floor_path]
    ratio = statistics.median(h / f for h, f in zip(hub, floor, strict=True))
    wanted = statistics.median(floor) * GATE
    return Check(name, statistics.median(hub), wanted, ratio, GATE)


if __name__ == "__main__":
    main()
