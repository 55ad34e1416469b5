"""Reading stock files: CSV in UTF-8 with a header, line by line, in bounded memory."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from inventory.feeds.errors import UnreadableFeed
from inventory.lines import MOST_UNITS

LONGEST_LINE = 10_000
NEEDED = ("sku", "on_hand")
_UNITS = re.compile(r"[0-9]{1,10}\Z")


@dataclass(frozen=True)
class FeedRow:
    """One line of a stock file; ``store`` is empty when the file has no such column."""

    line: int
    store: str
    sku: str
    on_hand: str

    @property
    def units(self) -> int | None:
        """The count, or None when the text is no whole number that stock can have."""
        if not _UNITS.match(self.on_hand) or int(self.on_hand) > MOST_UNITS:
            return None
        return int(self.on_hand)


@dataclass(frozen=True)
class FeedFile:
    """A stock file that was read through once: SHA-256, rows, whether it has a column store."""

    path: Path
    digest: str
    lines: int
    has_stores: bool


def inspect(path: Path, *, grouped: bool) -> FeedFile:
    """Read the whole file once, so that what makes it unreadable is known before any row counts.

    Raises UnreadableFeed; also, when it must be ``grouped``, for a store that comes back after
    the lines of another one.
    """
    with _opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    lines, finished, current = 0, set[str](), ""
    for row in rows(path):
        lines += 1
        if grouped and row.store != current:
            finished.add(current)
            current = row.store
            if current in finished:
                raise UnreadableFeed(
                    f"line {row.line}: {shown(current)} comes back; "
                    "a complete file keeps the lines of a store together"
                )
    return FeedFile(path, digest, lines, has_stores="store" in _columns(path))


def rows(path: Path) -> Iterator[FeedRow]:
    """The rows of the file in order, empty lines left out; raises UnreadableFeed."""
    with _opened(path) as file:
        reader = csv.reader(_lines(file))
        try:
            columns = _header(next(reader, []))
            for cells in reader:
                if any(cells):
                    yield _row(reader.line_num, columns, cells)
        except csv.Error as error:
            raise UnreadableFeed(f"line {reader.line_num}: {error}") from error


def shown(text: str) -> str:
    """Text from a file as one short printable word."""
    return repr(text if len(text) <= 40 else text[:40] + "…")  # noqa: PLR2004


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableFeed(f"{path}: {error.strerror}") from error


def _lines(file: BufferedReader) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UnreadableFeed(f"line {number} is longer than {LONGEST_LINE} bytes")
        if b"\x00" in line:
            raise UnreadableFeed(f"line {number} holds a NUL: this is no CSV text")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise UnreadableFeed(f"line {number} is not UTF-8") from None


def _columns(path: Path) -> dict[str, int]:
    with _opened(path) as file:
        return _header(next(csv.reader(_lines(file)), []))


def _header(cells: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in cells]
    if missing := [name for name in NEEDED if name not in names]:
        raise UnreadableFeed(f"the first line names no column {' or '.join(missing)}")
    if len(set(names)) < len(names):
        raise UnreadableFeed("the first line names a column twice")
    return {name: place for place, name in enumerate(names)}


def _row(line: int, columns: dict[str, int], cells: list[str]) -> FeedRow:
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    return FeedRow(line, cell("store"), cell("sku"), cell("on_hand"))
