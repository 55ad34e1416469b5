"""Keeping one process alive: start it, notice death and standstill, clear up, start it again."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hub.supervise import processes
from hub.supervise.output import Output

logger = logging.getLogger("hub.supervisor")

POLL_SECONDS = 0.1
LOOK_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 10.0


@dataclass(frozen=True)
class Life:
    """One run of a process: from its start to its end."""

    pid: int
    mark: str
    begun: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self.begun


class Check(Protocol):
    """Judges from outside whether a process still does its work."""

    def reset(self) -> None:
        """A new life begins: forget what was seen of the last one."""

    def complaint(self, life: Life) -> str:
        """Why the process counts as frozen, or nothing when it is well or cannot be judged."""


@dataclass(frozen=True)
class Process:
    """What to keep alive. ``may_start`` says whether a start makes sense now."""

    name: str
    argv: Sequence[str]
    check: Check | None = None
    may_start: Callable[[], bool] = lambda: True


class Keeper:
    """Two threads for one process: one starts and reaps it, the other looks at its health.

    They are apart so that a look that hangs (a dead network, a silent database) never keeps a
    dead process from being started again.
    """

    def __init__(
        self,
        process: Process,
        output: Output,
        *,
        grace: float,
        register: Callable[[str, str], None],
    ) -> None:
        self.process = process
        self.restarts = 0
        self._output = output
        self._grace = grace
        self._register = register
        self._stop = threading.Event()
        self._life: Life | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._verdict: tuple[Life, str] | None = None
        name = process.name
        self._threads = [
            threading.Thread(target=self._keep, name=f"keep-{name}", daemon=True),
            threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True),
        ]

    @property
    def pid(self) -> int | None:
        """Process id of the present life, which is also its process group."""
        return self._life.pid if self._life else None

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        """The process is told to end and will not be started again; ``join`` waits for it."""
        self._stop.set()

    def join(self) -> None:
        """The process and all its descendants are gone."""
        self._threads[0].join()

    # --- starting and reaping ---------------------------------------------------------------

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            if not self.process.may_start():
                self._stop.wait(0.5)
                continue
            life = self._begin()
            reason = self._wait(life)
            processes.kill_all(life.mark)
            self._reap()
            if self._stop.is_set():
                break
            self.restarts += 1
            pause = FIRST_PAUSE_SECONDS if life.age > STEADY_SECONDS else pause
            logger.warning("%s %s; starting it again", self.process.name, reason)
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _begin(self) -> Life:
        mark = secrets.token_hex(16)
        self._register(
            self.process.name, mark
        )  # before the start: no process is ever without a record
        child = subprocess.Popen(
            self.process.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {processes.MARK: mark},
        )
        self._output.follow(child)
        life = Life(pid=child.pid, mark=mark)
        if self.process.check:
            self.process.check.reset()
        self._child, self._life = child, life
        return life

    def _wait(self, life: Life) -> str:
        """Return when the process has ended or must be ended, with the reason."""
        child = self._child
        while child and child.poll() is None:
            if self._stop.is_set():
                self._end_gently(child)
                return "was stopped"
            if self._verdict and self._verdict[0] is life:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(life.pid, signal.SIGKILL)
                return self._verdict[1]
            time.sleep(POLL_SECONDS)
        return f"ended with status {child.returncode}" if child else "never ran"

    def _end_gently(self, child: subprocess.Popen[bytes]) -> None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(self._grace)

    def _reap(self) -> None:
        if self._child:
            self._child.wait()
        self._life = None

    # --- looking ----------------------------------------------------------------------------

    def _watch(self) -> None:
        held: set[int] = set()
        while not self._stop.wait(LOOK_SECONDS):
            life = self._life
            if life is None:
                continue
            now_held = set(processes.stopped(processes.members(life.mark)))
            verdict = "was suspended" if now_held & held else ""
            held = now_held
            if not verdict and self.process.check:
                verdict = self.process.check.complaint(life)
            self._verdict = (life, verdict) if verdict else None
