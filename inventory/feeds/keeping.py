"""Keeping what comes in: streamed to disk, hashed on the way, whole or not there at all."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inventory.feeds.errors import FeedsUnwritable, FileTooLarge

MOST_BYTES = 2 * 2**30
PARTS, WHOLE = "incoming", "received"


@dataclass(frozen=True)
class Kept:
    """A file on disk: where (below the folder of feeds), its SHA-256 in hex, its bytes."""

    path: str
    digest: str
    size: int


def keep(content: Iterable[bytes], *, root: Path, name: str, most: int = MOST_BYTES) -> Kept:
    """Write the content below ``root`` under a ``name`` of our own; it survives a power cut.

    Raises FileTooLarge and FeedsUnwritable; then nothing is left behind.
    """
    part, whole = root / PARTS / f"{name}.part", root / WHOLE / name
    try:
        with _own_trouble(root):
            for folder in (part.parent, whole.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = _write(content, part, most)
        with _own_trouble(root):
            part.replace(whole)
            _sync(whole.parent)
    finally:
        part.unlink(missing_ok=True)
    return Kept(f"{WHOLE}/{name}", digest, size)


@contextmanager
def _own_trouble(root: Path) -> Iterator[None]:
    """What goes wrong here is our disk's fault and not the sender's."""
    try:
        yield
    except OSError as error:
        raise FeedsUnwritable(f"{error.filename or root}: {error.strerror}") from error


def drop(path: str, *, root: Path) -> None:
    """The kept file is gone."""
    (root / path).unlink(missing_ok=True)


def leftovers(*, root: Path, hours: int) -> list[str]:
    """Files below ``root`` that nobody has written to for so long, as paths that ``drop`` takes."""
    oldest = time.time() - hours * 3600
    files = [file for folder in (PARTS, WHOLE) for file in (root / folder).glob("*")]
    return [f"{file.parent.name}/{file.name}" for file in files if _written(file) < oldest]


def _write(content: Iterable[bytes], path: Path, most: int) -> tuple[str, int]:
    hashed, size = hashlib.sha256(), 0
    with _own_trouble(path):
        file = path.open("xb", buffering=0)
    with file:
        for block in content:
            size += len(block)
            if size > most:
                raise FileTooLarge(f"a stock file has at most {most} bytes")
            hashed.update(block)
            with _own_trouble(path):
                _write_all(file, block)
        with _own_trouble(path):
            os.fsync(file.fileno())
    return hashed.hexdigest(), size


def _write_all(file: io.FileIO, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


def _sync(folder: Path) -> None:
    """Let the folder itself remember its new name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return time.time()
