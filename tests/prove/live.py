"""A whole hub of its own for a chaos run: own data, own port, real processes that can be killed."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from hub import devpg

ROOT = Path(__file__).resolve().parents[2]
STORES, INVOICES, LINES = 20, 120, 3
DAY = "2024-06-03"
WEBHOOKS = "webhooks_webhookcall"
STATES = ["AL", "AR", "TX", "NY", "CA"]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_files(folder: Path, *, seed: int) -> tuple[Path, Path]:
    """A small chain and one day of its invoices, in the shape of the real files."""
    chance = random.Random(seed)
    stores, lines = folder / "stores.csv", folder / "lines.csv.gz"
    with stores.open("w", newline="") as file:
        writer = csv.writer(file)
        columns = "store_code street city state postal_code latitude longitude"
        writer.writerow(columns.split())
        for number in range(STORES):
            place = [30 + chance.random() * 10, -100 + chance.random() * 20]
            writer.writerow(
                [number, "1 Main St", f"Town {number}", STATES[number % 5], "1", *place]
            )
    with gzip.open(lines, "wt", newline="") as file:
        writer = csv.writer(file)
        columns = "invoice stock_code description quantity invoiced_at unit_price_gbp customer_id"
        writer.writerow(columns.split())
        for number in range(INVOICES):
            for _ in range(LINES):
                code = 10_000 + chance.randrange(60)
                quantity, customer = chance.randrange(1, 9), chance.randrange(80)
                row = [500_000 + number, code, f"THING {code}", quantity]
                writer.writerow([*row, f"{DAY} 09:00:00", "1.25", customer])
    return stores, lines


@dataclass
class LiveHub:
    """``manage.py serve`` in an environment of its own; ``stop`` leaves nothing behind."""

    var: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = os.environ | {
            "HUB_DEBUG": "1",
            "HUB_VAR": str(self.var),
            "HUB_PUBLIC_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "hub.settings",
        }
        self.env.pop("DATABASE_URL", None)
        self.server = devpg.Server(data_root=self.var)

    def start(self) -> None:
        """The schema is current and the processes run."""
        self.manage("migrate", "--verbosity", "0")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(self.port), "--quiet"],
            cwd=ROOT,
            env=self.env,
        )
        self.until(lambda: self.pids("web") and self.pids("relay") and self.pids("cluster"), 60)

    def stop(self) -> None:
        """Everything has ended and its data is gone."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        devpg.stop(self.server)
        shutil.rmtree(self.server.home, ignore_errors=True)

    def manage(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end; its output is kept."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.env,
            check=True,
            text=True,
            capture_output=True,
            timeout=300,
            **options,
        )

    def replay(self, stores: Path, lines: Path) -> subprocess.Popen[str]:
        """Begin a replay against this hub; its report goes to standard output."""
        words = ["replay_orders", str(lines), "--stores", str(stores), "--day", DAY, "--json"]
        return subprocess.Popen(
            [sys.executable, "manage.py", *words, "--url", self.url],
            cwd=ROOT,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def invariants(self) -> dict[str, Any]:
        """What ``check_invariants --json`` says."""
        words = [sys.executable, "manage.py", "check_invariants", "--json"]
        done = subprocess.run(
            words, cwd=ROOT, env=self.env, text=True, capture_output=True, check=False, timeout=120
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query, on a connection of its own."""
        with psycopg.connect(self.server.dsn(), connect_timeout=5) as connection:
            return connection.execute(query).fetchall()

    def let_webhooks_fall_due(self) -> None:
        """Each webhook call that waits for its next try may make it now, as time would let it."""
        with psycopg.connect(self.server.dsn(), connect_timeout=5) as connection:
            connection.execute(
                f"UPDATE {WEBHOOKS} SET due_at = statement_timestamp() WHERE state = 'pending'"
            )

    def waiting_webhooks(self) -> int:
        """How many webhook calls are neither done nor parked."""
        return self.sql(f"SELECT count(*) FROM {WEBHOOKS} WHERE state = 'pending'")[0][0]

    def count(self, table: str) -> int:
        """Rows of a table; 0 while the server is down."""
        try:
            return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])
        except psycopg.Error:
            return 0

    def until(self, condition: Any, seconds: float) -> None:
        """Wait for a condition, at most so long."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.1)

    # --- what can be killed ------------------------------------------------------------------

    def pids(self, kind: str) -> list[int]:
        """The processes of a kind, the one that started first at the front."""
        if kind == "postgres":
            return self._postgres()
        marks = {"web": "granian", "relay": "relay", "cluster": "qcluster"}
        return sorted(pid for pid in self._descendants() if marks[kind] in command_of(pid))

    def kill(self, kind: str, chance: random.Random) -> str:
        """SIGKILL one process of a kind, any of them; says which, or that there was none."""
        pids = self.pids(kind)
        if not pids:
            return f"no {kind}"
        pid = chance.choice(pids)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return f"{kind} {pid} had just gone"
        return f"{kind} {pids.index(pid) + 1} of {len(pids)}"

    def _descendants(self) -> list[int]:
        assert self.process
        found, frontier = [], [self.process.pid]
        parents = parents_of_all()
        while frontier:
            children = [pid for pid, parent in parents.items() if parent in frontier]
            found += children
            frontier = children
        return found

    def _postgres(self) -> list[int]:
        try:
            leader = int((self.server.data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return []
        return [leader, *(pid for pid, parent in parents_of_all().items() if parent == leader)]


def command_of(pid: int) -> str:
    """A process's command line, or nothing when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def parents_of_all() -> dict[int, int]:
    """Every process of the machine with its parent."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents
