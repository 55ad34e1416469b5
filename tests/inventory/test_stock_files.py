"""Stock files: every format and every kind of nonsense, parked, approved, resumed, once each."""

import gzip
import json
import os
import zlib
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection

from hub import clock
from hub.errors import Invalid
from hub.events.models import Fact
from inventory import tasks
from inventory.feeds import lines
from inventory.feeds.errors import FileTooLarge, UnreadableFeed
from inventory.models import (
    FeedLayout,
    InventoryEvent,
    ItemCode,
    RefusedLine,
    StockFile,
    StockLevel,
    StoreFeed,
    UnmappedCode,
)
from inventory.services import files
from inventory.services.feeding import applying, looking, running
from tests.factories import make_item, make_store, stock
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
MORNING = NOON - timedelta(hours=3)


@pytest.fixture(autouse=True)
def _afternoon(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"
    with clock.turned_to(NOON + timedelta(hours=3)):
        yield


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture(autouse=True)
def items():
    return {sku: make_item(sku=sku) for sku in ("MUG", "TEA", "SOAP")}


def receive(content, **values):
    content = content.encode() if isinstance(content, str) else content
    values = {"name": "stock.csv", "source": "erp", "as_of": NOON} | values
    return files.receive_file(content=[content], **values)


def run(content, **values):
    """The file as it is after its run."""
    file, _ = receive(content, **values)
    return files.run_file(file=file)


def on_hand():
    rows = StockLevel.objects.values_list("store__code", "item__sku", "on_hand")
    return {(store, sku): units for store, sku, units in rows}


def refused(file):
    rows = RefusedLine.objects.filter(file=file).order_by("line")
    return list(rows.values_list("line", "code"))


# --- receiving --------------------------------------------------------------------------------


def test_a_file_is_kept_whole_and_named_by_its_last_part(store, settings):
    file, new = receive("sku,on_hand\nMUG,3\n", name="../../etc/stock\n.csv", store=store)

    assert new
    assert (settings.FEEDS_DIR / file.path).read_text() == "sku,on_hand\nMUG,3\n"
    assert (file.name, file.size, file.status) == ("stock.csv", 18, "waiting")


def test_the_same_file_is_the_row_that_is_there(store, settings):
    first, _ = receive("sku,on_hand\nMUG,3\n", store=store)

    again, new = receive("sku,on_hand\nMUG,3\n", store=store, name="other.csv")

    assert (again.pk, new) == (first.pk, False)
    assert len(list((settings.FEEDS_DIR / "received").iterdir())) == 1


def test_the_same_content_of_another_moment_is_another_count(store):
    run("sku,on_hand\nMUG,3\n", store=store, as_of=MORNING)
    run("sku,on_hand\nMUG,5\n", store=store, as_of=MORNING + timedelta(hours=1))

    run("sku,on_hand\nMUG,3\n", store=store, as_of=NOON)

    assert on_hand() == {("S1", "MUG"): 3}


def test_a_file_that_breaks_off_or_is_too_large_leaves_nothing_behind(store, settings, monkeypatch):
    def breaks_off():
        yield b"sku,on_hand\n"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive_file(content=breaks_off(), name="x", source="erp", as_of=NOON, store=store)
    monkeypatch.setattr(files.keeping.keep, "__kwdefaults__", {"most": 10})
    with pytest.raises(FileTooLarge):
        receive("sku,on_hand\nMUG,3\n", store=store)

    assert not StockFile.objects.exists()
    assert not [path for path in settings.FEEDS_DIR.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "values",
    [
        {"as_of": NOON + timedelta(days=1)},
        {"as_of": NOON.replace(tzinfo=None)},
        {"source": ""},
        {"source": "a\x00b"},
        {"mode": "guess"},
        {"policy": "hope"},
        {"mode": "delta", "complete": True},
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_kept(store, settings, values):
    with pytest.raises(Invalid):
        receive("sku,on_hand\nMUG,3\n", store=store, **values)

    assert not settings.FEEDS_DIR.exists()


# --- formats ----------------------------------------------------------------------------------

ROWS = [("S1", "MUG", "3"), ("S1", "TEA", "0"), ("S2", "MUG", "4")]
CSV = "store,sku,on_hand\n" + "".join(f"{','.join(row)}\n" for row in ROWS)
QUOTED = "store,sku,on_hand\n" + "".join('"{}","{}",{}\n'.format(*row) for row in ROWS)
SPACED = "store , sku,on_hand,\n\n" + "".join(" {} ,\t{},{} ,\n".format(*row) for row in ROWS)
NDJSON = "".join(
    json.dumps({"store": store, "sku": sku, "on_hand": int(units)}) + "\n"
    for store, sku, units in ROWS
)


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        CSV.replace("\n", "\r\n").encode(),
        CSV.rstrip().encode(),
        b"\xef\xbb\xbf" + CSV.encode(),
        QUOTED.encode(),
        SPACED.encode(),
        NDJSON.encode(),
        b"\xef\xbb\xbf\n" + NDJSON.encode(),
        gzip.compress(CSV.encode()),
        gzip.compress(CSV[:30].encode()) + gzip.compress(CSV[30:].encode()),
        gzip.compress(NDJSON.encode()),
    ],
)
def test_every_way_to_write_the_same_rows_means_the_same(store, content):
    make_store(code="S2")

    file = run(content, complete=True)

    assert (file.status, file.lines, file.lines_done, file.lines_refused) == ("done", 3, 3, 0)
    assert on_hand() == {("S1", "MUG"): 3, ("S1", "TEA"): 0, ("S2", "MUG"): 4}
    assert StoreFeed.objects.count() == 2


def test_a_layout_names_columns_delimiter_encoding_and_store(store, items):
    layout = FeedLayout.objects.create(
        code="old",
        source="old-erp",
        columns={"sku": "Artikel-Nr", "on_hand": "Stückzahl"},
        delimiter=";",
        encoding="cp1252",
        store=store,
        complete=True,
    )
    content = "Stückzahl;Artikel-Nr;Größe\n7;MUG;ü\n".encode("cp1252")

    file = run(content, layout=layout, source="old-erp")

    assert (file.status, file.complete) == ("done", True)
    assert on_hand() == {("S1", "MUG"): 7}


def test_utf_16_is_read(store):
    layout = FeedLayout.objects.create(code="wide", source="erp", encoding="utf-16")

    run("sku\ton_hand\nMUG\t3\n".replace("\t", ",").encode("utf-16"), layout=layout, store=store)

    assert on_hand() == {("S1", "MUG"): 3}


def test_rows_on_both_sides_of_a_block_are_all_read(store, monkeypatch):
    monkeypatch.setattr("inventory.feeds.rows.BLOCK", 7)
    goods = [make_item(sku=f"G{number:03}") for number in range(50)]
    rows = [f"{item.sku},{number}" for number, item in enumerate(goods)]
    rows[20] = '"G020",20'
    rows[10] = " G010,10"

    file = run("sku,on_hand\n" + "\n".join(rows), store=store)

    assert (file.lines, file.result["applied"], file.lines_refused) == (50, 50, 0)
    assert on_hand()[("S1", "G049")] == 49


# --- codes ------------------------------------------------------------------------------------


def test_codes_are_tried_in_the_layouts_order_and_packs_are_counted_in_units(store, items):
    layout = FeedLayout.objects.create(code="erp", source="erp", code_systems=["plu", "gtin"])
    items["TEA"].gtin = "05901234123457"
    items["TEA"].save()
    ItemCode.objects.create(system="plu", code="77", item=items["MUG"])
    ItemCode.objects.create(system="gtin", code="CASE", item=items["SOAP"], units=12)

    file = run("sku,on_hand\n77,3\n5901234123457,4\nCASE,2\nMUG,1\n", layout=layout, store=store)

    assert on_hand() == {("S1", "MUG"): 3, ("S1", "TEA"): 4, ("S1", "SOAP"): 24}
    assert refused(file) == [(5, "unknown_sku")]


def test_a_gtin_that_two_items_share_stands_for_neither(store):
    make_item(gtin="5901234123457")
    make_item(gtin="05901234123457")

    assert refused(run("sku,on_hand\n5901234123457,4\n", store=store)) == [(2, "unknown_sku")]


def test_unmapped_codes_are_counted_and_forgotten_once_they_stand_for_something(store):
    run("sku,on_hand\nX-1,3\nX-1,4\nX-2,1\n", store=store, as_of=MORNING)
    assert dict(UnmappedCode.objects.values_list("code", "times")) == {"X-1": 2, "X-2": 1}
    make_item(sku="X-1")

    run("sku,on_hand\nX-1,3\nX-2,1\n", store=store)

    assert dict(UnmappedCode.objects.values_list("code", "times")) == {"X-2": 2}


def test_stores_out_of_the_senders_reach_are_unknown(store):
    other = make_store(code="S2")

    file = run("store,sku,on_hand\nS1,MUG,3\nS2,MUG,4\n", reach=[other.pk])

    assert refused(file) == [(2, "unknown_store")]
    assert on_hand() == {("S2", "MUG"): 4}


# --- bad input --------------------------------------------------------------------------------

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
        (gzip.compress(CSV.encode())[:-9], "truncated_gzip", 5),
        (gzip.compress(CSV.encode())[:-4] + b"xxxx", "broken_gzip", 5),
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
    bomb = gzip.compress(b"sku,on_hand\n" + b"MUG,3\n" * 2_000_000)

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


# --- deltas -----------------------------------------------------------------------------------

DELTAS = (
    "id,store,sku,kind,quantity,occurred_at,reason,reference,state\n"
    "e1,S1,MUG,sale,2,2026-03-02T11:00:00Z,,R-1,\n"
    "e2,S1,MUG,adjustment,-1,2026-03-02T11:30:00+00:00,theft,,\n"
    "e3,S1,TEA,return,1,2026-03-02 12:00:00,,,damaged\n"
)


def test_deltas_become_stock_events_of_their_own_ids(store, items):
    run("sku,on_hand\nMUG,10\nTEA,5\n", store=store, as_of=MORNING)

    file = run(DELTAS, mode="delta")
    again = run(DELTAS + "e4,S1,TEA,sale,1,2026-03-02T12:30Z,,,\n", mode="delta")

    assert (file.status, file.result) == ("done", {"applied": 3})
    assert again.result == {"duplicate": 3, "applied": 1}
    assert on_hand() == {("S1", "MUG"): 7, ("S1", "TEA"): 5}
    assert broken() == set()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",S1,MUG,sale,2,2026-03-02T11:00Z,,,", "invalid_id"),
        (f"{'x' * 121},S1,MUG,sale,2,2026-03-02T11:00Z,,,", "invalid_id"),
        ("e,S9,MUG,sale,2,2026-03-02T11:00Z,,,", "unknown_store"),
        ("e,S1,NO,sale,2,2026-03-02T11:00Z,,,", "unknown_sku"),
        ("e,S1,MUG,gift,2,2026-03-02T11:00Z,,,", "unknown_kind"),
        ("e,S1,MUG,sale,-2,2026-03-02T11:00Z,,,", "invalid_quantity"),
        ("e,S1,MUG,sale,2.5,2026-03-02T11:00Z,,,", "invalid_quantity"),
        ("e,S1,MUG,sale,2,yesterday,,,", "invalid_time"),
        ("e,S1,MUG,sale,2,9999-12-31T23:59:59-23:00,,,", "invalid_time"),
        ("e,S1,MUG,adjustment,2,2026-03-02T11:00Z,,,", "unknown_reason"),
        ("e,S1,MUG,sale,2,2026-03-02T11:00Z,whim,,", "unknown_reason"),
        ("e,S1,MUG,move,2,2026-03-02T11:00Z,,,", "state_needed"),
        (f"e,S1,MUG,sale,2,2026-03-02T11:00Z,,{'r' * 121},", "invalid_reference"),
        ("e1,S1,MUG,sale,3,2026-03-02T11:00Z,,R-1,", "event_conflict"),
        ("e,S1,MUG,sale,2,2027-03-02T11:00Z,,,", "in_the_future"),
    ],
)
def test_a_bad_delta_is_named_with_its_line(store, row, code):
    file = run(DELTAS + row + "\n", mode="delta")

    assert (file.status, refused(file), file.lines_refused) == ("done", [(5, code)], 1)


