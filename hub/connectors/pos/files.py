# ruff: noqa: ARG002  what cannot be asked takes what others take
"""A POS that speaks files: pick lists lie ready for it in a folder, its answers in another.

``POS_DIR/<connection>/out/`` is for the POS to read (and clear), ``in/`` for it to write into:
``answers*``, ``receipts*`` and ``sales*``. The hub's own copies are in ``sent/``; what it has read
moves to ``taken/``, or beside a sentence that says why, ``refused/``. Whole files only: they are
written under another name and renamed. A file named before is never written twice, so a repeat
has one effect; only a crash between the two renames may show the POS the same name again.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from hub.connectors.pos.base import (
    Answer,
    Known,
    NotSupported,
    Page,
    PickList,
    PosAccount,
    Stocked,
)
from hub.connectors.pos.layout import layout_of
from hub.connectors.pos.texts import read_answers, read_receipts, written
from hub.errors import ConnectorError

OUT, IN, SENT, TAKEN, REFUSED = "out", "in", "sent", "taken", "refused"
READERS = {"answers": read_answers, "receipts": read_receipts}
SALES = "sales"
UNFINISHED = (".tmp", ".part", ".filepart", ".crdownload", ".swp")
QUIET_SECONDS = 5  # a file that changed later may still be written
MOST_FILES = 200
MOST_BYTES = 20 * 2**20
LONGEST_FILE_NAME = 120
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")
_REFERENCE = re.compile(r"([A-Za-z0-9_-]{1,40})\.r([0-9]{1,9})\Z", re.ASCII)


class FilesPos:
    """Pick lists out, answers in. It cannot be asked; ``status`` tells what was sent."""

    can = frozenset({"look_up"})

    def __init__(self, account: PosAccount) -> None:
        if not _SAFE.match(account.connection_id):
            raise ConnectorError("the connection's id is no name of a folder", permanent=True)
        try:
            self._layout = layout_of(account.layout)
        except ValueError as error:
            raise ConnectorError(f"its layout: {error}", permanent=True) from None
        self.folder = Path(settings.POS_DIR) / account.connection_id

    def queue(self, pick_list: PickList) -> str:
        """Lay the pick list ready as ``<id>.r<revision>.csv``; return ``<id>.r<revision>``."""
        reference = f"{_safe(pick_list.fulfillment_id)}.r{pick_list.revision}"
        content = written(pick_list, action="collect", layout=self._layout)
        self._send(f"{reference}.{self._layout.format}", content)
        return reference

    def amend(self, reference: str, pick_list: PickList) -> str:
        """Withdraw what was sent and lay the later revision ready."""
        self.cancel(reference, pick_list.fulfillment_id)
        return self.queue(pick_list)

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Take the pick list back if it still lies there, and say that it is withdrawn.

        Raises ConnectorError (permanent) for one that was never sent.
        """
        found = _REFERENCE.match(reference)
        name = f"{reference}.{self._layout.format}"
        if not found or found[1] != fulfillment or not (self.folder / SENT / name).is_file():
            raise ConnectorError("no such pick list was sent", permanent=True)
        withdrawn = PickList(
            fulfillment_id=fulfillment,
            order_id="",
            order_reference="",
            store="",
            promised_at="",
            lines=(),
            revision=int(found[2]),
            status="canceled",
        )
        content = written(withdrawn, action="withdraw", layout=self._layout)
        self._send(f"{reference}.withdrawn.{self._layout.format}", content)
        with _own_trouble():
            (self.folder / OUT / name).unlink(missing_ok=True)

    def status(self, fulfillment: str) -> Known | None:
        """The latest revision that was sent."""
        kind = self._layout.format
        sent = self.folder / SENT
        with _own_trouble():
            names = [path.name for path in sent.glob(f"{_safe(fulfillment)}.r*.{kind}")]
        numbers = [int(name.split(".")[1][1:]) for name in names if name.count(".") == 2]  # noqa: PLR2004
        if not numbers:
            return None
        reference = f"{fulfillment}.r{max(numbers)}"
        return Known(
            fulfillment_id=fulfillment,
            reference=reference,
            revision=max(numbers),
            canceled=f"{reference}.withdrawn.{kind}" in names,
        )

    def pick_lists(self, cursor: str) -> Page[Known]:
        """It cannot be asked; raises NotSupported."""
        raise NotSupported("a POS that speaks files lists no pick lists")

    def receipts(self, cursor: str) -> Page[Mapping[str, Any]]:
        """It cannot be asked, receipts come as files; raises NotSupported."""
        raise NotSupported("a POS that speaks files leaves its receipts in files")

    def stock(self, cursor: str) -> Page[Stocked]:
        """It cannot be asked, counts come as stock files; raises NotSupported."""
        raise NotSupported("the counts of a POS that speaks files come as stock files")

    def answers(self) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """What complete files in ``in/`` say, the oldest first; unreadable ones are refused.

        Sales logs are left to ``sales``.
        """
        for path in self._waiting():
            read = READERS.get(path.name.split(".")[0].rstrip("-_0123456789").lower())
            if _is_sales(path):
                continue
            try:
                if read is None:
                    raise ConnectorError("its name must begin with answers, receipts or sales")
                content = _content(path)
                yield path.name, read(content, layout=self._layout)
            except FileNotFoundError:
                continue  # another run was faster
            except ConnectorError as error:
                self.taken(path.name, problem=str(error))

    def sales(self) -> list[Path]:
        """Complete sales logs, the oldest first: stock files, which others read."""
        return [path for path in self._waiting() if _is_sales(path)]

    def taken(self, name: str, problem: str = "") -> None:
        """Put a file away that was read; with a problem among the refused, a sentence beside."""
        path = self.folder / IN / name
        where = self.folder / (REFUSED if problem else TAKEN)
        kept = where / f"{time.time_ns()}-{name}"[:LONGEST_FILE_NAME]
        with _own_trouble():
            if problem:
                kept.with_name(f"{kept.name}.problem.txt").write_text(f"{problem}\n")
            with suppress(FileNotFoundError):  # another run has put it away
                path.replace(kept)

    def _send(self, name: str, content: bytes) -> None:
        """Show the POS a file once: it is whole, and its name was never there before."""
        self._make_folders()
        sent, out = self.folder / SENT / name, self.folder / OUT / name
        with _own_trouble():
            if sent.exists():
                return
            part = self.folder / SENT / f".{name}.part"
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            out.unlink(missing_ok=True)
            os.link(part, out)
            part.replace(sent)
            _sync(out.parent)
            _sync(sent.parent)

    def _waiting(self) -> list[Path]:
        self._make_folders()
        with _own_trouble(), os.scandir(self.folder / IN) as entries:
            found = [(entry.stat(follow_symlinks=False), entry) for entry in entries]
        ready = [
            (about.st_mtime_ns, Path(entry.path))
            for about, entry in found
            if stat.S_ISREG(about.st_mode) and _is_done(entry.name, about)
        ]
        return [path for _, path in sorted(ready)[:MOST_FILES]]

    def _make_folders(self) -> None:
        with _own_trouble():
            for name in (OUT, IN, SENT, TAKEN, REFUSED):
                (self.folder / name).mkdir(mode=0o770, parents=True, exist_ok=True)


@contextmanager
def _own_trouble() -> Iterator[None]:
    """A disk that fails is a POS that is out of reach, not a mistake in what was sent."""
    try:
        yield
    except OSError as error:
        raise ConnectorError(f"its folder: {error.strerror}") from error


def _is_sales(path: Path) -> bool:
    return path.name.lower().startswith(SALES)


def _is_done(name: str, about: os.stat_result) -> bool:
    """Whether nobody seems to write it any more, and its name is one we may use."""
    if not _NAME.match(name) or name.lower().endswith(UNFINISHED):
        return False
    return abs(time.time() - about.st_ctime) >= QUIET_SECONDS


def opened(path: Path) -> BinaryIO:
    """A file that a POS left, itself and not where a link leads; raises FileNotFoundError, and
    ConnectorError when it may not be read."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConnectorError(f"it cannot be read: {error.strerror}", permanent=True) from error


def _content(path: Path) -> bytes:
    with opened(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ConnectorError("the file is too large", permanent=True)
    return content


def _safe(fulfillment: str) -> str:
    if not _SAFE.match(fulfillment):
        raise ConnectorError("its id is no name of a file", permanent=True)
    return fulfillment


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
