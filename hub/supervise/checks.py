"""Signs that a process which lives does not work. Each check judges one process from outside.

A check that cannot see (the database is away) never complains, and after the sight comes back it
waits as long as a healthy process needs to give a sign again: an outage of the database must not
end in a round of restarts.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections import deque
from contextlib import suppress

from django.db import Error, connection
from django_q.tasks import async_task

from hub.events import health
from hub.supervise import processes
from hub.supervise.keeper import Life

PROBE_SECONDS = 3.0
START_SECONDS = 30.0
FAILURES_IN_A_ROW = 3
FAILURES_AMONG_TEN = 5
RELAY_SILENT_SECONDS = 18.0
CLUSTER_SILENT_SECONDS = 22.0
CANARY_SECONDS = 5.0
CANARY_LOST_SECONDS = 12.0
BUSY_WINDOW_SECONDS = 16.0
STUCK_SECONDS = 30.0
STUCK_AGAIN_SECONDS = 300.0


def web_answers(host: str, port: int, name: str) -> bool:
    """Whether ``GET /live`` brings any complete answer within PROBE_SECONDS."""
    probe = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        probe.request("GET", "/live", headers={"Host": name})
        probe.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        probe.close()
    return True


class WebCheck:
    """The web server answers. One of several workers may be the one that hangs, so what counts
    is not only a row of failures but also their share."""

    def __init__(self, *, host: str, port: int, name: str) -> None:
        self._address = (host, port, name)
        self._seen: deque[bool] = deque(maxlen=10)
        self._answered = False

    def reset(self) -> None:
        self._seen.clear()
        self._answered = False

    def complaint(self, life: Life) -> str:
        answered = web_answers(*self._address)
        self._answered = self._answered or answered
        if not self._answered and life.age < START_SECONDS:
            return ""
        self._seen.append(answered)
        recent = list(self._seen)
        row = recent[-FAILURES_IN_A_ROW:]
        all_failed = len(row) == FAILURES_IN_A_ROW and not any(row)
        if all_failed or recent.count(False) >= FAILURES_AMONG_TEN:
            return f"left {recent.count(False)} of {len(recent)} probes without an answer"
        return ""


class DatabaseCheck:
    """Base of the checks that read signs of life from the database."""

    def __init__(self) -> None:
        self._blind_until = 0.0

    def reset(self) -> None:
        """A new life begins."""

    def complaint(self, life: Life) -> str:
        try:
            return self.judge(life)
        except Error:
            with suppress(Error):
                connection.close()
            self._blind_until = time.monotonic()
            return ""

    def judge(self, life: Life) -> str:
        """Like ``complaint``; may raise any database error."""
        raise NotImplementedError

    def observed(self, life: Life) -> float:
        """For how many seconds a sign of this life could have been seen without a break."""
        return min(life.age, time.monotonic() - self._blind_until)


class RelayCheck(DatabaseCheck):
    """The relay beats, and the oldest due work does not just grow older."""

    def __init__(self) -> None:
        super().__init__()
        self._due_before: tuple[float, float] | None = None
        self._stuck_since: float | None = None
        self._patience = STUCK_SECONDS

    def reset(self) -> None:
        self._due_before = self._stuck_since = None

    def judge(self, life: Life) -> str:
        silent = seconds_since_beat_of("relay", f"{socket.gethostname()}:{life.pid}")
        waited = health.oldest_due_seconds()
        if self.observed(life) > RELAY_SILENT_SECONDS and silent > RELAY_SILENT_SECONDS:
            return "gave no sign of life"
        if self._is_stuck(waited) and self.observed(life) > self._patience:
            # if a restart did not help, more of them will not either: try again ever later
            self._patience = min(self._patience * 2, STUCK_AGAIN_SECONDS)
            return f"left work waiting for {waited:.0f} s"
        return ""

    def _is_stuck(self, waited: float) -> bool:
        """Whether the very same row has been the oldest for long: its age grows with the clock.

        A long queue that moves is no reason to restart; there the oldest row changes.
        """
        now = time.monotonic()
        before, self._due_before = self._due_before, (now, waited)
        grew = before is not None and waited - before[1] > 0.9 * (now - before[0])
        if not grew or waited < STUCK_SECONDS:
            self._stuck_since = None
            if waited == 0:
                self._patience = STUCK_SECONDS
            return False
        self._stuck_since = self._stuck_since or now
        return now - self._stuck_since > STUCK_SECONDS / 2


class ClusterCheck(DatabaseCheck):
    """The cluster runs a canary task every few seconds, unless all its workers are at work.

    A cluster may look healthy and yet take no task for ever: a worker that was killed while it
    waited keeps the lock of the queue in memory. Then the helpers tick on and the workers do not.
    """

    def __init__(self, *, workers: int) -> None:
        super().__init__()
        self._workers = workers
        self._asked = 0.0
        self._waiting = False
        self._ticks: list[tuple[float, dict[int, int]]] = []

    def reset(self) -> None:
        self._waiting = False
        self._ticks.clear()

    def judge(self, life: Life) -> str:
        age = health.seconds_since_beat("cluster")
        silent = float("inf") if age is None else age
        self._send_canary(silent)
        at_work = self._at_work(life)
        if min(self.observed(life), silent) <= CLUSTER_SILENT_SECONDS or at_work:
            return ""
        return "runs no tasks"

    def _send_canary(self, silent: float) -> None:
        """Queue a canary when the last one was run, or must be thought lost."""
        since = time.monotonic() - self._asked
        answered = silent < since
        wait = CANARY_SECONDS if answered or not self._waiting else CANARY_LOST_SECONDS
        if since >= wait:
            async_task("hub.events.tasks.canary", task_name="canary", save=False)
            self._asked, self._waiting = time.monotonic(), True

    def _at_work(self, life: Life) -> bool:
        """Whether as many processes used the processor lately as all workers and a helper make."""
        now = time.monotonic()
        recent = [entry for entry in self._ticks if now - entry[0] < BUSY_WINDOW_SECONDS]
        self._ticks = [*recent, (now, processes.cpu_ticks(processes.members(life.mark)))]
        before, after = self._ticks[0][1], self._ticks[-1][1]
        moved = [pid for pid, ticks in after.items() if ticks > before.get(pid, ticks)]
        return len(moved) > self._workers


def seconds_since_beat_of(kind: str, instance: str) -> float:
    """Age of one process's heartbeat; infinite when it has not given one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM statement_timestamp() - seen_at)::float8 "
            "FROM events_heartbeat WHERE kind = %s AND instance = %s",
            [kind, instance],
        )
        row = cursor.fetchone()
    return float(row[0]) if row else float("inf")
