"""What is wrong with a file or a row is named with its line, and nothing is half applied."""

import gzip
import zlib
from datetime import timedelta

import pytest

from inventory.feeds import lines
from inventory.models import (
    RefusedLine,
    StockLevel,
)
from inventory.services import files
from inventory.services.feeding import looking
from tests.factories import make_item, stock
from tests.inventory.files.doing import NOON, on_hand, refused, run

pytestmark = pytest.mark.django_db

CSV = "store,sku,on_hand\nS1,MUG,3\nS1,TEA,0\nS2,MUG,4\n"

DEEP = '{"sku":' + "[" * 4_000 + "]" * 4_000 + ',"on_hand":1}'


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "wrong_header", 1),
        (b"on_hand;sku\n", "wrong_header", 1),
        (b"sku,on_hand,SKU\nMUG,3,MUG\n", "wrong_header", 1),
        (b"sku,on_hand\nMUG,3\nM\x00G,4\n", "nul_byte", 3),
        (b"sku,on_hand\nMUG,3\n\xff\xfe,4\n", "wrong_encoding", 3),
        ("sku,on_hand\nMUG,3\n".encode("utf-16"), "wrong_encoding", 1),
        (b"sku,on_hand\nMUG," + b"3" * 20_000, "line_too_long", 2),
        (b'sku,on_hand\n"MUG,3\nTEA,4\n', "broken_csv", 3),
        (gzip.compress(CSV.encode(), mtime=0)[:-9], "truncated_gzip", 5),
        (gzip.compress(CSV.encode(), mtime=0)[:-4] + b"xxxx", "broken_gzip", 5),
        (b"\x1f\x8b\x07 no method that anybody knows", "broken_gzip", 1),
        (b"[" * 100_000, "line_too_long", 1),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole_and_names_the_line(store, content, code, line):
    file = run(content, store=store)

    assert (file.status, file.problem_code) == ("refused", code)
    assert file.problem.startswith((f"line {line}", "the first line"))
    assert not StockLevel.objects.exists()


def test_a_gzip_bomb_is_refused_long_before_it_has_inflated(store, monkeypatch):
    monkeypatch.setattr(lines, "SMALLEST_BOUND", 10_000)
    bomb = gzip.compress(b"sku,on_hand\n" + b"MUG,3\n" * 2_000_000, mtime=0)

    file = run(bomb, store=store)

    assert file.problem_code == "gzip_bomb"
    assert not StockLevel.objects.exists()


def test_a_line_of_a_gigabyte_is_refused_in_bounded_memory(store):
    squeezed = zlib.compressobj(wbits=31)
    content = squeezed.compress(b"sku,on_hand\nMUG,") + b"".join(
        squeezed.compress(b"3" * 2**20) for _ in range(64)
    )

    file = run(content + squeezed.flush(), store=store)

    assert file.problem_code in ("line_too_long", "gzip_bomb")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("MUG,-1", "invalid_quantity"),
        ("MUG,1.5", "invalid_quantity"),
        ("MUG,=1+1", "invalid_quantity"),
        ("MUG,٣", "invalid_quantity"),
        ("MUG,99999999999", "invalid_quantity"),
        ("MUG,4000000000", "invalid_quantity"),
        ("MUG,", "invalid_quantity"),
        ("=cmd|' /C calc'!A0,3", "unknown_sku"),
        ("NO,3", "unknown_sku"),
        (",3", "unknown_sku"),
        ("MUG,1,234", "wrong_columns"),
        ("TEA,5", "counted_twice"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(store, row, code):
    file = run(f"sku,on_hand\nTEA,4\n{row}\nSOAP,6\n", store=store)

    assert (file.status, refused(file), file.lines_refused) == ("done", [(3, code)], 1)
    assert on_hand() == {("S1", "TEA"): 4, ("S1", "SOAP"): 6}


NONSENSE = ["[]", "nonsense", "{", "null", "9" * 5_000, DEEP, '{"sku": "\\ud800"}']


@pytest.mark.parametrize("line", [*NONSENSE, '{"sku": "M\\u0000G", "on_hand": 1}'])
def test_json_nonsense_is_a_refused_row_and_spoils_a_complete_file(store, line):
    content = f'{{"sku": "MUG", "on_hand": 3}}\n{line}\n{{"sku": "TEA", "on_hand": "4"}}\n'

    file = run(content, store=store)
    whole = run(content, store=store, complete=True, as_of=NOON + timedelta(minutes=1))

    assert [number for number, _ in refused(file)] == [2]
    assert on_hand() == {("S1", "MUG"): 3, ("S1", "TEA"): 4}
    # what is no object may be of any store; one of unknown goods is a line as any other
    assert (whole.status, whole.problem_code) in [("refused", "invalid_json"), ("done", "")]


@pytest.mark.parametrize("units", ["1.0", "true", "null", "[1]", '"1e3"', "-1", "1e400"])
def test_what_is_no_whole_number_in_json_is_refused(store, units):
    file = run(f'{{"sku": "MUG", "on_hand": {units}}}\n', store=store)

    assert refused(file) == [(1, "invalid_quantity")]


def test_reject_file_takes_all_rows_or_none(store):
    content = "sku,on_hand\nMUG,3\nNO,1\nTEA,x\n"

    file = run(content, store=store, policy="reject_file")

    assert (file.status, file.problem_code, file.lines_refused) == ("refused", "rows_refused", 2)
    assert "line 3" in file.problem
    assert refused(file) == [(3, "unknown_sku"), (4, "invalid_quantity")]
    assert not StockLevel.objects.exists()


def test_a_refused_file_runs_again_once_its_trouble_is_mended(store):
    file = run("sku,on_hand\nMUG,3\nNO,1\n", store=store, policy="reject_file")
    make_item(sku="NO")

    again = files.run_file(file=files.retry_file(file=file, by="ann"))

    assert (again.status, again.lines_refused, refused(again)) == ("done", 0, [])
    assert on_hand() == {("S1", "MUG"): 3, ("S1", "NO"): 1}


def test_swapped_headers_zero_nothing(store, items):
    stock(store, {items["MUG"]: 5, items["TEA"]: 4})

    file = run("on_hand,sku\nMUG,3\nTEA,2\n", store=store, complete=True)

    assert file.result["partial_stores"] == ["S1"]
    assert on_hand() == {("S1", "MUG"): 5, ("S1", "TEA"): 4}


def test_only_so_many_refused_lines_are_kept_but_all_are_counted(store, monkeypatch):
    monkeypatch.setattr("inventory.services.feeding.refusals.MOST_KEPT", 3)
    monkeypatch.setattr(looking, "CHUNK_LINES", 2)

    file = run("sku,on_hand\n" + "NO,1\n" * 7, store=store)

    assert (file.lines_refused, len(refused(file))) == (7, 3)


def test_refused_lines_come_as_csv_that_no_spreadsheet_runs(store):
    file = run('sku,on_hand\nNO,1\n"a,b",1\n', store=store)
    RefusedLine.objects.create(file=file, line=9, code="x", detail="=1+1")

    text = "".join(files.refused_csv(file))

    assert text.splitlines() == [
        "line,code,detail",
        "2,unknown_sku,no item 'NO'",
        "3,unknown_sku,\"no item 'a,b'\"",
        "9,x,'=1+1",
    ]
