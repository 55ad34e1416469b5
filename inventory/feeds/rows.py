"""From lines of text to rows: CSV with a header, or an object per line (NDJSON)."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from inventory.feeds.errors import UnreadableFeed
from inventory.feeds.lines import LONGEST_LINE, lines_of, opened

SNAPSHOT = ("store", "sku", "on_hand")
DELTA = (
    "store",
    "sku",
    "id",
    "kind",
    "quantity",
    "occurred_at",
    "reason",
    "reference",
    "state",
)
NEEDED = {SNAPSHOT: ("sku", "on_hand"), DELTA: ("sku", "id", "kind", "quantity", "occurred_at")}
BLOCK = 2**20
LIST_ROWS = 20_000
SNIFFED = 64
_SHOWN = 40
# quotes, line ends and what else would make a block more than lines to split at a delimiter
_ODD = (b'"', b"\r", b"\x00", b"\n\n")
_ALL = bytes(range(256))
_BLANKS = re.compile(rb"[\t\x0b\x0c\x1c-\x1f ]")


class Row(NamedTuple):
    """One row: the number of its line, the texts of the wanted columns (empty where there is
    none), and the code of what makes it unusable."""

    line: int
    cells: Sequence[str]
    trouble: str = ""


@dataclass(frozen=True)
class Format:
    """How a file is written: the names of our columns in it, its delimiter and encoding."""

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"

    def names(self, wanted: Sequence[str]) -> dict[str, str]:
        """What the wanted columns are called in the file."""
        return {ours: str(self.columns.get(ours) or ours).strip() for ours in wanted}


def shown(text: object) -> str:
    """Something from a file as one short printable word."""
    words = str(text)
    return repr(words if len(words) <= _SHOWN else words[:_SHOWN] + "…")


class Batch(NamedTuple):
    """Rows one behind the other, by column: the texts of each wanted column, the numbers of the
    lines, and by its place in the batch the code of what makes a row unusable."""

    columns: Sequence[Sequence[str]]
    lines: Sequence[int]
    troubles: Mapping[int, str]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Batch:
        """The rows, at least one, by column."""
        return cls(
            columns=list(zip(*(row.cells for row in rows), strict=True)),
            lines=[row.line for row in rows],
            troubles={place: row.trouble for place, row in enumerate(rows) if row.trouble},
        )


@dataclass
class Table:
    """A file being read once from its beginning. What ``has_stores`` and ``places`` say (where in
    the file each wanted column stands) is known with the first row."""

    path: Path
    format: Format
    wanted: tuple[str, ...]
    has_stores: bool = False
    places: list[int] = field(default_factory=list)
    width: int = 0

    def rows(self) -> Iterator[Row]:
        """The rows in order, empty ones left out. Raises UnreadableFeed."""
        with opened(self.path) as file:
            lines = lines_of(file, self.format.encoding)
            yield from self._objects(lines) if self._holds_objects(file) else self._table(lines)

    def batches(self) -> Iterator[Batch]:
        """The rows in order, many at a time. Raises UnreadableFeed."""
        try:
            yield from self._batches()
        except UnreadableFeed as error:
            if not error.extra:  # whole blocks were read: find the line
                with opened(self.path) as file:
                    for _ in lines_of(file, self.format.encoding):
                        pass
            raise

    def _batches(self) -> Iterator[Batch]:
        with opened(self.path) as file:
            if self.format.encoding == "utf-16" or self._holds_objects(file):
                yield from _lists(self.rows())
                return
            header = file.readline(LONGEST_LINE + 1)
            lines = lines_of(io.BytesIO(header), self.format.encoding)
            if header.count(b'"') % 2:
                rest = lines_of(file, self.format.encoding, before=1, begins=False)
                yield from _lists(self._table(chain(lines, rest)))
                return
            self._read_header(self._reader(lines))
            yield from self._blocks(file)

    def _blocks(self, file: io.BufferedIOBase) -> Iterator[Batch]:
        before, encoding = 1, self.format.encoding
        while data := file.read(BLOCK):
            data += file.readline(LONGEST_LINE + 1)  # to the end of a line
            if block := self._plain(data, before):
                before += len(block.lines)
                yield block
                continue
            lines = lines_of(io.BytesIO(data), encoding, before=before, begins=False)
            if b'"' in data:  # a quoted cell may go on behind the block
                known = before + data.count(b"\n")
                lines = chain(lines, lines_of(file, encoding, before=known, begins=False))
            yield from _lists(self._cells(lines, before))
            before += data.count(b"\n")

    def _plain(self, data: bytes, before: int) -> Batch | None:
        """The lines split at the delimiter, unless they need a closer look."""
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\n")
        delimiter = self.format.delimiter
        mark = delimiter.encode()
        if len(mark) > 1 or any(odd in data for odd in _ODD) or _has_long_line(data):
            return None
        count = data.count(b"\n") + 1
        bare = data.translate(None, delete=_ALL.translate(None, delete=mark + b"\n"))
        if bare + b"\n" != (mark * (self.width - 1) + b"\n") * count:
            return None
        try:
            text = data.decode(self.format.encoding)
        except UnicodeDecodeError:
            return None
        cells = text.replace("\n", delimiter).split(delimiter)
        columns = [
            cells[place :: self.width] if place < self.width else [""] * count
            for place in self.places
        ]
        if not text.isascii() or _BLANKS.search(data):
            columns = [list(map(str.strip, column)) for column in columns]
        return Batch(columns, range(before + 1, before + 1 + count), {})

    def _holds_objects(self, file: io.BufferedReader[Any]) -> bool:
        start = file.peek(1)[:SNIFFED].removeprefix(codecs.BOM_UTF8)
        return start.lstrip()[:1] == b"{"

    def _table(self, lines: Iterator[str]) -> Iterator[Row]:
        reader = self._reader(lines)
        self._read_header(reader)
        yield from self._cells(lines, reader.line_num)

    def _cells(self, lines: Iterator[str], before: int) -> Iterator[Row]:
        """Rows of CSV lines behind the header; ``before`` lines came earlier."""
        reader, width = self._reader(lines), self.width
        try:
            for cells in reader:
                if not any(cells):
                    continue
                trouble = "wrong_columns" if any(cells[width:]) else ""
                filled = [*cells[:width], *[""] * (width + 1 - len(cells[:width]))]
                texts = [filled[place].strip() for place in self.places]
                yield Row(before + reader.line_num, texts, trouble)
        except csv.Error as error:
            raise _broken(error, before + reader.line_num) from error

    def _reader(self, lines: Iterator[str]) -> Any:
        try:
            return csv.reader(lines, delimiter=self.format.delimiter, strict=True)
        except (TypeError, ValueError) as error:
            raise UnreadableFeed(f"the layout's delimiter: {error}", code="wrong_layout") from error

    def _read_header(self, reader: Any) -> None:
        """Know where each wanted column stands; one that is not there stands behind the last."""
        try:
            header = [name.strip().lower() for name in next(reader, [])]
        except csv.Error as error:
            raise _broken(error, reader.line_num) from error
        names = {ours: theirs.lower() for ours, theirs in self.format.names(self.wanted).items()}
        missing = [names[ours] for ours in NEEDED[self.wanted] if names[ours] not in header]
        if missing:
            text = f"the first line names no column {' or '.join(missing)}"
            raise UnreadableFeed(text, code="wrong_header", line=1)
        named = [name for name in header if name]
        if len(set(named)) < len(named):
            raise UnreadableFeed("the first line names a column twice", code="wrong_header", line=1)
        self.width, self.has_stores = len(header), names["store"] in header
        self.places = [
            header.index(name) if name in header else len(header) for name in names.values()
        ]

    def _objects(self, lines: Iterator[str]) -> Iterator[Row]:
        names = list(self.format.names(self.wanted).values())
        store = names[self.wanted.index("store")]
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            found = _object(line)
            if found is None:
                yield Row(number, [""] * len(names), "invalid_json")
                continue
            self.has_stores = self.has_stores or store in found
            cells = [_text(found.get(name)) for name in names]
            if "\\u" in line and not all(map(_is_text, cells)):
                yield Row(number, [""] * len(names), "invalid_json")
            else:
                yield Row(number, cells)


def _has_long_line(data: bytes) -> bool:
    """Whether a line is too long; looks at one line end in so many bytes."""
    begin = 0
    while len(data) - begin >= LONGEST_LINE:
        begin = data.rfind(b"\n", begin, begin + LONGEST_LINE) + 1
        if not begin:
            return True
    return False


def _lists(rows: Iterator[Row]) -> Iterator[Batch]:
    while some := list(islice(rows, LIST_ROWS)):
        yield Batch.of(some)


def _broken(error: csv.Error, line: int) -> UnreadableFeed:
    return UnreadableFeed(f"line {line}: {error}", code="broken_csv", line=line)


def _object(line: str) -> dict[str, Any] | None:
    """The object that the line is, if it is one."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(value: Any) -> str:
    """A JSON value as a cell would say it; what no cell can say stays recognizable nonsense."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    return str(value) if type(value) is int else json.dumps(value)[:100]


def _is_text(cell: str) -> bool:
    """Whether it can be kept: no NUL, no half of a character."""
    return not any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in cell)
