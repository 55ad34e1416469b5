"""Stock files in a real browser: a layout is tried, a file is uploaded, parked, decided.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

from inventory.models import ItemCode, RefusedLine, StockFile, StockLevel
from inventory.tasks import run_stock_file
from tests.factories import (
    make_item,
    make_layout,
    make_stock_file,
    make_store,
    make_unmapped,
    stock,
)
from tests.flows.browsing import look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def feeds(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"


@pytest.fixture
def store():
    store = make_store(code="KRK-01", name="Kraków Kazimierz")
    goods = {make_item(sku=f"SKU-{n}", name=f"Thing {n}"): 40 for n in range(5)}
    stock(store, goods)
    return store


@pytest.fixture
def layout(store):
    columns = {"sku": "Artikel", "on_hand": "Bestand"}
    return make_layout(
        code="warenwirtschaft",
        source="pos_krakow",
        columns=columns,
        delimiter=";",
        store=store,
        complete=True,
        code_systems=["sku", "plu"],
    )


def address(name, *args):
    return reverse(f"admin:inventory_{name}", args=args)


@pytest.fixture
def sample(tmp_path) -> Path:
    path = tmp_path / "bestand.csv"
    path.write_text(
        "Artikel;Bestand;Lager\nSKU-0;0;A\nSKU-1;3;A\nSKU-3;1;A\n4011;7;B\nSKU-2;-4;B\n"
    )
    return path


@pytest.mark.usefixtures("chief")
def test_a_layout_is_tried_and_an_unknown_code_is_mapped(page, layout, sample):
    page.goto(address("feedlayout_change", layout.pk))
    page.set_input_files("form[action$='/try/'] [name=file]", sample)
    page.click("button:has-text('Try it')")
    page.wait_for_selector("text=Nothing was changed")
    page.click("text=Say which item")
    page.click(".select2-selection")
    page.keyboard.type("SKU-4")
    page.click(".select2-results__option:has-text('SKU-4')")
    page.click("button[name=_save]")
    page.wait_for_url("**/itemcode/")

    code = ItemCode.objects.get()
    assert (code.system, code.code, code.item.sku) == ("plu", "4011", "SKU-4")


@pytest.mark.usefixtures("chief")
def test_a_file_is_uploaded_parked_and_approved_without_a_reload(page, layout, sample):
    page.goto(address("stockfile_upload"))
    page.set_input_files("[name=file]", sample)
    page.select_option("[name=layout]", label="warenwirtschaft")
    page.click("button:has-text('Upload')")
    page.wait_for_selector("text=It waits for its turn")
    file = StockFile.objects.get()

    run_stock_file(file.pk)
    page.wait_for_selector("text=What it would do", timeout=5000)
    page.click("button:has-text('Take it over…')")
    page.wait_for_timeout(2500)  # a poll must not close the question
    page.click("dialog[open] button:has-text('Take it over')")
    page.wait_for_selector("text=Approved.")
    run_stock_file(file.pk)
    page.wait_for_selector(".hub-pill:has-text('Done')", timeout=5000)

    file.refresh_from_db()
    assert file.approved_by == "chief"
    assert StockLevel.objects.get(item__sku="SKU-1").on_hand == 3


@pytest.mark.usefixtures("chief")
def test_the_list_follows_a_running_file(page):
    file = make_stock_file(status="running", lines=2_000, lines_done=500)
    page.goto(address("stockfile_changelist"))
    page.wait_for_selector("text=500 of 2,000")

    StockFile.objects.filter(pk=file.pk).update(lines_done=1_500)
    page.wait_for_selector("text=1,500 of 2,000", timeout=5000)


@pytest.mark.usefixtures("chief")
def test_every_page_of_stock_files_fits_every_screen(page, layout, sample):
    look_at_all(page, {f"files-{name}": where for name, where in _pages(layout).items()})
    page.goto(address("feedlayout_change", layout.pk))
    page.set_input_files("form[action$='/try/'] [name=file]", sample)
    page.click("button:has-text('Try it')")
    page.wait_for_selector("text=Nothing was changed")
    look(page, "files-trial")


def _pages(layout) -> dict[str, str]:
    """One address per kind of page, with files in every state."""
    cuts = [
        {
            "store": f"WAW-{n:02}",
            "name": f"Warszawa, ulica Marszałkowska {n}",
            "before": 12_000 - n,
            "after": 900 * n,
            "percent": 92 - 7 * n,
            "to_zero": 240 - n,
        }
        for n in range(1, 4)
    ]
    parked = make_stock_file(
        name="warszawa-2026-11-21.csv.gz",
        layout=layout,
        status="parked",
        lines=812_000,
        size=9_300_000,
        problem_code="cuts_too_deep",
        problem="it cuts the stock of 7 stores by more than is usual",
        preview={
            "lines": 812_000,
            "refused": 12,
            "applied": 80_000,
            "unchanged": 731_988,
            "zeroed": 4_100,
            "stores_cut": 7,
            "stores": cuts,
        },
    )
    running = make_stock_file(status="running", lines=1_000_000, lines_done=420_000)
    refused = make_stock_file(
        status="refused",
        problem_code="wrong_header",
        problem="the first line names no column sku or on_hand",
        path="received/x",
    )
    done = make_stock_file(
        layout=layout,
        status="done",
        lines=90_000,
        lines_done=90_000,
        lines_refused=40,
        result={"applied": 9_000, "unchanged": 80_960, "shortfalls": 2},
    )
    for line in range(2, 42):
        RefusedLine.objects.create(
            file=done, line=line, code="unknown_sku", detail=f"no item 'X-{line:08}'"
        )
    for n in range(5):
        make_unmapped(source="pos_krakow", code=f"X-{n:08}", file=done, times=30 - n)
    ItemCode.objects.create(
        system="gtin", code="05901234123457", item=make_item(name="Case of mugs"), units=12
    )
    files = {"parked": parked, "running": running, "refused": refused, "done": done}
    pages = {name: address("stockfile_change", file.pk) for name, file in files.items()}
    return pages | {
        "list": address("stockfile_changelist"),
        "upload": address("stockfile_upload"),
        "layout": address("feedlayout_change", layout.pk),
        "layouts": address("feedlayout_changelist"),
        "codes": address("itemcode_changelist"),
        "map": address("itemcode_import"),
        "unmapped": address("unmappedcode_changelist"),
    }
