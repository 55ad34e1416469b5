"""From lines of text to rows: CSV with a header, or an object per line (NDJSON)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from inventory.feeds.errors import UnreadableFeed
from inventory.feeds.lines import lines_of, opened

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
_SHOWN = 40


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


@dataclass
class Table:
    """A file being read once from its beginning. ``has_stores`` is known with the first row."""

    path: Path
    format: Format
    wanted: tuple[str, ...]
    has_stores: bool = False

    def rows(self) -> Iterator[Row]:
        """The rows in order, empty ones left out. Raises UnreadableFeed."""
        with opened(self.path) as file:
            lines = lines_of(file, self.format.encoding)
            first = next(lines, "")
            everything = chain([first], lines)
            if first.lstrip().startswith("{"):
                yield from self._objects(everything)
            else:
                yield from self._cells(everything)

    def _cells(self, lines: Iterator[str]) -> Iterator[Row]:
        reader = csv.reader(lines, delimiter=self.format.delimiter, strict=True)
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            places, width = self._places(header), len(header)
            for cells in reader:
                if not any(cells):
                    continue
                trouble = "wrong_columns" if any(cells[width:]) else ""
                filled = [*cells[:width], *[""] * (width + 1 - len(cells[:width]))]
                yield Row(reader.line_num, [filled[place].strip() for place in places], trouble)
        except csv.Error as error:
            line = reader.line_num
            raise UnreadableFeed(f"line {line}: {error}", code="broken_csv", line=line) from error

    def _places(self, header: list[str]) -> list[int]:
        """Where each wanted column stands; one that is not there stands behind the last."""
        names = {ours: theirs.lower() for ours, theirs in self.format.names(self.wanted).items()}
        missing = [names[ours] for ours in NEEDED[self.wanted] if names[ours] not in header]
        if missing:
            text = f"the first line names no column {' or '.join(missing)}"
            raise UnreadableFeed(text, code="wrong_header", line=1)
        named = [name for name in header if name]
        if len(set(named)) < len(named):
            raise UnreadableFeed("the first line names a column twice", code="wrong_header", line=1)
        self.has_stores = names["store"] in header
        return [header.index(name) if name in header else len(header) for name in names.values()]

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
            sound = "\\u" not in line or all(map(_is_text, cells))
            yield Row(number, cells, "" if sound else "invalid_json")


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
