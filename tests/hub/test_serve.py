"""``manage.py serve`` as in real use: every process killed or frozen in turn, and back in time.

Rounds may run beside each other, each with a hub of its own (see ``xdist_group``).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from hub import devpg
from hub.supervise import processes
from tests.hub.serving import SHOWS, Serving, home_in, settle, wait_for

pytestmark = pytest.mark.prove

BACK_SECONDS = 60
ROUNDS = [
    pytest.param(number, marks=pytest.mark.xdist_group(f"serve-{number}"))
    for number in range(int(os.environ.get("HUB_ROUNDS", "1")))
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """For tests that need a server which no other supervisor keeps alive."""
    with home_in(tmp_path_factory.mktemp("home") / "var") as found:
        yield found


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    with home_in(tmp_path_factory.mktemp("serve") / "var") as home:
        found = home.begin()
        yield found
        found.process.terminate()
        found.process.wait(30)


@pytest.mark.xdist_group("serve-ends")
def test_a_stop_leaves_nothing_behind(home):
    hub = home.begin()
    pids = [hub.main(kind) for kind in SHOWS]
    begun = time.monotonic()

    hub.process.send_signal(signal.SIGINT)

    assert hub.process.wait(30) == 0
    assert time.monotonic() - begun < 15
    assert processes.cpu_ticks(pids) == {}
    assert devpg.strays(home.server) == []


@pytest.mark.xdist_group("serve-ends")
def test_a_killed_supervisor_leaves_nothing_behind_either(home):
    hub = home.begin()
    pids = [hub.main(kind) for kind in SHOWS]

    hub.process.kill()
    hub.process.wait()

    wait_for(lambda: processes.cpu_ticks(pids) == {}, 30, "a process lives on")
    wait_for(lambda: devpg.strays(home.server) == [], 30, "the database server lives on")


# Neighbours hit different processes: a process that dies young is started ever later.
FAULTS: dict[str, Callable[[Serving], list[int]]] = {
    "kill web": lambda hub: [hub.main("web")],
    "kill relay": lambda hub: [hub.main("relay")],
    "kill cluster": lambda hub: [hub.main("cluster")],
    "freeze web": lambda hub: [hub.main("web")],
    "freeze relay": lambda hub: [hub.main("relay")],
    "kill the cluster's sentinel": lambda hub: hub.children(hub.main("cluster")),
    "kill a web worker": lambda hub: hub.children(hub.main("web"))[:1],
    "kill one idle worker": lambda hub: hub.workers()[:1],
    "kill the database server": lambda hub: [hub.postmaster()],
    "freeze a web worker": lambda hub: hub.children(hub.main("web"))[:1],
    "kill all idle workers": lambda hub: hub.workers(),
    "freeze the database server": lambda hub: [hub.postmaster()],
    "freeze cluster": lambda hub: [hub.main("cluster")],
    "freeze the workers": lambda hub: hub.workers(),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("round_", ROUNDS)
def test_whatever_dies_or_freezes_is_back_within_a_minute(serving, round_, fault, record_property):
    wait_for(serving.is_whole, BACK_SECONDS, "not all processes run")  # and the last test saw beats
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


@pytest.mark.xdist_group("serve-0")
def test_a_database_that_is_away_for_a_while_costs_no_restarts(serving):
    settle(serving)
    before = [serving.main(kind) for kind in SHOWS]
    pid = serving.postmaster()

    for _ in range(3):
        os.kill(pid, signal.SIGKILL)
        settle(serving)
        pid = serving.postmaster()

    assert [serving.main(kind) for kind in SHOWS] == before
