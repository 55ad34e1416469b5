"""What the supervised processes print: into a log file that cannot grow for ever, and on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

MAX_BYTES = 20 * 1024 * 1024
MAX_LINE_BYTES = 65_536


class Output:
    """The log of one process through all its lives; the previous file is kept as ``.old``."""

    def __init__(self, path: Path, *, echo: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._echo = echo

    def follow(self, child: subprocess.Popen[bytes]) -> None:
        """Copy what the child prints, until it and all who share its output have ended."""
        if child.stdout:
            threading.Thread(target=self._copy, args=(child.stdout,), daemon=True).start()

    def _copy(self, source: IO[bytes]) -> None:
        with source:
            while line := source.readline(MAX_LINE_BYTES):
                # a full disk or a closed terminal must not block the child on its pipe
                with contextlib.suppress(OSError, ValueError):
                    self._write(line)

    def _write(self, line: bytes) -> None:
        if self._echo:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
        if self.path.exists() and self.path.stat().st_size > MAX_BYTES:
            self.path.replace(self.path.with_suffix(".old"))
        with self.path.open("ab") as log:
            log.write(line)
