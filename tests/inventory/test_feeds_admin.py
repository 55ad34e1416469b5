"""The staff pages of what sources call things: layouts, codes, and trying a layout."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inventory.models import (
    FeedLayout,
    ItemCode,
    StockFile,
    StockLevel,
    UnmappedCode,
)
from inventory.services import trying
from tests.factories import (
    make_item,
    make_layout,
    make_person,
    make_store,
    make_unmapped,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def feeds(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"


@pytest.fixture(autouse=True)
def chief(client):
    person = User.objects.create_superuser("chief", password="right-and-long")
    client.force_login(person)
    return person


def page(model, view="changelist", *args):
    return reverse(f"admin:inventory_{model}_{view}", args=args)


def layout_form(**values):
    return {
        "code": "till",
        "source": "pos-1",
        "active": "on",
        "mode": "snapshot",
        "policy": "reject_rows",
        "most_drop_percent": "40",
        "delimiter": ";",
        "encoding": "cp1252",
    } | values


def test_a_layout_is_made_from_one_field_per_column(client):
    form = layout_form(column_sku="Artikel", column_on_hand="Bestand", code_systems="PLU, gtin,")

    client.post(page("feedlayout", "add"), form)

    layout = FeedLayout.objects.get()
    assert layout.columns == {"sku": "Artikel", "on_hand": "Bestand"}
    assert layout.code_systems == ["plu", "gtin"]
    assert (layout.delimiter, layout.encoding) == (";", "cp1252")


def test_a_layout_can_be_of_files_with_tabs(client):
    client.post(page("feedlayout", "add"), layout_form(delimiter="\t"))

    assert FeedLayout.objects.get().delimiter == "\t"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"column_sku": "x", "column_store": "X "}, "Another field reads this column too."),
        ({"code_systems": "plu, <b>"}, "is no name of a code system"),
        ({"delimiter": "ab"}, "is not one of the available choices"),
        ({"delimiter": ""}, "This field is required."),
    ],
)
def test_a_layout_that_cannot_be_is_refused_in_words(client, values, sentence):
    reply = client.post(page("feedlayout", "add"), layout_form(**values))

    assert sentence in reply.content.decode()
    assert not FeedLayout.objects.exists()


def test_a_saved_layout_shows_its_columns_again(client):
    layout = make_layout(columns={"sku": "Artikel"}, code_systems=["plu"])

    html = client.get(page("feedlayout", "change", layout.pk)).content.decode()

    assert 'value="Artikel"' in html
    assert 'value="plu"' in html


def test_the_code_of_a_layout_stays_for_its_drop_folder_is_named_so(client):
    layout = make_layout(code="till")

    client.post(page("feedlayout", "change", layout.pk), layout_form(code="other", source="new"))

    layout.refresh_from_db()
    assert (layout.code, layout.source) == ("till", "new")


def test_an_unmapped_code_leads_to_a_filled_in_form_and_is_gone_afterwards(client):
    make_layout(source="pos-1", code_systems=["sku", "plu"])
    unmapped, item = make_unmapped(source="pos-1", code="4011"), make_item()
    other = make_unmapped(source="pos-2", code="4011")

    to_form = client.get(page("unmappedcode", "map", unmapped.pk))
    form = client.get(to_form.url).content.decode()
    sent = {"system": "plu", "code": "4011", "item": item.pk, "units": "6"}
    done = client.post(to_form.url, sent)

    assert 'value="4011"' in form
    assert 'value="plu"' in form
    assert done.url == page("unmappedcode")
    assert ItemCode.objects.get().units == 6
    # the other source does not know PLUs
    assert list(UnmappedCode.objects.all()) == [other]


def test_units_of_a_code_are_edited_in_the_list(client):
    code = ItemCode.objects.create(system="gtin", code="1", item=make_item())
    form = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": code.pk,
        "form-0-units": "12",
        "_save": "Save",
    }

    client.post(page("itemcode"), form)

    code.refresh_from_db()
    assert code.units == 12


def send_map(client, text, encoding="utf-8"):
    file = SimpleUploadedFile("map.csv", text.encode(encoding))
    return client.post(page("itemcode", "import"), {"file": file})


def test_a_code_map_is_imported_whole(client):
    mug, tea = make_item(sku="MUG"), make_item(sku="TEA")
    ItemCode.objects.create(system="plu", code="1", item=tea)
    ItemCode.objects.create(system="plu", code="2", item=tea)
    make_unmapped(code="0590")

    send_map(client, "\ufeffSystem,code,sku,units\nplu,1,MUG,\nplu,2,TEA,1\n\ngtin,0590,MUG,12\n")

    codes = {(row.system, row.code): (row.item, row.units) for row in ItemCode.objects.all()}
    assert codes == {("plu", "1"): (mug, 1), ("plu", "2"): (tea, 1), ("gtin", "0590"): (mug, 12)}
    assert not UnmappedCode.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("code,sku\n1,MUG\n", "the first line must name"),
        ("", "The submitted file is empty."),
        ("system,code,sku,units\n", "the file names no code"),
        ("system,code,sku,units\nplu,1,MUG,1\nplu,1,MUG,2\n", "line 3: the code was named before"),
        ("system,code,sku,units\nplu,1,NIX,1\n", "line 2: no item"),
        ("system,code,sku,units\nplu,1,MUG,0\n", "line 2: units lie between"),
        ("system,code,sku,units\nplu,1,MUG,1.5\n", "line 2: units are a whole number"),
        ("system,code,sku,units\nplu,1,MUG,٣\n", "line 2: units are a whole number"),
        ("system,code,sku,units\nplu,1,MUG," + "9" * 5000 + "\n", "line 2: units are a whole"),
        ("system,code,sku,units\nplu,,MUG,1\n", "line 2: a code has 1 to"),
        ("system,code,sku,units\n" + "p" * 31 + ",1,MUG,1\n", "line 2: a system has 1 to"),
        ("system,code,sku,units\nplu,\x00,MUG,1\n", "NUL"),
        ("system,code,sku,units\nplu," + "x" * 200_000 + ",MUG,1\n", "field larger than"),
    ],
)
def test_a_code_map_with_a_bad_line_changes_nothing_and_says_why(client, text, sentence):
    make_item(sku="MUG")

    reply = send_map(client, text)

    assert sentence in reply.content.decode()
    assert not ItemCode.objects.exists()


def test_a_code_map_in_another_encoding_is_refused(client):
    reply = send_map(client, "system,code,sku,units\nplu,1,MÜG,1\n", encoding="cp1252")

    assert "the file is not UTF-8" in reply.content.decode()


# --- trying a layout --------------------------------------------------------------------------


def try_with(client, layout, content):
    file = SimpleUploadedFile("sample.csv", content)
    return client.post(page("feedlayout", "try", layout.pk), {"file": file}, follow=True)


def test_a_layout_is_tried_with_a_file_and_nothing_changes(client, settings):
    store, mug = make_store(code="S1"), make_item(sku="MUG")
    stock(store, {mug: 100})
    columns = {"sku": "Artikel", "on_hand": "Bestand"}
    layout = make_layout(
        columns=columns, delimiter=";", encoding="cp1252", store=store, code_systems=["sku", "plu"]
    )

    reply = try_with(
        client, layout, "Artikel;Bestand;Größe\nMUG;5\nNIX;1\nMUG;-2\n".encode("cp1252")
    )

    html, trial = reply.content.decode(), reply.context["trial"]
    assert trial.rows == [["", "MUG", "5"], ["", "NIX", "1"], ["", "MUG", "-2"]]
    assert [(c.ours, c.theirs, c.found) for c in trial.columns] == [
        ("store", "store", False),
        ("sku", "Artikel", True),
        ("on_hand", "Bestand", True),
    ]
    for text in ("Not read: Größe", "unknown_sku", "invalid_quantity", "100 → <b>5</b>"):
        assert text in html
    assert "?system=plu&amp;code=NIX" in html
    assert StockLevel.objects.get().on_hand == 100
    assert not StockFile.objects.exists()
    assert not UnmappedCode.objects.exists()
    assert not list((settings.FEEDS_DIR / "received").iterdir())


def test_of_a_long_file_the_beginning_is_tried_and_nothing_taken_for_missing(client, monkeypatch):
    monkeypatch.setattr(trying, "MOST_ROWS", 2)
    store, goods = make_store(), [make_item(sku=f"SKU-{n}") for n in range(3)]
    stock(store, dict.fromkeys(goods, 30))
    layout = make_layout(store=store, complete=True)

    reply = try_with(client, layout, b"sku,on_hand\nSKU-0,29\nSKU-1,30\nSKU-2,30\n")

    preview = reply.context["trial"].preview
    assert (preview["applied"], preview["zeroed"], preview["stores_cut"]) == (1, 0, 0)
    assert "Only the first" in reply.content.decode()


def test_a_layout_of_changes_is_tried_too(client):
    store, _ = make_store(code="S1"), make_item(sku="MUG")
    layout = make_layout(mode="delta", store=store)
    line = {"id": "1", "sku": "MUG", "kind": "sale", "quantity": 2}
    line |= {"occurred_at": "2026-11-01T08:00:00Z"}

    reply = try_with(client, layout, json.dumps(line).encode() + b"\n")

    assert reply.context["trial"].problem == ""
    assert "1</b> stock events" in reply.content.decode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"sku;on_hand\nMUG;1\n", "names no column sku or on_hand"),
        (b"sku,on_hand\nM\xdcG,1\n", "Line 2 is not UTF-8."),
        (b"sku,on_hand\nMUG,\x001\n", "holds a NUL"),
        (b'sku,on_hand\n"MUG,1\n', "Line"),
        (b"\x1f\x8b\x08nonsense", "gzip data"),
        (b"sku,on_hand\n" + b"x" * 20_000 + b"\n", "is longer than"),
        (b"", "The submitted file is empty."),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_words(client, content, sentence):
    make_item(sku="MUG")

    reply = try_with(client, make_layout(store=make_store()), content)

    assert reply.status_code == 200
    assert sentence in reply.content.decode()


def test_a_layout_cannot_be_tried_by_who_may_not_see_it(client):
    layout = make_layout()
    client.force_login(make_person())

    reply = client.post(page("feedlayout", "try", layout.pk), {})

    assert reply.status_code == 404