@pytest.mark.parametrize("row", ["e1,S1,MUG,sale,9,2026-03-02T11:00Z,,,", "e9,S1,NO,sale,1,,,,"])
def test_a_file_of_deltas_that_takes_all_or_none_takes_none(store, row, monkeypatch):
    monkeypatch.setattr("inventory.services.feeding.events.CHUNK_EVENTS", 1)

    file = run(DELTAS + row + "\n", mode="delta", policy="reject_file")

    assert (file.status, file.problem_code) == ("refused", "rows_refused")
    assert [line for line, _ in refused(file)] == [5]
    assert not InventoryEvent.objects.exists()


# --- parked -----------------------------------------------------------------------------------


@pytest.fixture
def full(store, items):
    stock(store, {items["MUG"]: 60, items["TEA"]: 40}, minutes_ago=600)
    return store


def test_a_snapshot_that_cuts_too_deep_waits_for_a_person(full):
    file = run("sku,on_hand\nMUG,30\n", store=full, complete=True)

    assert (file.status, file.problem_code, file.lines_done) == ("parked", "cuts_too_deep", 0)
    assert file.preview["stores"] == [
        {
            "store": "S1",
            "name": full.name,
            "before": 100,
            "after": 30,
            "percent": 70,
            "to_zero": 1,
        }
    ]
    assert (file.preview["applied"], file.preview["zeroed"]) == (1, 1)
    assert on_hand() == {("S1", "MUG"): 60, ("S1", "TEA"): 40}
    assert Fact.objects.get(name="inventory.stock_file_parked").data == {"file_id": file.pk}


