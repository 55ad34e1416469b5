"""A complete stock file of 1 M rows of which 10 % changed, from its bytes to ledger and levels.

Floor: the same rows, already as numbers, by COPY into a temporary table and INSERT … ON CONFLICT
DO UPDATE WHERE changed into an equal table, without a ledger. Both in turns, each on a connection
of its own. A tenth of the rows and, with BENCH_LARGE=1, ten times as many show whether time is
linear.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import tests.benchmarks.database  # noqa: F401  it readies Django

# isort: split
from django.conf import settings
from django.db import connection

from hub import clock
from hub.stores.models import Store
from inventory.models import Item
from inventory.services import files
from tests.benchmarks.results import Check, own_peak_mb, report
from tests.benchmarks.stock import stock_database

LARGE = os.environ.get("BENCH_LARGE") == "1"
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
GATE, MOST_MB, LINEAR = 0.5, 200, 0.6
SPREAD = 40
LONGEST_RUN = 1_200

_EQUAL_TABLE = """
CREATE TABLE floor_level (LIKE inventory_stocklevel INCLUDING ALL) WITH (fillfactor = 85)
"""
_MERGE = """
INSERT INTO floor_level (store_id, item_id, on_hand, unavailable, allocated, held)
SELECT store_id, item_id, on_hand, 0, 0, 0 FROM incoming
ON CONFLICT (store_id, item_id) DO UPDATE SET on_hand = excluded.on_hand
WHERE floor_level.on_hand <> excluded.on_hand
"""
_APART = """
SELECT count(*) FROM inventory_stocklevel level
JOIN floor_level USING (store_id, item_id) WHERE level.on_hand <> floor_level.on_hand
"""


class Chain:
    """What lies in every store after so many turns; each turn changes a tenth of it."""

    def __init__(self) -> None:
        self.stores = list(Store.objects.order_by("pk").values_list("pk", "code"))
        self.items = list(Item.objects.order_by("pk").values_list("pk", "sku"))

    def stores_for(self, rows: int) -> int:
        """So many stores that their lines are about so many."""
        return min(len(self.stores), max(1, round(rows / len(self.items))))

    def units(self, store: int, item: int, turn: int) -> int:
        """What ``fill_levels`` made at first; each turn adds a unit to another tenth of it."""
        base = (store * 7 + item * 13) % SPREAD
        tenth = (store * 31 + item * 17) % 10
        return base + (turn + 9 - tenth) // 10

    def write(self, folder: Path, turn: int, stores: int) -> tuple[Path, Path]:
        """The feed of the first so many stores, and the same as numbers for the floor."""
        feed, numbers = folder / f"{turn}.csv", folder / f"{turn}.txt"
        with feed.open("w") as told, numbers.open("w") as raw:
            told.write("store,sku,on_hand\n")
            for store, code in self.stores[:stores]:
                counts = [(item, sku, self.units(store, item, turn)) for item, sku in self.items]
                told.write("".join(f"{code},{sku},{units}\n" for _, sku, units in counts))
                raw.write("".join(f"{store}\t{item}\t{units}\n" for item, _, units in counts))
        return feed, numbers


@dataclass
class Bench:
    """A database, and the files that are imported into it one after the other."""

    database: str
    folder: Path
    chain: Chain
    turn: int = 0
    peaks: list[float] = field(default_factory=list)

    def compare(self, rows: int) -> tuple[float, float]:
        """Rows per second of the hub and of the floor, for the same rows."""
        self.turn += 1
        stores = self.chain.stores_for(rows)
        feed, numbers = self.chain.write(self.folder, self.turn, stores)
        lines = stores * len(self.chain.items)
        seconds, peak = import_apart(self.database, feed, self.folder)
        floor = merge(numbers)
        self.peaks.append(peak)
        print(
            f"{lines} rows: hub {seconds:.2f} s ({lines / seconds:.0f}/s, {peak:.0f} MB), "
            f"floor {floor:.2f} s ({lines / floor:.0f}/s)"
        )
        feed.unlink()
        numbers.unlink()
        return lines / seconds, lines / floor


def main() -> None:
    """Print each run's rates, and one JSON line at the end."""
    with stock_database() as database, tempfile.TemporaryDirectory() as name:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        make_floor()
        bench = Bench(database, Path(name), Chain())
        begun = books()
        many = bench.compare(10 * ROWS)[0] if LARGE else 0.0
        bench.compare(ROWS)  # warms both up
        pairs = [bench.compare(ROWS) for _ in range(RUNS)]
        few, _ = bench.compare(ROWS // 10)
        check_books(begun)
    hub = statistics.median(rate for rate, _ in pairs)
    floor = statistics.median(rate for _, rate in pairs)
    checks = [
        Check.rate("1 M rows, 10 % changed", hub=hub, floor=floor, gate=GATE),
        Check.at_most("resident MB", measured=max(bench.peaks), wanted=MOST_MB),
        Check.rate("rows/s of 1 M beside 0.1 M", hub=hub, floor=few, gate=LINEAR),
    ]
    if LARGE:
        checks.append(Check.rate("rows/s of 10 M beside 1 M", hub=many, floor=hub, gate=LINEAR))
    report(
        "snapshot_import",
        hub=hub,
        floor=floor,
        unit="rows/s",
        checks=checks,
        rss_mb=max(bench.peaks),
    )


def import_apart(database: str, feed: Path, folder: Path) -> tuple[float, float]:
    """Seconds and peak MB of a process of its own that receives and runs the file."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.web_settings",
        "BENCH_DATABASE": database,
        "HUB_FEEDS_DIR": str(folder / "feeds"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_snapshot_import", str(feed)],
        env=env,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        timeout=LONGEST_RUN,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["peak_mb"]


def import_here(feed: Path) -> None:
    """Receive and run the file; tell how long it took and how much memory."""
    begun = time.perf_counter()
    with feed.open("rb") as content:
        file, _ = files.receive_file(
            content=iter(lambda: content.read(2**20), b""),
            name=feed.name,
            source="bench",
            as_of=clock.now() - timedelta(milliseconds=1),
            complete=True,
        )
    files.run_file(file=file)
    seconds = time.perf_counter() - begun
    if file.status != file.Status.DONE or file.lines_refused:
        sys.exit(f"the file ended {file.status}: {file.problem} {file.result}")
    print(json.dumps({"seconds": seconds, "peak_mb": own_peak_mb(), "result": file.result}))


def make_floor() -> None:
    """A table like that of the levels, with the same rows and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(_EQUAL_TABLE)
        cursor.execute(
            "INSERT INTO floor_level SELECT * FROM inventory_stocklevel ORDER BY store_id, item_id"
        )
        cursor.execute("VACUUM ANALYZE floor_level")


def merge(numbers: Path) -> float:
    """Seconds of the floor for the same rows."""
    begun = time.perf_counter()
    with connection.cursor() as cursor, numbers.open("rb") as content:
        cursor.execute("CREATE TEMP TABLE incoming (store_id bigint, item_id bigint, on_hand int)")
        with cursor.copy("COPY incoming FROM STDIN") as copy:
            while block := content.read(2**20):
                copy.write(block)
        cursor.execute(_MERGE)
        cursor.execute("DROP TABLE incoming")
    return time.perf_counter() - begun


def books() -> tuple[int, int]:
    """Units on hand everywhere, and what the ledger tells of changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(on_hand - deficit) FROM inventory_stocklevel")
        (on_hand,) = cursor.fetchone() or (0,)
        cursor.execute("SELECT coalesce(sum(on_hand_change), 0) FROM inventory_inventoryevent")
        (told,) = cursor.fetchone() or (0,)
    return int(on_hand), int(told)


def check_books(begun: tuple[int, int]) -> None:
    """The ledger tells every unit that came or went, and levels and floor agree."""
    on_hand, told = books()
    if on_hand - begun[0] != told - begun[1]:
        sys.exit(f"the books are wrong: {on_hand - begun[0]} came, {told - begun[1]} told")
    with connection.cursor() as cursor:
        cursor.execute(_APART)
        (apart,) = cursor.fetchone() or (0,)
    if apart:
        sys.exit(f"{apart} levels are not what the file said")


if __name__ == "__main__":
    if sys.argv[1:]:
        assert settings.DATABASES["default"]["NAME"].startswith("bench_")
        import_here(Path(sys.argv[1]))
    else:
        main()
