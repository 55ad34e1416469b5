"""The processes of an embedded PostgreSQL, found by the folder they work in, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

CAN_SEE = Path("/proc/self/exe").exists()


def of(data: Path) -> list[int]:
    """Live PostgreSQL processes whose working folder is this cluster's data (Linux only)."""
    places = {str(data), f"{data} (deleted)"}
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = (entry / "exe").readlink().name.removesuffix(" (deleted)")
            if program == "postgres" and str((entry / "cwd").readlink()) in places:
                found.append(int(entry.name))
    return found


def title(pid: int) -> str:
    """What a process says that it does, such as ``postgres: checkpointer``; empty: it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def clear_away(data: Path, sockets: Path) -> None:
    """End what still holds a cluster that does not answer, and drop pid files that lie.

    A dead or recycled pid in them (a reboot, a container, a zombie that nobody reaps) would
    make PostgreSQL refuse to start although nothing runs.
    """
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError):
        postmaster = int(pid_file.read_text().split()[0])
        if postmaster in of(data):  # alive, but its socket is gone: let it end in order
            _signal_until_gone(data, [postmaster], signal.SIGINT, seconds=3)
    _signal_until_gone(data, of(data), signal.SIGKILL, seconds=5)
    if CAN_SEE:
        pid_file.unlink(missing_ok=True)
        (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _signal_until_gone(
    data: Path, pids: list[int], number: signal.Signals, *, seconds: float
) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while of(data) and time.monotonic() < deadline:
        time.sleep(0.02)
