"""Processes as the operating system shows them: who belongs to whom, who stands still.

Every process the supervisor starts carries a random mark in its environment, and so do its
descendants, whatever group or session they move to. A mark identifies them beyond doubt, where
a process id may have been given to somebody else in the meantime.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

MARK = "HUB_SUPERVISED"
PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "environ").exists()


def members(mark: str) -> list[int]:
    """The live processes that carry the mark, in no order."""
    if HAS_PROC:
        needle = f"{MARK}={mark}\0".encode()
        return [pid for pid in _all_pids() if needle in _environment(pid)]
    found = subprocess.run(
        ["ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=False
    )
    lines = [line.split() for line in found.stdout.splitlines()]
    return [int(words[0]) for words in lines if f"{MARK}={mark}" in words]


def kill_all(mark: str, *, seconds: float = 5.0) -> None:
    """Nothing that carries the mark is alive; what forks meanwhile is caught as well."""
    deadline = time.monotonic() + seconds
    while (pids := members(mark)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def stopped(pids: list[int]) -> list[int]:
    """Those of the processes that somebody has suspended (SIGSTOP)."""
    return [pid for pid in pids if _stat(pid)[:1] == ["T"]]


def cpu_ticks(pids: list[int]) -> dict[int, int]:
    """Processor time each has used so far, in clock ticks (1/100 s)."""
    fields = {pid: _stat(pid) for pid in pids}
    return {pid: int(stat[11]) + int(stat[12]) for pid, stat in fields.items() if stat}


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def _environment(pid: int) -> bytes:
    try:
        return (PROC / str(pid) / "environ").read_bytes()
    except OSError:  # gone, or another user's
        return b""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state letter on; empty when gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
