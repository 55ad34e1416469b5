"""Trying a layout with a file: how it would be read, and what it would do. Nothing is changed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from hub import clock
from hub.errors import HubError
from hub.ids import new_id
from inventory.feeds import keeping
from inventory.feeds.errors import UnreadableFeed
from inventory.feeds.lines import lines_of, opened
from inventory.feeds.rows import DELTA, NEEDED, SNAPSHOT, Format, Table
from inventory.models import FeedLayout, StockFile
from inventory.services.files import preview_file

MOST_BYTES = 200 * 2**20
MOST_ROWS = 20_000
SHOWN_ROWS = 10
SHOWN_NAMES = 40


@dataclass(frozen=True)
class Column:
    """One of our columns: what it is called in the file, whether it is there, and must be."""

    ours: str
    theirs: str
    found: bool
    needed: bool


@dataclass
class Trial:
    """How a file would be read with a layout.

    ``unread`` are columns of the file that nothing reads, ``rows`` its first rows as understood,
    in the order of ``columns``. ``preview`` is as of ``preview_file``, of the first 20,000 rows.
    ``problem`` says why the file could not be read (to its end), with a stable code.
    """

    columns: list[Column] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    preview: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    problem_code: str = ""

    @property
    def is_part(self) -> bool:
        """Whether the file may go on after what was looked at."""
        return bool(self.preview.get("lines", 0) >= MOST_ROWS)


def try_layout(*, layout: FeedLayout, content: Iterable[bytes], name: str) -> Trial:
    """Read a file as the layout says, and say what it would do; it is not kept.

    Of what makes it unreadable the trial tells. Raises FileTooLarge and FeedsUnwritable.
    """
    root = settings.FEEDS_DIR
    kept = keeping.keep(content, root=root, name=new_id("try"), most=MOST_BYTES)
    file = StockFile(
        name=name,
        layout=layout,
        source=layout.source,
        mode=layout.mode,
        complete=layout.complete,
        policy=layout.policy,
        as_of=clock.now(),
        path=kept.path,
    )
    trial = Trial()
    try:
        _read(trial, file, layout, root / kept.path)
        trial.preview = preview_file(file=file, limit=MOST_ROWS)
        if trial.is_part and file.complete:
            # what comes later in the file is not missing from it
            file.complete = False
            trial.preview = preview_file(file=file, limit=MOST_ROWS)
    except HubError as error:
        trial.problem, trial.problem_code = error.detail, error.code
    finally:
        keeping.drop(kept.path, root=root)
    return trial


def _read(trial: Trial, file: StockFile, layout: FeedLayout, path: Path) -> None:
    """Fill in what the file's beginning says. Raises UnreadableFeed."""
    how = Format(layout.columns, layout.delimiter, layout.encoding)
    wanted = SNAPSHOT if file.mode == "snapshot" else DELTA
    names = how.names(wanted)
    header = _header(path, how)
    there = {name.lower() for name in header}
    trial.columns = [
        Column(ours, theirs, theirs.lower() in there, ours in NEEDED[wanted])
        for ours, theirs in names.items()
    ]
    read = {theirs.lower() for theirs in names.values()}
    trial.unread = [name for name in header if name.lower() not in read][:SHOWN_NAMES]
    for row in islice(Table(path, how, wanted).rows(), SHOWN_ROWS):
        trial.rows.append(list(row.cells))


def _header(path: Path, how: Format) -> list[str]:
    """The names in the first line: of a CSV's columns, or of an object's members."""
    with opened(path) as file:
        first = next(lines_of(file, how.encoding), "")
    if first.lstrip().startswith("{"):
        return _members(first)
    try:
        cells = next(csv.reader([first], delimiter=how.delimiter, strict=True), [])
    except csv.Error as error:
        raise UnreadableFeed(f"line 1: {error}", code="broken_csv", line=1) from error
    return [cell.strip()[:SHOWN_NAMES] for cell in cells if cell.strip()]


def _members(line: str) -> list[str]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [name[:SHOWN_NAMES] for name in found] if isinstance(found, dict) else []
