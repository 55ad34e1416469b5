"""``manage.py serve`` as in real use: every process killed or frozen in turn, and back in time."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from hub import devpg
from hub.supervise import processes

ROOT = Path(__file__).resolve().parents[2]
BACK_SECONDS = 60
ROUNDS = int(os.environ.get("HUB_ROUNDS", "1"))
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


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    kept.pop("DATABASE_URL", None)
    var = tmp_path_factory.mktemp("serve") / "var"
    return kept | {
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "HUB_DEBUG": "1",
        "HUB_VAR": str(var),
    }


@pytest.fixture(scope="module")
def migrated(environment):
    """An embedded server with the schema, stopped and removed at the end."""
    server = devpg.Server(data_root=Path(environment["HUB_VAR"]))
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True, timeout=180)
    devpg.stop(server)
    yield server
    devpg.stop(server)
    shutil.rmtree(server.home, ignore_errors=True)
    shutil.rmtree(server.sockets, ignore_errors=True)


def begin(server: devpg.Server, environment: dict[str, str]) -> Serving:
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    found = Serving(process, server, port)
    settle(found)
    return found


# These two come first: they need a server that no other supervisor keeps alive.


@pytest.mark.prove
def test_a_stop_leaves_nothing_behind(migrated, environment):
    hub = begin(migrated, environment)
    pids = [hub.main(kind) for kind in SHOWS]
    begun = time.monotonic()

    hub.process.send_signal(signal.SIGINT)

    assert hub.process.wait(30) == 0
    assert time.monotonic() - begun < 15
    assert processes.cpu_ticks(pids) == {}
    assert devpg.strays(migrated) == []


@pytest.mark.prove
def test_a_killed_supervisor_leaves_nothing_behind_either(migrated, environment):
    hub = begin(migrated, environment)
    pids = [hub.main(kind) for kind in SHOWS]

    hub.process.kill()
    hub.process.wait()

    wait_for(lambda: processes.cpu_ticks(pids) == {}, 30, "a process lives on")
    wait_for(lambda: devpg.strays(migrated) == [], 30, "the database server lives on")


@pytest.fixture(scope="module")
def serving(migrated, environment):
    found = begin(migrated, environment)
    yield found
    found.process.terminate()
    found.process.wait(30)


FAULTS: dict[str, Callable[[Serving], list[int]]] = {
    "kill web": lambda hub: [hub.main("web")],
    "kill a web worker": lambda hub: hub.children(hub.main("web"))[:1],
    "kill relay": lambda hub: [hub.main("relay")],
    "kill cluster": lambda hub: [hub.main("cluster")],
    "kill the cluster's sentinel": lambda hub: hub.children(hub.main("cluster")),
    "kill one idle worker": lambda hub: hub.workers()[:1],
    "kill all idle workers": lambda hub: hub.workers(),
    "kill the database server": lambda hub: [hub.postmaster()],
    "freeze web": lambda hub: [hub.main("web")],
    "freeze a web worker": lambda hub: hub.children(hub.main("web"))[:1],
    "freeze relay": lambda hub: [hub.main("relay")],
    "freeze cluster": lambda hub: [hub.main("cluster")],
    "freeze the workers": lambda hub: hub.workers(),
    "freeze the database server": lambda hub: [hub.postmaster()],
}


@pytest.mark.prove
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_whatever_dies_or_freezes_is_back_within_a_minute(serving, round_, fault, record_property):
    settle(serving)
    moment = serving.moment()
    number = signal.SIGKILL if fault.startswith("kill") else signal.SIGSTOP
    pids = FAULTS[fault](serving)
    assert pids

    for pid in pids:
        os.kill(pid, number)
    time.sleep(0.5)

    took = wait_for(lambda: serving.is_well_since(moment + 0.5), BACK_SECONDS, fault)
    record_property("seconds", round(took, 1))
    if fault.startswith("freeze"):
        wait_for(lambda: processes.stopped(pids) == [], BACK_SECONDS, "still frozen")


@pytest.mark.prove
def test_a_database_that_is_away_for_a_while_costs_no_restarts(serving):
    settle(serving)
    before = [serving.main(kind) for kind in SHOWS]
    pid = serving.postmaster()

    for _ in range(3):
        os.kill(pid, signal.SIGKILL)
        settle(serving)
        pid = serving.postmaster()

    assert [serving.main(kind) for kind in SHOWS] == before
