"""The import command: real files, odd files, and the same file twice."""

import gzip
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from hub import clock
from inventory.models import FeedLayout, InventoryEvent, StockLevel, StoreFeed
from inventory.services import files
from inventory.services.feeding import looking, running
from tests.factories import make_item, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def feeds(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"
    return settings.FEEDS_DIR


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture(autouse=True)
def items():
    return [make_item(sku=sku) for sku in ("MUG", "TEA", "SOAP")]


@pytest.fixture
def write(tmp_path):
    def write(text, name="stock.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def run(path, *arguments):
    """Exit code, standard output and standard error."""
    out, err = StringIO(), StringIO()
    try:
        call_command("import_stock", str(path), *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    return 0, out.getvalue(), err.getvalue()


def on_hand():
    rows = StockLevel.objects.values_list("store__code", "item__sku", "on_hand")
    return {(store, sku): units for store, sku, units in rows}


def test_a_file_of_one_store_is_imported(store, write):
    code, out, err = run(write("sku,on_hand\nMUG,3\nTEA,0\n"), "--store", "S1")

    assert (code, out, err) == (0, "2 lines: 2 applied\n", "")
    assert on_hand() == {("S1", "MUG"): 3, ("S1", "TEA"): 0}


def test_the_same_file_twice_changes_nothing(store, write):
    path = write("sku,on_hand\nMUG,3\nTEA,4\n")
    run(path, "--store", "S1")

    code, out, _ = run(path, "--store", "S1")

    assert (code, out) == (0, "2 lines: 2 duplicates\n")
    assert InventoryEvent.objects.count() == 2


def test_the_same_complete_file_twice_changes_nothing(store, write):
    run(write("sku,on_hand\nMUG,3\nTEA,4\n", "before.csv"), "--store", "S1")
    path = write("sku,on_hand\nMUG,3\nTEA,5\n")
    run(path, "--store", "S1", "--complete")
    before = list(InventoryEvent.objects.values()), on_hand(), StoreFeed.objects.values().get()

    code, _, _ = run(path, "--store", "S1", "--complete")

    assert code == 0
    assert before == (
        list(InventoryEvent.objects.values()),
        on_hand(),
        StoreFeed.objects.values().get(),
    )


def test_a_file_may_name_many_stores_in_any_order_of_columns(store, write):
    make_store(code="S2")
    path = write("on_hand,remark,store,SKU\n3,x,S1,MUG\n4,,S2,MUG\n5,,S1,TEA\n")

    code, out, _ = run(path)

    assert (code, out) == (0, "3 lines: 3 applied\n")
    assert on_hand() == {("S1", "MUG"): 3, ("S1", "TEA"): 5, ("S2", "MUG"): 4}


def test_a_file_longer_than_a_chunk_is_imported_whole(store, write, monkeypatch):
    monkeypatch.setattr(looking, "CHUNK_LINES", 2)

    code, out, _ = run(write("sku,on_hand\nMUG,3\nTEA,4\nSOAP,5\n"), "--store", "S1")

    assert (code, out) == (0, "3 lines: 3 applied\n")


def test_refused_lines_are_named_and_the_others_taken(store, write):
    path = write("store,sku,on_hand\nS1,MUG,3\nS1,NO,1\nS1,TEA,-1\nS9,MUG,1\nS1,SOAP\nS1,MUG,4\n")

    code, out, err = run(path)

    assert code == 1
    assert out == "6 lines: 1 applied\n"
    assert err.splitlines() == [
        "line 3: unknown_sku: no item 'NO'",
        "line 4: invalid_quantity: '-1' is no count",
        "line 5: unknown_store: no store 'S9'",
        "line 6: invalid_quantity: '' is no count",
        "line 7: counted_twice: 'MUG' was counted before",
        "5 lines were refused",
    ]


@pytest.mark.parametrize("count", ["1.5", "1e3", "٣", "=1+1", "9999999999", "NaN", "0x10", ""])
def test_what_is_no_whole_number_of_units_is_refused(store, write, count):
    code, _, err = run(write(f"sku,on_hand\nMUG,{count}\n"), "--store", "S1")

    assert code == 1
    assert "invalid_quantity" in err
    assert not StockLevel.objects.exists()


def test_a_complete_file_zeroes_what_is_missing_per_store(store, write):
    make_store(code="S2")
    run(write("store,sku,on_hand\nS1,MUG,3\nS1,TEA,4\nS2,TEA,5\n", "before.csv"))

    code, _, _ = run(write("store,sku,on_hand\nS1,MUG,2\n"), "--complete")

    assert code == 0
    assert on_hand() == {("S1", "MUG"): 2, ("S1", "TEA"): 0, ("S2", "TEA"): 5}


def test_a_refused_line_of_a_known_sku_never_zeroes_it(store, write):
    run(write("sku,on_hand\nMUG,3\nTEA,4\nSOAP,5\n", "before.csv"), "--store", "S1")

    code, _, err = run(write("sku,on_hand\nMUG,2\nTEA,four\n"), "--store", "S1", "--complete")

    assert code == 1
    assert "store S1: not taken as complete" in err
    assert on_hand() == {("S1", "MUG"): 2, ("S1", "TEA"): 4, ("S1", "SOAP"): 5}


def test_a_complete_file_that_scatters_a_store_is_refused_before_anything_happens(store, write):
    make_store(code="S2")
    path = write("store,sku,on_hand\nS1,MUG,2\nS2,MUG,2\nS1,TEA,2\n")

    code, _, err = run(path, "--complete")

    assert code == 2
    assert "line 4: 'S1' comes back" in err
    assert not StockLevel.objects.exists()


def test_the_time_of_the_counts_is_the_files_unless_told(store, write):
    path = write("sku,on_hand\nMUG,3\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))

    run(path, "--store", "S1")
    run(
        write("sku,on_hand\nTEA,3\n", "b.csv"), "--store", "S1", "--as-of", "2024-02-29T12:00+01:00"
    )

    times = {level.item.sku: str(level.counted_at) for level in StockLevel.objects.all()}
    assert times == {
        "MUG": "2023-11-14 22:13:20+00:00",
        "TEA": "2024-02-29 11:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "names no column sku"),
        (b"sku;on_hand\nMUG;3\n", "names no column"),
        (b"sku,sku,on_hand\nMUG,MUG,3\n", "a column twice"),
        (b"sku,on_hand\nMUG,3\n\xff\xfe,4\n", "line 3 is not UTF-8"),
        (b"sku,on_hand\nM\x00G,3\n", "line 2 holds a NUL"),
        (b"sku,on_hand\n" + b"x" * 20_000, "line 2 is longer than"),
        (b'sku,on_hand\n"' + b"x\n" * 200_000, "line"),
        (gzip.compress(b"sku,on_hand\nMUG,3\n", mtime=0)[:-5], "line 3: the gzip data end"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(store, write, content, reason):
    code, _, err = run(write(content), "--store", "S1")

    assert code == 2
    assert reason in err
    assert not StockLevel.objects.exists()


@pytest.mark.parametrize(
    ("content", "arguments", "reason"),
    [
        ("sku,on_hand\nMUG,3\n", [], "name the store with --store"),
        ("sku,on_hand\nMUG,3\n", ["--store", "S9"], "no such store"),
        ("store,sku,on_hand\nS1,MUG,3\n", ["--store", "S1"], "leave --store out"),
        ("sku,on_hand\nMUG,3\n", ["--store", "S1", "--as-of", "noon"], "no ISO 8601"),
        ("sku,on_hand\nMUG,3\n", ["--store", "S1", "--as-of", "2999-01-01"], "future"),
        ("sku,on_hand\nMUG,3\n", ["--store", "S1", "--source", ""], "--source"),
    ],
)
def test_arguments_that_make_no_sense_end_in_one_line(store, write, content, arguments, reason):
    code, _, err = run(write(content), *arguments)

    assert code == 2
    assert reason in err
    assert len(err.splitlines()) == 1


def test_a_file_that_is_not_there_is_named(store, tmp_path):
    code, _, err = run(tmp_path / "no.csv", "--store", "S1")

    assert code == 2
    assert "no.csv: No such file" in err


def test_bom_and_windows_line_ends_are_read(store, write):
    code, _, _ = run(write(b"\xef\xbb\xbfsku,on_hand\r\nMUG,3\r\n"), "--store", "S1")

    assert code == 0
    assert on_hand() == {("S1", "MUG"): 3}


def test_progress_counts_every_line(store, monkeypatch):
    monkeypatch.setattr(looking, "CHUNK_LINES", 1)
    told: list[tuple[int, int]] = []
    file, _ = files.receive_file(
        content=[b"sku,on_hand\nMUG,3\nNO,4\n"],
        name="stock.csv",
        source="test",
        as_of=clock.now(),
        store=store,
    )

    files.run_file(file=file, advance=lambda *numbers: told.append(numbers))

    assert told == [(1, 2), (2, 2)]


def test_a_layout_and_a_policy_are_named_by_option(store, write):
    FeedLayout.objects.create(code="erp", source="old-erp", columns={"sku": "art"}, store=store)

    code, _, err = run(write("art,on_hand\nMUG,3\nNO,1\n"), "--layout", "erp")
    assert (code, err.splitlines()[-1]) == (1, "1 lines were refused")
    assert InventoryEvent.objects.get().source == "old-erp"

    path = write("art,on_hand\nTEA,3\nNO,1\n", "b.csv")
    code, _, err = run(path, "--layout", "erp", "--policy", "reject_file")
    assert code == 2
    assert "leave --policy reject_file out" in err
    assert on_hand() == {("S1", "MUG"): 3}


def test_an_unknown_layout_is_named(store, write):
    code, _, err = run(write("sku,on_hand\nMUG,3\n"), "--layout", "nope")

    assert (code, err) == (2, "no active layout 'nope'")


def test_a_refused_file_is_tried_again_when_it_is_brought_again(store, write):
    path = write("sku,on_hand\nMUG,3\nNEW,1\n")
    assert run(path, "--store", "S1", "--policy", "reject_file")[0] == 2
    make_item(sku="NEW")

    code, out, _ = run(path, "--store", "S1", "--policy", "reject_file")

    assert (code, out) == (0, "2 lines: 2 applied\n")


def test_a_dry_run_tells_and_changes_nothing(store, write):
    code, out, _ = run(write("sku,on_hand\nMUG,3\nNO,1\n"), "--store", "S1", "--dry-run")

    assert code == 0
    assert out.startswith("2 lines, 1 refused, 1 applied, 0 unchanged")
    assert "line 3: unknown_sku" in out
    assert not StockLevel.objects.exists()


def test_a_file_that_cuts_too_deep_waits_for_yes(store, write):
    run(write("sku,on_hand\nMUG,90\nTEA,10\n", "before.csv"), "--store", "S1")
    path = write("sku,on_hand\nMUG,9\n")

    code, out, err = run(path, "--store", "S1", "--complete")
    assert code == 3
    assert "store S1: 100 units now, 9 then: 91 % less, 1 SKUs fall to zero" in out
    assert "--yes" in err
    assert on_hand()["S1", "TEA"] == 10

    assert run(path, "--store", "S1", "--complete", "--yes")[0] == 0
    assert on_hand() == {("S1", "MUG"): 9, ("S1", "TEA"): 0}


def test_what_happened_is_imported_as_events(store, write):
    rows = "id,sku,kind,quantity,occurred_at\ne1,MUG,return,2,2026-01-02T03:04:05Z\n"

    code, out, _ = run(write(rows), "--store", "S1", "--mode", "delta")

    assert (code, out) == (0, "1 lines: 1 applied\n")
    assert on_hand() == {("S1", "MUG"): 2}


def test_an_interrupted_import_goes_on_when_it_is_run_again(store, write, monkeypatch):
    monkeypatch.setattr(looking, "CHUNK_LINES", 1)
    path = write("sku,on_hand\nMUG,3\nTEA,4\nSOAP,5\n")
    apply_chunk = running.apply_chunk

    def interrupted(file, chunk, *others):
        if chunk.after == 1:
            raise KeyboardInterrupt
        return apply_chunk(file, chunk, *others)

    monkeypatch.setattr(running, "apply_chunk", interrupted)
    code, _, err = run(path, "--store", "S1")
    assert (code, err) == (130, "interrupted; run it again with the same file to go on")
    monkeypatch.setattr(running, "apply_chunk", apply_chunk)

    assert run(path, "--store", "S1")[:2] == (0, "3 lines: 3 applied\n")