def test_an_approved_file_runs_and_a_refused_one_never_does(full):
    file = run("sku,on_hand\nMUG,30\n", store=full, complete=True)
    other = run("sku,on_hand\nMUG,10\n", store=full, complete=True)

    approved = files.run_file(file=files.approve_file(file=file, by="ann"))
    rejected = files.run_file(file=files.refuse_file(file=other, by="ann"))

    assert (approved.status, approved.approved_by) == ("done", "ann")
    assert (rejected.status, rejected.problem_code) == ("refused", "refused_by_person")
    assert on_hand() == {("S1", "MUG"): 30, ("S1", "TEA"): 0}
    with pytest.raises(files.NotInThatState):
        files.approve_file(file=rejected, by="ann")


@pytest.mark.parametrize(
    ("content", "complete", "percent", "status"),
    [
        ("MUG,60\n", True, 40, "done"),
        ("MUG,59\n", True, 40, "parked"),
        ("MUG,59\n", True, 41, "done"),
        ("MUG,0\n", False, 40, "parked"),
        ("TEA,0\n", False, 40, "done"),
        ("MUG,0\nSOAP,500\n", False, 40, "done"),
    ],
)
def test_how_deep_is_too_deep(full, content, complete, percent, status):
    layout = FeedLayout.objects.create(code="e", source="erp", most_drop_percent=percent)

    file = run(f"sku,on_hand\n{content}", store=full, complete=complete, layout=layout)

    assert file.status == status


