"""The supervisor, with real processes that die, freeze, linger and leave children behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.startup import StartError
from hub.supervise import keeper as keeping
from hub.supervise import leftovers, processes
from hub.supervise.keeper import Life, Process
from hub.supervise.output import Output
from hub.supervisor import Supervisor, check_port

ROOT = Path(__file__).resolve().parents[2]
# a process with a child in its group and another that has moved to a session of its own
FAMILY = """
import os, subprocess, sys, time
sleep = [sys.executable, "-S", "-c", "import time; time.sleep(120)"]
subprocess.Popen(sleep)
subprocess.Popen(sleep, start_new_session=True)
print("ready", flush=True)
time.sleep(120)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)"
POLITE = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path({path!r}).write_text("ended in order")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(120)
"""
SERVE = """
import django, sys, time
django.setup()
from hub.supervise.keeper import Process
from hub.supervisor import Supervisor
family = Process("family", [sys.executable, "-S", "-c", {family!r}])
supervisor = Supervisor(port=8149, quiet=True, processes=[family])
supervisor.start()
while not supervisor.keepers["family"].pid:
    time.sleep(0.02)
print(supervisor.keepers["family"]._life.mark, supervisor._note._guard.pid, flush=True)
time.sleep(120)
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-S", "-c", script]


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def supervise(settings, tmp_path, monkeypatch):
    """Start a supervisor over given processes; all is stopped at the end."""
    settings.ENV = dataclasses.replace(settings.ENV, var_dir=tmp_path)
    settings.EMBEDDED_POSTGRES = None
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.1)
    running = []

    def start(*children: Process, **options) -> Supervisor:
        options = {"port": 8148, "quiet": True, "grace": 1.0} | options
        supervisor = Supervisor(processes=list(children), **options)
        supervisor.start()
        running.append(supervisor)
        return supervisor

    yield start
    for supervisor in running:
        supervisor.stop()


def life_of(supervisor: Supervisor, name: str) -> Life:
    eventually(lambda: supervisor.keepers[name]._life)
    life = supervisor.keepers[name]._life
    assert life
    return life


def family_of(supervisor: Supervisor) -> Life:
    life = life_of(supervisor, "family")
    eventually(lambda: len(processes.members(life.mark)) == 3)
    return life


def test_a_killed_process_comes_back_and_its_orphans_go(supervise):
    supervisor = supervise(Process("family", python(FAMILY)))
    first = family_of(supervisor)

    os.kill(first.pid, signal.SIGKILL)

    eventually(lambda: supervisor.keepers["family"].pid not in (None, first.pid))
    assert processes.members(first.mark) == []
    assert len(processes.members(family_of(supervisor).mark)) == 3


def test_a_suspended_child_costs_the_whole_group_its_life(supervise):
    supervisor = supervise(Process("family", python(FAMILY)))
    first = family_of(supervisor)
    child = next(pid for pid in processes.members(first.mark) if pid != first.pid)

    os.kill(child, signal.SIGSTOP)

    eventually(lambda: supervisor.keepers["family"].pid not in (None, first.pid))
    assert processes.members(first.mark) == []


class Complains:
    """Finds its first process frozen, and every later one well."""

    def __init__(self) -> None:
        self.lives = 0

    def reset(self) -> None:
        self.lives += 1

    def complaint(self, life: Life) -> str:
        return "looked asleep" if self.lives == 1 else ""


def test_a_process_its_check_finds_frozen_is_replaced_once(supervise):
    check = Complains()
    supervisor = supervise(Process("family", python(FAMILY), check))

    eventually(lambda: check.lives == 2)

    second = family_of(supervisor)
    time.sleep(0.5)
    assert supervisor.keepers["family"].pid == second.pid


def test_a_process_that_dies_at_once_is_tried_again_ever_more_slowly(supervise):
    supervisor = supervise(Process("broken", python("raise SystemExit(3)")))

    time.sleep(3)

    assert 2 <= supervisor.keepers["broken"].restarts <= 5


def test_a_process_waits_until_it_may_start(supervise, tmp_path):
    gate = tmp_path / "gate"
    supervisor = supervise(Process("family", python(FAMILY), may_start=gate.exists))
    time.sleep(0.3)
    assert supervisor.keepers["family"].pid is None

    gate.touch()

    assert family_of(supervisor)


