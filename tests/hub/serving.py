"""A running ``manage.py serve`` with a server of its own, and what can be seen of it."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from hub import devpg

ROOT = Path(__file__).resolve().parents[2]
# what each kind of process shows in its command line
SHOWS = {"web": "granian", "relay": "manage.py relay", "cluster": "manage.py qcluster"}


@dataclass
class Serving:
    """A running ``manage.py serve`` with an embedded server of its own."""

    process: subprocess.Popen[bytes]
    server: devpg.Server
    port: int

    def tree(self) -> dict[int, list[tuple[int, str]]]:
        """Parent pid -> (pid, command line) of all live processes."""
        found: dict[int, list[tuple[int, str]]] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_text().replace("\0", " ")
                if fields[0] != "Z":
                    found.setdefault(int(fields[1]), []).append((int(entry.name), command))
        return found

    def main(self, kind: str) -> int:
        children = self.tree().get(self.process.pid, [])
        found = [pid for pid, command in children if SHOWS[kind] in command]
        if not found:
            raise LookupError(kind)
        return found[0]

    def children(self, pid: int) -> list[int]:
        return sorted(child for child, _ in self.tree().get(pid, []))

    def workers(self) -> list[int]:
        """The workers of the cluster: the first three children of its sentinel."""
        return self.children(self.children(self.main("cluster"))[0])[:3]

    def postmaster(self) -> int:
        return int((self.server.data / "postmaster.pid").read_text().split()[0])

    def answers(self) -> bool:
        """Several requests in a row get an answer, so that every worker is likely to be asked."""
        try:
            return all(self._get("/live") for _ in range(12))
        except (OSError, http.client.HTTPException):
            return False

    def _get(self, path: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status == 200

    def beats_after(self, kind: str, moment: float) -> bool:
        """Whether a heartbeat of the kind is younger than the database's ``moment``."""
        return moment < self._number(
            f"SELECT coalesce(extract(epoch FROM max(seen_at)), 0)::float8 "
            f"FROM events_heartbeat WHERE kind = '{kind}'"
        )

    def moment(self) -> float:
        return self._number("SELECT extract(epoch FROM clock_timestamp())::float8")

    def has_database(self) -> bool:
        try:
            return self.moment() > 0
        except psycopg.OperationalError:
            return False

    def _number(self, query: str) -> float:
        with psycopg.connect(self.server.dsn(), connect_timeout=3) as connection:
            row = connection.execute(query).fetchone()
        assert row
        return float(row[0])

    def is_whole(self) -> bool:
        """Whether every kind runs, and the cluster with all its workers."""
        try:
            return all(self.main(kind) for kind in SHOWS) and len(self.workers()) == 3
        except LookupError:
            return False

    def is_well_since(self, moment: float) -> bool:
        try:
            beats = all(self.beats_after(kind, moment) for kind in ("relay", "cluster"))
        except psycopg.OperationalError:
            return False
        return beats and self.answers()


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, what
        time.sleep(0.2)
    return time.monotonic() - begun


def settle(hub: Serving) -> None:
    """Wait until all processes run and have shown so from now on."""
    wait_for(hub.is_whole, 90, "not all processes run")
    wait_for(hub.has_database, 30, "no database")
    moment = hub.moment()
    wait_for(lambda: hub.is_well_since(moment), 60, "not well")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Home:
    """A folder with a migrated embedded server that does not run, for one ``serve`` at a time."""

    server: devpg.Server
    environment: dict[str, str]

    def begin(self) -> Serving:
        """Serve from here; all processes run and work."""
        port = free_port()
        command = [sys.executable, "manage.py", "serve", "--port", str(port), "--quiet"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL
        )
        found = Serving(process, self.server, port)
        settle(found)
        return found


@contextlib.contextmanager
def home_in(var: Path) -> Iterator[Home]:
    """A home in the folder ``var``; afterwards it is empty and nothing runs there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    kept.pop("DATABASE_URL", None)
    own = {"DJANGO_SETTINGS_MODULE": "hub.settings", "HUB_DEBUG": "1", "HUB_VAR": str(var)}
    home = Home(devpg.Server(data_root=var), kept | own)
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=home.environment, check=True, timeout=180)
    devpg.stop(home.server)
    yield home
    devpg.stop(home.server)
    shutil.rmtree(home.server.home, ignore_errors=True)
    shutil.rmtree(home.server.sockets, ignore_errors=True)