def test_little_stock_and_late_files_are_not_parked(store, items):
    stock(store, {items["MUG"]: 19}, minutes_ago=600)
    few = run("sku,on_hand\nMUG,1\n", store=store, complete=True, as_of=MORNING)
    stock(store, {items["MUG"]: 100}, minutes_ago=10)

    late = run("sku,on_hand\nMUG,0\n", store=store, complete=True, as_of=MORNING)

    assert (few.status, late.status) == ("done", "done")
    assert on_hand() == {("S1", "MUG"): 100}


def test_a_preview_changes_nothing(full):
    file, _ = receive(
        "sku,on_hand\nMUG,60\nTEA,41\nNO,1\nSOAP,x\n", store=full, complete=True, name="s.csv"
    )

    told = files.preview_file(file=file)
    some = files.preview_file(file=file, limit=1)

    assert (told["lines"], told["refused"], told["applied"], told["unchanged"]) == (4, 2, 1, 1)
    assert told["unmapped"] == [{"code": "NO", "times": 1}]
    assert [row["line"] for row in told["refusals"]] == [4, 5]
    assert some["lines"] == 1
    assert on_hand() == {("S1", "MUG"): 60, ("S1", "TEA"): 40}
    assert not RefusedLine.objects.exists()


def test_a_preview_of_deltas_tells_what_is_known_already(store):
    run(DELTAS, mode="delta")
    file, _ = receive(DELTAS + "e9,S1,MUG,sale,1,2026-03-02T11:00Z,,,\n", mode="delta")

    told = files.preview_file(file=file)

    assert (told["lines"], told["events"], told["duplicates"]) == (4, 4, 3)


# --- running ----------------------------------------------------------------------------------


def everything(file):
    """What a run leaves behind, apart from names and times of its own."""
    file.refresh_from_db()
    ledger = InventoryEvent.objects.order_by("source_event_id").values_list(
        "source_event_id", "store__code", "item__sku", "quantity", "on_hand_change", "superseded"
    )
    counters = (file.status, file.lines, file.lines_done, file.lines_refused, file.result)
    codes = sorted(UnmappedCode.objects.values_list("code", "times"))
    return counters, refused(file), codes, sorted(on_hand().items()), sorted(ledger)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("dies_after", [0, 1, 2])