def test_stopping_asks_first(supervise, tmp_path):
    note = tmp_path / "note"
    supervisor = supervise(Process("polite", python(POLITE.format(path=str(note)))), grace=10)
    log = tmp_path / "log" / "polite.log"
    eventually(lambda: log.exists() and "ready" in log.read_text())

    supervisor.stop()

    assert note.read_text() == "ended in order"


def test_stopping_ends_even_those_who_do_not_listen(supervise):
    supervisor = supervise(Process("stubborn", python(STUBBORN)), Process("family", python(FAMILY)))
    lives = [life_of(supervisor, "stubborn"), family_of(supervisor)]
    begun = time.monotonic()

    supervisor.stop()

    assert [processes.members(life.mark) for life in lives] == [[], []]
    assert time.monotonic() - begun < 5


@pytest.fixture
def orphaned(tmp_path):
    """Another process with a supervisor inside: (process, mark of its family, pid of guard)."""
    env = os.environ | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "HUB_DEBUG": "1",
        "HUB_VAR": str(tmp_path),
    }
    script = SERVE.format(family=FAMILY)
    command = [sys.executable, "-c", script]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env)
    assert child.stdout
    mark, guard = child.stdout.readline().split()
    eventually(lambda: len(processes.members(mark)) == 3)
    yield child, mark, int(guard)
    child.kill()
    child.wait()
    child.stdout.close()
    processes.kill_all(mark)


def test_nothing_outlives_a_killed_supervisor(orphaned, tmp_path):
    child, mark, _ = orphaned

    child.kill()

    eventually(lambda: processes.members(mark) == [])
    eventually(lambda: not (tmp_path / "run" / "serve-8149.json").exists())


def test_the_next_start_clears_up_when_the_guard_was_killed_too(orphaned, supervise):
    child, mark, guard = orphaned
    os.kill(guard, signal.SIGKILL)
    child.kill()
    child.wait()
    assert len(processes.members(mark)) == 3

    supervise()

    assert processes.members(mark) == []


def test_a_killed_guard_is_replaced(supervise):
    supervisor = supervise()
    guard = supervisor._note._guard.pid

    os.kill(guard, signal.SIGKILL)

    eventually(lambda: supervisor._note._guard.pid != guard)


def test_a_second_supervisor_does_not_disturb_the_first(supervise):
    first = supervise(Process("family", python(FAMILY)))
    life = family_of(first)

    with pytest.raises(StartError, match="already serves port 8148"):
        supervise(Process("family", python(FAMILY)))
    other = supervise(Process("family", python(FAMILY)), port=8147)

    assert family_of(other).pid != life.pid
    assert len(processes.members(life.mark)) == 3


def test_a_taken_port_is_refused_before_anything_starts(supervise, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(StartError, match=f"cannot listen on 127.0.0.1:{port}"):
            supervise(Process("web", python(FAMILY)), port=port)

    assert not (tmp_path / "run").exists()
    check_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 0, 70_000])
def test_an_impossible_port_is_refused_in_a_sentence(port):
    with pytest.raises(StartError, match="cannot listen"):
        check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_refused_in_a_sentence():
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1:8146"):
        check_port("192.0.2.1", 8146)


def test_what_a_process_prints_is_kept_and_its_log_stays_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("hub.supervise.output.MAX_BYTES", 1000)
    output = Output(tmp_path / "log" / "chatty.log", echo=False)
    script = "for n in range(100): print('line', n, '.' * 30)"
    child = subprocess.Popen(python(script), stdout=subprocess.PIPE)

    output.follow(child)

    eventually(lambda: output.path.exists() and "line 99" in output.path.read_text())
    child.wait()
    assert output.path.stat().st_size < 1100
    assert output.path.with_suffix(".old").exists()


def test_a_broken_note_does_not_stop_a_start(supervise, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "serve-8148.json").write_text("{half")

    supervisor = supervise(Process("family", python(FAMILY)))

    assert family_of(supervisor)


def test_the_note_names_only_the_present_life_of_each_process(tmp_path):
    note = leftovers.Note(tmp_path / "serve-1.json")
    assert note.open()

    note.set_mark("web", "first")
    note.set_mark("web", "second")

    assert "second" in note.path.read_text()
    assert "first" not in note.path.read_text()
    note.close()
    assert not note.path.exists()
