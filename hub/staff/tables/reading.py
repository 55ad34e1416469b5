"""Reading a table that somebody sends: CSV or XLSX, in bounded memory, or a coded refusal."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from hub.errors import HubError
from hub.staff.exporting import plain_cell

MOST_BYTES = 5 * 2**20
MOST_UNPACKED = 20 * 2**20
MOST_ENTRIES = 200
MOST_ROWS = 5_000
MOST_COLUMNS = 60
LONGEST_CELL = 2_000
ZIP = b"PK\x03\x04"
_DELIMITERS = ",;\t"
_BROKEN: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError),
    *(OSError, EOFError, SyntaxError, NotImplementedError, RuntimeError),
)

Row = list[str]


class TableRefused(HubError):
    """The file cannot be read as the table that was asked for; ``code`` says why."""

    code = "unreadable_table"
    status = 400
    title = "This file cannot be read"


class TableTooLarge(TableRefused):
    """More bytes, rows or columns than are taken at once."""

    code = "table_too_large"


class TableNotText(TableRefused):
    """A CSV that is not UTF-8 text."""

    code = "table_not_text"


class WrongColumns(TableRefused):
    """The first line does not name the columns of this table."""

    code = "wrong_columns"


class Table:
    """A header, and rows of as many texts; the first row is line 2 of the file."""

    def __init__(self, header: Row, rows: list[Row]) -> None:
        self.header = header
        self.rows = rows


def read_table(content: bytes) -> Table:
    """The table in a file: XLSX when it begins like one, else CSV.

    Cells are text as it stands there, a formula its own text. Raises TableRefused.
    """
    if len(content) > MOST_BYTES:
        raise TableTooLarge(too_large())
    rows = _sheet(content) if content.startswith(ZIP) else _lines(content)
    found = [[_clean(cell, number) for cell in row] for number, row in enumerate(rows, 1)]
    while found and not any(found[-1]):
        found.pop()
    if not found:
        raise TableRefused(_("the file is empty"))
    return _squared(found)


def too_large() -> str:
    """What is said of a file that is too large."""
    return _("a file has at most %(megabytes)s MB and %(rows)s rows: send it in parts") % {
        "megabytes": MOST_BYTES // 2**20,
        "rows": MOST_ROWS,
    }


def _squared(rows: list[Row]) -> Table:
    """Every row as long as the header; what stands beside the header is refused."""
    header = [name.strip().lower().replace(" ", "_") for name in rows[0]]
    while header and not header[-1]:
        header.pop()
    for number, row in enumerate(rows[1:], 2):
        if any(row[len(header) :]):
            raise WrongColumns(
                _("line %(line)s has more cells than the first line") % {"line": number}
            )
    width = len(header)
    return Table(header, [[*row[:width], *[""] * (width - len(row))] for row in rows[1:]])


def _clean(cell: str, line: int) -> str:
    if "\x00" in cell:
        raise TableNotText(_("line %(line)s holds a NUL character") % {"line": line})
    if len(cell) > LONGEST_CELL:
        raise TableTooLarge(
            _("line %(line)s has a cell of more than %(most)s characters")
            % {"line": line, "most": LONGEST_CELL}
        )
    return plain_cell(cell.strip())


def _bounded(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(rows):
        if number > MOST_ROWS or len(row) > MOST_COLUMNS:
            raise TableTooLarge(too_large())
        yield row


def _lines(content: bytes) -> list[Row]:
    text = _decoded(content)
    first = text[: text.find("\n") + 1] or text
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [list(row) for row in _bounded(reader)]
    except csv.Error as error:
        raise TableRefused(
            _("line %(line)s is not CSV: %(why)s") % {"line": reader.line_num, "why": error}
        ) from error


def _decoded(content: bytes) -> str:
    if b"\x00" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableNotText(_("the file holds NUL characters: it is no CSV"))
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise TableNotText(
            _("the file is not UTF-8: save it as “CSV UTF-8”, or as XLSX")
        ) from error


def _sheet(content: bytes) -> list[Row]:
    """The rows of the first sheet; what is packed is measured before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
        if len(entries) > MOST_ENTRIES or sum(e.file_size for e in entries) > MOST_UNPACKED:
            raise TableTooLarge(_("the sheet is too large once it is unpacked"))
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size is not believed
            rows = _bounded(islice(sheet.iter_rows(values_only=True), MOST_ROWS + 2))
            return [[_text(value) for value in row] for row in rows]
        finally:
            book.close()
    except TableRefused:
        raise
    except _BROKEN as error:
        raise TableRefused(_("the file is no XLSX sheet")) from error


def _text(value: object) -> str:
    """A cell as a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)
