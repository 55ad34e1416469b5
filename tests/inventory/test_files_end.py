"""Stock files sent over the API and followed to their end."""

from __future__ import annotations

import gzip
import json

import pytest

from hub import clock
from inventory.models import RefusedLine, StockFile, StockLevel
from inventory.tasks import run_stock_file
from tests.factories import make_item, make_layout, make_store, stock
from tests.inventory.test_files_api import AS_OF, FILE, api, api_of, channel, feeds, send, store

__all__ = ["api", "channel", "feeds", "store"]

pytestmark = pytest.mark.django_db


def run(reply):
    run_stock_file(StockFile.objects.get(public_id=reply.json()["id"]).pk)
    return reply["Location"]


def test_a_file_can_be_followed_to_its_end(api, store):
    mug, tea = make_item(sku="MUG"), make_item(sku="TEA")
    place = run(send(api, FILE + "NIX,1\nMUG,-1\n"))

    told = api.get(place).json()
    lines = b"".join(api.get(f"{place}/refused.csv").streaming_content).decode()

    assert (told["status"], told["problem"]) == ("done", None)
    assert (told["lines"], told["lines_done"], told["lines_refused"]) == (4, 4, 2)
    assert told["result"]["applied"] == 2
    assert [line.split(",")[:2] for line in lines.splitlines()] == [
        ["line", "code"],
        ["4", "unknown_sku"],
        ["5", "invalid_quantity"],
    ]
    on_hand = StockLevel.objects.values_list("item", "on_hand")
    assert dict(on_hand) == {mug.pk: 3, tea.pk: 0}


def test_lines_of_stores_beyond_the_keys_reach_are_refused(channel, store):
    make_item(sku="MUG")
    mine = make_store(code="S2")
    bound = api_of(channel, stores=[mine])

    place = run(send(bound, "store,sku,on_hand\nS1,MUG,3\nS2,MUG,4\n", query=f"as_of={AS_OF}"))

    refused = [line.code for line in RefusedLine.objects.all()]
    assert bound.get(place).json()["lines_refused"] == 1
    assert refused == ["unknown_store"]
    assert [(level.store, level.on_hand) for level in StockLevel.objects.all()] == [(mine, 4)]


def test_a_compressed_file_with_a_layout_is_read_as_the_layout_says(api, store):
    make_item(sku="MUG")
    make_layout(code="till", columns={"sku": "Artikel", "on_hand": "Bestand"}, delimiter=";")
    packed = gzip.compress(b"Artikel;Bestand\nMUG;7\n", mtime=0)

    place = run(
        send(
            api,
            packed,
            query=f"as_of={AS_OF}&layout=till&store=S1",
            Content_Encoding="gzip",
        )
    )

    assert api.get(place).json()["status"] == "done"
    assert StockLevel.objects.get().on_hand == 7


def test_changes_are_taken_from_ndjson(api, store):
    mug = make_item(sku="MUG")
    stock(store, {mug: 10})
    line = {"id": "r-1", "sku": "MUG", "kind": "sale", "quantity": 2}
    line |= {"occurred_at": clock.now().isoformat()}

    query = f"as_of={AS_OF}&mode=delta&store=S1"
    place = run(send(api, json.dumps(line), query=query, kind="application/x-ndjson"))

    assert api.get(place).json()["problem"] is None
    assert StockLevel.objects.get().on_hand == 8


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"sku;on_hand\nMUG;1\n", "wrong_header"),
        (b"on_hand,sku,sku\n1,MUG,MUG\n", "wrong_header"),
        (b"sku,on_hand\nM\xdcG,1\n", "wrong_encoding"),
        (b"sku,on_hand\nMUG,\x001\n", "nul_byte"),
        (gzip.compress(FILE.encode(), mtime=0)[:-9], "truncated_gzip"),
        (gzip.compress(b"0" * 50_000_000, mtime=0), "line_too_long"),
        (gzip.compress(b"sku,on_hand\n" + b"MUG,1\n" * 2_000_000, mtime=0), "gzip_bomb"),
        (b"sku,on_hand\n" + b"x" * 2_000_000, "line_too_long"),
    ],
)
def test_a_file_that_cannot_be_read_ends_refused_with_a_code(api, store, body, code):
    make_item(sku="MUG")

    told = api.get(run(send(api, body))).json()

    assert (told["status"], told["problem"]["code"]) == ("refused", code)
    assert not StockLevel.objects.exists()


def test_a_file_that_cuts_much_is_parked(api, store):
    mug = make_item(sku="MUG")
    stock(store, {mug: 100})

    told = api.get(run(send(api, "sku,on_hand\nMUG,3\n", query=now_query()))).json()

    assert (told["status"], told["problem"]["code"]) == ("parked", "cuts_too_deep")
    assert StockLevel.objects.get().on_hand == 100


def now_query():
    return f"as_of={clock.now():%Y-%m-%dT%H:%M:%SZ}&store=S1"
