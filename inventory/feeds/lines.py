"""From a file on disk to its lines of text: plain or gzip, in bounded memory, numbered."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from inventory.feeds.errors import UnreadableFeed

LONGEST_LINE = 10_000
GZIP_MAGIC = b"\x1f\x8b"
# Stock files shrink to a tenth or a thirtieth; what grows beyond this is made to fill a disk.
MOST_RATIO = 200
MOST_INFLATED = 20 * 2**30
SMALLEST_BOUND = 2**20
BLOCK = 2**18


class _Inflated(io.RawIOBase):
    """The content of a gzip file, up to so many bytes."""

    def __init__(self, file: io.BufferedReader[Any], most: int) -> None:
        self._gzip = gzip.GzipFile(fileobj=file)
        self._most = self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)
        try:
            data = self._gzip.read1(len(room))
        except EOFError:
            raise UnreadableFeed("the gzip data end too early", code="truncated_gzip") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableFeed(f"broken gzip data: {error}", code="broken_gzip") from error
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFeed(f"it inflates to over {self._most} bytes", code="gzip_bomb")
        room[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader[Any]]:
    """The bytes of the file, inflated if it is gzip. Raises UnreadableFeed, also while reading."""
    try:
        file = io.BufferedReader(io.FileIO(path), BLOCK)
    except OSError as error:
        raise UnreadableFeed(f"{path.name}: {error.strerror}", code="file_gone") from error
    with file:
        if file.peek(2)[:2] != GZIP_MAGIC:
            yield file
            return
        bound = max(SMALLEST_BOUND, min(MOST_INFLATED, path.stat().st_size * MOST_RATIO))
        yield io.BufferedReader(_Inflated(file, bound), BLOCK)


def lines_of(
    file: io.BufferedIOBase, encoding: str, *, before: int = 0, begins: bool = True
) -> Iterator[str]:
    """The lines with their line ends, ``before`` of them read already; ``begins`` when they start
    the file. Raises UnreadableFeed naming the line."""
    lines = _wide(file) if encoding == "utf-16" else _narrow(file, encoding, begins=begins)
    for number in count(before + 1):
        try:
            line = next(lines, "")
        except UnreadableFeed as error:
            text = f"line {number}: {error.detail}"
            raise UnreadableFeed(text, code=error.code, line=number) from error
        except UnicodeDecodeError:
            text = f"line {number} is not {encoding.upper()}"
            raise UnreadableFeed(text, code="wrong_encoding", line=number) from None
        if not line:
            return
        if len(line) > LONGEST_LINE:
            text = f"line {number} is longer than {LONGEST_LINE} bytes"
            raise UnreadableFeed(text, code="line_too_long", line=number)
        if "\x00" in line:
            text = f"line {number} holds a NUL: this is no text"
            raise UnreadableFeed(text, code="nul_byte", line=number)
        yield line


def _narrow(file: io.BufferedIOBase, encoding: str, *, begins: bool) -> Iterator[str]:
    """Lines of an encoding in which only a line's end looks like one."""
    codec = "utf-8-sig" if encoding == "utf-8" and begins else encoding
    while line := file.readline(LONGEST_LINE + 1):
        # a line cut for its length may end within a character; it is refused anyway
        yield line.decode(codec, "replace" if len(line) > LONGEST_LINE else "strict")
        codec = encoding


def _wide(file: Any) -> Iterator[str]:
    text = io.TextIOWrapper(file, encoding="utf-16", newline="")
    try:
        while line := text.readline(LONGEST_LINE + 1):
            yield line
    except UnicodeError as error:  # also for text without a byte order mark
        raise UnicodeDecodeError("utf-16", b"", 0, 1, str(error)) from error
    finally:
        text.detach()