def test_a_run_that_died_goes_on_and_ends_like_one_that_did_not(
    items, monkeypatch, complete, dies_after
):
    monkeypatch.setattr(looking, "CHUNK_LINES", 2)
    for code in ("S1", "S2", "S3"):
        make_store(code=code)
    rows = [f"{code},{sku},{n}" for code in ("S1", "S2", "S3") for n, sku in enumerate(items, 3)]
    rows[4:4] = ["S2,NO,1", "S9,MUG,1", "S2,SOAP,x"]
    content = "store,sku,on_hand\n" + "\n".join(rows)
    calm = everything(run(content, complete=complete))
    for model in (InventoryEvent, StockLevel, StoreFeed, UnmappedCode, StockFile):
        model.objects.all().delete()
    file, _ = receive(content, complete=complete)
    apply_chunk, done = running.apply_chunk, []

    def dies(*arguments):
        if len(done) == dies_after:
            raise KeyboardInterrupt
        done.append(arguments)
        return apply_chunk(*arguments)

    monkeypatch.setattr(running, "apply_chunk", dies)
    with pytest.raises(KeyboardInterrupt):
        files.run_file(file=file)
    monkeypatch.setattr(running, "apply_chunk", apply_chunk)
    file.refresh_from_db()
    assert (file.status, bool(file.lines_done)) == ("running", dies_after > 0)

    files.run_file(file=file)

    assert everything(file) == calm
    assert broken() == set()


def test_a_deadlock_is_tried_again(store, monkeypatch):
    tries = []
    apply_chunk = running.apply_chunk

    def deadlocks(*arguments):
        tries.append(arguments)
        if len(tries) < 3:
            with connection.cursor() as cursor:
                cursor.execute("SAVEPOINT before")
                try:
                    cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
                finally:
                    cursor.execute("ROLLBACK TO SAVEPOINT before")
        return apply_chunk(*arguments)

    monkeypatch.setattr(running, "apply_chunk", deadlocks)
    monkeypatch.setattr(applying, "PAUSE_SECONDS", 0)

    assert run("sku,on_hand\nMUG,3\n", store=store).status == "done"
    assert len(tries) == 3


def test_an_error_that_will_not_pass_is_not_tried_again():
    def fails():
        raise OperationalError("no more disk")

    with pytest.raises(OperationalError):
        applying.persistently(fails)


def test_a_fault_of_our_own_is_told_and_the_file_stays_to_be_run(store, monkeypatch):
    def faulty(*_):
        raise ZeroDivisionError

    file, _ = receive("sku,on_hand\nMUG,3\n", store=store)
    apply_chunk = running.apply_chunk
    monkeypatch.setattr(running, "apply_chunk", faulty)
    with pytest.raises(ZeroDivisionError):
        files.run_file(file=file)
    monkeypatch.setattr(running, "apply_chunk", apply_chunk)
    file.refresh_from_db()
    assert (file.status, file.problem_code) == ("running", "run_failed")

    files.run_file(file=file)

    assert (file.status, file.problem_code) == ("done", "")


def test_files_that_nobody_runs_are_queued_and_old_contents_go(store, settings, monkeypatch):
    queued = []
    monkeypatch.setattr(files, "async_task", lambda name, pk, **_: queued.append((name, pk)))
    done = run("sku,on_hand\nMUG,3\n", store=store)
    waiting, _ = receive("sku,on_hand\nMUG,4\n", store=store)
    stray = settings.FEEDS_DIR / "received" / "stray"
    stray.write_bytes(b"")
    os.utime(stray, (1, 1))

    with clock.turned_to(clock.now() + timedelta(days=31)):
        assert tasks.run_waiting_files() == 1

    assert queued == [("inventory.tasks.run_stock_file", waiting.pk)]
    assert tasks.run_stock_file(waiting.pk) == "done"
    done.refresh_from_db()
    assert (done.path, stray.exists()) == ("", False)


def test_a_file_whose_content_is_gone_is_refused(store, settings):
    file, _ = receive("sku,on_hand\nMUG,3\n", store=store)
    (settings.FEEDS_DIR / file.path).unlink()

    assert files.run_file(file=file).problem_code == "file_gone"


def test_a_preview_of_an_unreadable_file_says_so(store):
    file, _ = receive("nonsense", store=store)

    with pytest.raises(UnreadableFeed):
        files.preview_file(file=file)
