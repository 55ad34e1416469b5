"""Tables as files that a spreadsheet can open without doing what a cell says.

What customers and sites wrote ends in these files. A program that opens them takes a cell that
begins with = + - @ for a formula (OWASP ASVS 1.2.10): such text gets an apostrophe before it.
Phone numbers begin with + and get one too; ``plain_cell`` takes it off when a file comes back.
"""

from __future__ import annotations

import csv
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from hub.errors import HubError

Cell = str | int | float | Decimal | date
Rows = Iterable[Sequence[object]]

# Blanks and marks without width are skipped before the look: a reader may drop them. The wide
# forms of the four signs are formulas for East Asian settings.
_SKIPPED = "[\\s\\0-\\x1f\ufeff\u200b-\u200f\u2060]*"
_FORMULA = re.compile(f"'*(?:[\\t\\r\\n\\0]|{_SKIPPED}[=+\\-@＝＋－＠])")
BOM = "\ufeff"  # tells Excel that the file is UTF-8
ROWS_AT_ONCE = 500
MOST_CHARACTERS = 32_767  # Excel's, of one cell
MOST_ROWS = 1_048_575  # Excel's, beside the header
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooManyRows(HubError):
    """A sheet has no room for so many rows; CSV has."""

    code = "too_many_rows"
    status = 400


def safe_cell(value: object) -> Cell:
    """What may be written into a cell: numbers and dates as they are, all else text.

    Text that a spreadsheet would take for a formula has an apostrophe before it, and so has text
    that already looks as if it had got one: ``plain_cell`` gives back exactly what was there.
    """
    if value is None:
        return ""
    if isinstance(value, bool | Promise):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, date):
        return value.isoformat() if isinstance(value, datetime) else value
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """The text that ``safe_cell`` made safe, as it was before."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def csv_response(name: str, header: Sequence[object], rows: Rows) -> HttpResponseBase:
    """A download ``name``.csv, sent while ``rows`` are read: RFC 4180, UTF-8 with its mark."""
    reply = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    return _download(reply, f"{name}.csv")


def xlsx_response(name: str, header: Sequence[object], rows: Rows) -> HttpResponseBase:
    """A download ``name``.xlsx of one sheet, written by way of the disk; raises TooManyRows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        _write_sheet(file, name, header, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return _download(FileResponse(file, content_type=XLSX), f"{name}.xlsx")


FORMATS: dict[str, Callable[[str, Sequence[object], Rows], HttpResponseBase]] = {
    "csv": csv_response,
    "xlsx": xlsx_response,
}


class _Sink:
    """What the writer of lines writes to: the line itself is what it gives back."""

    def write(self, line: str) -> str:
        return line


def _lines(header: Sequence[object], rows: Rows) -> Iterator[bytes]:
    write: Callable[[Sequence[Cell]], Any] = csv.writer(_Sink(), lineterminator="\r\n").writerow
    lines = (write([safe_cell(value) for value in row]) for row in _all(header, rows))
    yield BOM.encode()
    while chunk := "".join(islice(lines, ROWS_AT_ONCE)):
        yield chunk.encode("utf-8", "replace")


def _write_sheet(file: IO[bytes], name: str, header: Sequence[object], rows: Rows) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", name)[:31])
    try:
        for number, row in enumerate(_all(header, rows)):
            if number > MOST_ROWS:
                raise TooManyRows(_("too many rows for one sheet: take CSV, or a shorter time"))
            sheet.append([_typed(sheet, safe_cell(value)) for value in row])
    except BaseException:
        sheet.close()  # what was begun lies on the disk
        sheet._writer.cleanup()
        raise
    book.save(file)


def _typed(sheet: Any, value: Cell) -> Any:
    """Text said to be text, without what the format cannot hold."""
    if not isinstance(value, str):
        return value
    readable = value.encode("utf-8", "replace").decode()
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", readable)[:MOST_CHARACTERS])
    cell.data_type = "s"
    return cell


def _all(header: Sequence[object], rows: Rows) -> Iterator[Sequence[object]]:
    yield header
    yield from rows


def _download(reply: HttpResponseBase, name: str) -> HttpResponseBase:
    reply["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    reply["Cache-Control"] = "no-store"
    return reply
