"""What counts as frozen, and above all what does not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from django.db import OperationalError
from django_q.models import OrmQ

from hub.events import health
from hub.supervise import checks, processes
from hub.supervise.checks import ClusterCheck, RelayCheck, WebCheck
from hub.supervise.keeper import Life

OLD = 3600.0


@pytest.fixture
def life():
    """A process that has lived for an hour: this one."""
    return Life(pid=os.getpid(), mark="none", begun=time.monotonic() - OLD)


def beat_of(life: Life) -> str:
    return f"{socket.gethostname()}:{life.pid}"


# --- web ------------------------------------------------------------------------------------


class Listener:
    """A server that answers each connection as the list says: True answers, False keeps quiet."""

    def __init__(self, answers: list[bool]) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._answers = answers
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for answers in self._answers:
            client, _ = self.socket.accept()
            self._open.append(client)
            if answers:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def close(self) -> None:
        for client in [*self._open, self.socket]:
            client.close()


def web_complaints(monkeypatch, life: Life, answers: list[bool]) -> list[bool]:
    monkeypatch.setattr(checks, "PROBE_SECONDS", 0.2)
    listener = Listener(answers)
    check = WebCheck(host="127.0.0.1", port=listener.port, name="hub.example.com")
    try:
        return [bool(check.complaint(life)) for _ in answers]
    finally:
        listener.close()


def test_a_web_server_that_accepts_and_never_answers_is_frozen(monkeypatch, life):
    assert web_complaints(monkeypatch, life, [True, False, False, False])[-1]


def test_one_slow_answer_is_forgiven(monkeypatch, life):
    assert not any(web_complaints(monkeypatch, life, [True, False, True, False, True, True]))


def test_one_frozen_worker_of_two_is_found_by_its_share_of_failures(monkeypatch, life):
    assert web_complaints(monkeypatch, life, [True, False] * 5)[-1]


def test_a_web_server_that_still_starts_is_given_time(monkeypatch):
    young = Life(pid=1, mark="none")

    assert not any(web_complaints(monkeypatch, young, [False] * 4))


# --- relay ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_relay_that_beats_is_well(life):
    health.beat("relay", beat_of(life))

    assert RelayCheck().complaint(life) == ""


@pytest.mark.django_db
def test_a_relay_that_never_beats_is_frozen_even_when_another_one_works(life):
    health.beat("relay", "elsewhere:1")

    assert RelayCheck().complaint(life) == "gave no sign of life"


@pytest.mark.django_db
def test_a_young_relay_is_given_time():
    assert RelayCheck().complaint(Life(pid=1, mark="none")) == ""


def test_after_an_outage_of_the_database_old_signs_are_no_reason(life, monkeypatch):
    def away(*_: object) -> float:
        raise OperationalError("the server is gone")

    check = RelayCheck()
    monkeypatch.setattr(health, "oldest_due_seconds", lambda: 0.0)
    monkeypatch.setattr(checks, "seconds_since_beat_of", away)
    assert check.complaint(life) == ""

    monkeypatch.setattr(checks, "seconds_since_beat_of", lambda kind, instance: OLD)
    assert check.complaint(life) == ""

    monkeypatch.setattr(checks, "RELAY_SILENT_SECONDS", 0.0)
    assert check.complaint(life) == "gave no sign of life"


def relay_with_waits(monkeypatch, life: Life, waits: list[float]) -> list[str]:
    """Complaints of looks that are ten seconds apart and find the oldest row this old."""
    now, due = iter(range(0, 10_000, 10)), iter(waits)
    monkeypatch.setattr(checks, "seconds_since_beat_of", lambda kind, instance: 0.0)
    monkeypatch.setattr(health, "oldest_due_seconds", lambda: next(due))
    check = RelayCheck()
    monkeypatch.setattr(check, "observed", lambda life: OLD)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    return [check.complaint(life) for _ in waits]


def test_work_that_only_grows_older_means_a_relay_that_is_stuck(monkeypatch, life):
    waits = [float(seconds) for seconds in range(10, 80, 10)]

    assert relay_with_waits(monkeypatch, life, waits)[-1] == "left work waiting for 70 s"


def test_a_long_queue_that_moves_is_no_reason(monkeypatch, life):
    assert not any(relay_with_waits(monkeypatch, life, [90, 95, 97, 99, 104, 106, 108, 111]))


# --- cluster --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_cluster_that_ran_a_canary_lately_is_well(life):
    health.beat("cluster", "any")

    assert ClusterCheck(workers=3).complaint(life) == ""


@pytest.mark.django_db
def test_a_cluster_that_runs_no_canary_is_frozen(life):
    assert ClusterCheck(workers=3).complaint(life) == "runs no tasks"


@pytest.mark.django_db
def test_canaries_do_not_pile_up(life):
    check = ClusterCheck(workers=3)

    for _ in range(5):
        check.complaint(life)

    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("busy", "complaint"), [(5, ""), (2, "runs no tasks")])
def test_only_when_all_workers_are_at_work_may_a_canary_wait(busy, complaint, life):
    env = os.environ | {processes.MARK: "busy-cluster"}
    spin = [sys.executable, "-S", "-c", "while True: pass"]
    children = [subprocess.Popen(spin, env=env) for _ in range(busy)]
    check = ClusterCheck(workers=3)
    marked = Life(pid=life.pid, mark="busy-cluster", begun=life.begun)
    try:
        check.complaint(marked)
        time.sleep(0.5)

        assert check.complaint(marked) == complaint
    finally:
        for child in children:
            child.kill()
            child.wait()
