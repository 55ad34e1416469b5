"""What a supervisor leaves behind when it is killed, and how that is cleared away.

While it runs, a supervisor holds a lock and keeps a note of the marks of its processes. A small
guard waits on a pipe that only the supervisor's death can close, and then runs this module; if
the guard died too, the next supervisor does the same at its start.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hub import devpg
from hub.supervise import processes

# reads until end of file, which comes when the last holder of the writing end is gone
GUARD = 'while read -r line; do :; done; exec "$0" -m hub.supervise.leftovers "$1"'
BASE_DIR = Path(__file__).resolve().parents[2]


class Note:
    """The note of one running supervisor; dropped at a clean end."""

    def __init__(self, path: Path, *, server: devpg.Server | None = None) -> None:
        self.path = path
        self._server = server
        self._marks: dict[str, str] = {}
        self._owns_server = False
        self._writing = threading.Lock()
        self._lock: IO[str] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def open(self) -> bool:
        """Take the lock, clear what dead supervisors left and set up the guard.

        False when another supervisor holds the note.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock_of(self.path).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        owned = [clear(self.path), *clear_others(self.path)]
        self._owns_server = self._server in owned and self._server is not None
        self._write()
        self.watch_guard()
        return True

    def watch_guard(self) -> None:
        """A guard is alive; a killed one is replaced."""
        if self._guard and self._guard.poll() is None:
            return
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, sys.executable, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=BASE_DIR,
        )

    def set_mark(self, name: str, mark: str) -> None:
        """Remember the mark of a process that is about to start."""
        with self._writing:
            self._marks[name] = mark
            self._write()

    @property
    def owns_server(self) -> bool:
        """Whether the embedded server was started by this supervisor or one it succeeds."""
        return self._owns_server

    def own_server(self) -> None:
        """Remember that the embedded server is ours to stop."""
        with self._writing:
            self._owns_server = True
            self._write()

    def close(self) -> None:
        """Everything ended well: no note, no guard, no lock."""
        self.path.unlink(missing_ok=True)
        if self._guard:
            self._guard.kill()
            self._guard.wait()
            if self._guard.stdin:
                self._guard.stdin.close()
        if self._lock:
            self._lock.close()

    def _write(self) -> None:
        content: dict[str, object] = {"marks": list(self._marks.values())}
        if self._owns_server and self._server:
            server = self._server
            content["server"] = [str(server.data_root), server.name, server.fast]
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(content))
        fresh.replace(self.path)


def clear(path: Path) -> devpg.Server | None:
    """Processes in the note, and the note, are gone; returns the server that was its own."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    for mark in content["marks"]:
        processes.kill_all(mark)
    path.unlink(missing_ok=True)
    if "server" not in content:
        return None
    root, name, fast = content["server"]
    return devpg.Server(Path(root), name, fast)


def clear_others(mine: Path) -> list[devpg.Server | None]:
    """Clear after every dead supervisor with a note beside mine; returns their servers."""
    found = []
    for path in mine.parent.glob("serve-*.json"):
        with _free_lock(path) as free:
            if free:
                found.append(clear(path))
    return found


@contextlib.contextmanager
def _free_lock(path: Path) -> Iterator[bool]:
    with _lock_of(path).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def main(path: Path) -> None:
    """The guard's second half: nobody holds the note any more, so clear it, server included."""
    with _free_lock(path) as free:
        server = clear(path) if free else None
    if server:
        devpg.stop(server)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
