"""The drop folder: files that others put into a folder of their layout are taken from there.

``DROP_DIR/<code of the layout>/`` is where they come; the hub moves each into a folder of its own
while it reads it, and then into ``taken/`` or, beside a sentence that says why, ``refused/``. All
moves are atomic renames, and a file received twice is received once: whatever the moment at which
a run ends, the next one neither loses nor doubles a file. Names are only data.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from hub import clock
from hub.errors import HubError, Invalid
from inventory.feeds.errors import FeedsUnwritable
from inventory.models import FeedLayout, StockFile
from inventory.services.files import queue_file, receive_file

logger = logging.getLogger("hub.inventory")

SENDER = "drop folder"
TAKING, TAKEN, REFUSED = ".taking", "taken", "refused"
UNFINISHED = (".tmp", ".part", ".filepart", ".crdownload", ".swp")
QUIET_SECONDS = 10  # a file that changed later may still be written
MOST_FILES = 500  # of a layout in one run
KEPT_DAYS = 30
READ_BYTES = 1 << 20
LONGEST_NAME = 80
_ODD = re.compile(r"[^A-Za-z0-9._-]")
_ID_LENGTH = 30


def take_dropped_files() -> int:
    """Receive what was dropped and is complete, and let it run; returns how many were new.

    Makes the folders of active layouts. A folder that cannot be read or written is logged and
    left out. A file that was taken but whose run was refused moves to ``refused/``.
    """
    new = 0
    for layout in FeedLayout.objects.filter(active=True):
        box = DropBox(settings.DROP_DIR / layout.code, layout)
        try:
            new += box.empty()
        except OSError as error:
            logger.error("drop folder %s: %s", error.filename or box.folder, error.strerror)
    return new


class DropBox:
    """The drop folder of one layout."""

    def __init__(self, folder: Path, layout: FeedLayout) -> None:
        self.folder = folder
        self.layout = layout

    def empty(self) -> int:
        """Take everything that is complete; returns how many files were new."""
        for name in (TAKING, TAKEN, REFUSED):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for entry in _waiting(self.folder):
            self._claim(entry)
        # what an earlier run began is there too
        claimed = sorted(_files(self.folder / TAKING), key=lambda entry: entry.name)
        new = sum(self._receive(Path(entry.path)) for entry in claimed[:MOST_FILES])
        self._tidy()
        return new

    def _claim(self, entry: os.DirEntry[str]) -> None:
        """Move a complete file where nobody else writes; one of that name may be there already."""
        mine = self.folder / TAKING / entry.name
        try:
            if not mine.exists():
                os.rename(entry.path, mine)
        except FileNotFoundError:
            return  # its owner, or another run, was faster

    def _receive(self, path: Path) -> bool:
        """Receive one file and put it away; whether it was new."""
        try:
            with _opened(path) as file:
                before = os.fstat(file.fileno())
                received, is_new = self._received(path, file, before)
                if not _is_same(before, os.fstat(file.fileno())):
                    return is_new  # it was still written: the next run takes the rest
        except FileNotFoundError:
            return False  # another run was faster
        except FeedsUnwritable:
            raise
        except HubError as error:
            name = f"{clock.now():%Y%m%dT%H%M%S}-{_safe(path.name)}"
            self._refuse(path, name, f"{error.code}: {error.detail}")
            return False
        if is_new:
            queue_file(file=received)
        _put(path, self.folder / TAKEN / f"{received.public_id}-{_safe(path.name)}")
        return is_new

    def _received(
        self, path: Path, file: BinaryIO, found: os.stat_result
    ) -> tuple[StockFile, bool]:
        if not found.st_size:
            raise Invalid("the file is empty")
        return receive_file(
            content=_blocks(file),
            name=_shown(path.name),
            source=self.layout.source,
            as_of=datetime.fromtimestamp(found.st_mtime, UTC),
            layout=self.layout,
            by=SENDER,
        )

    def _refuse(self, path: Path, name: str, problem: str) -> None:
        """Put the file where refused ones are, with a sentence beside it."""
        (self.folder / REFUSED / f"{name}.problem.txt").write_text(f"{problem}\n")
        _put(path, self.folder / REFUSED / name)

    def _tidy(self) -> None:
        """Refused files go where they are looked for; what is old is deleted."""
        oldest = time.time() - KEPT_DAYS * 86_400
        for entry in [*_files(self.folder / TAKEN), *_files(self.folder / REFUSED)]:
            about = _stat_of(entry)
            # a rename counts: the days begin when the file was put there
            if about and about.st_ctime < oldest:
                Path(entry.path).unlink(missing_ok=True)
        taken = list(_files(self.folder / TAKEN))
        refused = StockFile.objects.filter(
            public_id__in={_id_in(entry.name) for entry in taken}, status=StockFile.Status.REFUSED
        )
        problems = {file.public_id: f"{file.problem_code}: {file.problem}" for file in refused}
        for entry in taken:
            if problem := problems.get(_id_in(entry.name)):
                self._refuse(Path(entry.path), entry.name, problem)


def _waiting(folder: Path) -> list[os.DirEntry[str]]:
    """Files that are dropped and complete, the oldest first."""
    found = [(entry, _stat_of(entry)) for entry in _files(folder)]
    ready = [(about.st_mtime, entry) for entry, about in found if about and _is_done(entry, about)]
    ready.sort(key=lambda pair: pair[0])
    return [entry for _, entry in ready[:MOST_FILES]]


def _stat_of(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What the system knows of the file; None when it is gone."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Plain files of a folder: no links, no pipes, nothing hidden."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                yield entry


def _is_done(entry: os.DirEntry[str], about: os.stat_result) -> bool:
    """Whether nobody seems to write it any more.

    The time of the last change of anything about the file cannot be set from outside: a copy
    that keeps the original's times does not look older than it is.
    """
    if entry.name.lower().endswith(UNFINISHED):
        return False
    return abs(time.time() - about.st_ctime) >= QUIET_SECONDS


def _opened(path: Path) -> BinaryIO:
    """The file itself, never what a link points to."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Invalid("it is no plain file")
    return os.fdopen(handle, "rb")


def _blocks(file: BinaryIO) -> Iterable[bytes]:
    return iter(lambda: file.read(READ_BYTES), b"")


def _is_same(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def _put(path: Path, where: Path) -> None:
    """Move; when another run has, that is fine too."""
    try:
        path.replace(where)
    except FileNotFoundError:
        logger.info("%s was put away by another run", where.name)


def _shown(name: str) -> str:
    """A name that text can hold: what is no UTF-8 in it becomes question marks."""
    return os.fsencode(name).decode("utf-8", "replace")


def _safe(name: str) -> str:
    """A name for a file of ours."""
    return _ODD.sub("_", name)[-LONGEST_NAME:]


def _id_in(name: str) -> str:
    """The public id that the name of a taken file begins with."""
    return name[:_ID_LENGTH]
