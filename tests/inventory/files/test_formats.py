"""Every way to write the same rows, and every code for the same goods."""

import gzip
import json

import pytest

from inventory.models import (
    FeedLayout,
    ItemCode,
    StoreFeed,
    UnmappedCode,
)
from tests.factories import make_item, make_store
from tests.inventory.files.doing import MORNING, on_hand, refused, run

pytestmark = pytest.mark.django_db

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
        gzip.compress(CSV.encode(), mtime=0),
        gzip.compress(CSV[:30].encode(), mtime=0) + gzip.compress(CSV[30:].encode(), mtime=0),
        gzip.compress(NDJSON.encode(), mtime=0),
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
