"""What is printed: lists in the order of the shelves, slips with what is missing, labels."""

import re

import pytest

from inventory.models import ShelfPlace
from orders import fonts
from orders.picking import papers
from orders.picking.bags import pack
from orders.picking.barcodes import bars_of, svg_of
from orders.picking.documents import labels, packing_slip, pick_list
from orders.picking.services import finish_picking
from tests.factories import CUSTOMER, make_item, make_picking, make_store, pick_all, stock

pytestmark = pytest.mark.django_db


def picking(lines, **values):
    store = make_store(name="Łódź Centrum")
    stock(store, {item: units * 2 for item, units in lines.items()})
    return make_picking(store=store, lines=lines, **values)


def test_the_pick_list_follows_the_shelves_frozen_last():
    ice, far, near = make_item(zone="frozen"), make_item(), make_item(unit="gram")
    part = picking({ice: 1, far: 2, near: 500}, note="Ripe, please")
    for item, place in ((ice, 1), (far, 9), (near, 5)):
        ShelfPlace.objects.create(store=part.store, item=item, location=f"C{place}", sequence=place)
    paper = pick_list(part)
    assert [(row.location, row.amount) for row in paper.rows] == [
        ("C5", "500 g"),
        ("C9", "2 ×"),
        ("C1", "1 ×"),
    ]
    assert paper.note == "Ripe, please"


def test_the_slip_tells_what_is_there_and_what_is_missing():
    some, none = make_item(name="Mug"), make_item(name="Cup")
    part = picking({some: 3, none: 1})
    counts = {line.pk: 2 if line.item == some else 0 for line in part.lines.all()}
    finish_picking(fulfillment=part, picked=counts)
    rows = {row.name: (row.amount, row.note) for row in packing_slip(part).rows}
    assert rows == {"Mug": ("2 ×", "1 × not available"), "Cup": ("0 ×", "1 × not available")}


def test_each_bag_has_a_label_that_counts_them():
    part = picking({make_item(): 1, make_item(zone="frozen"): 1})
    pick_all(part)
    bags = pack(fulfillment=part, bags={"ambient": 2, "frozen": 1})
    found = labels(part)
    assert [(label.number, label.total, label.zone) for label in found] == [
        (1, 3, "Ambient"),
        (2, 3, "Ambient"),
        (3, 3, "Frozen"),
    ]
    assert [label.barcode for label in found] == [bag.barcode for bag in bags]


def test_bars_are_those_of_code_128():
    bars = bars_of("B123456789")
    assert sum(width for _, width in bars) == 11 * 9 + 13  # start, 7 symbols, check; stop
    assert "".join(str(width) for _, width in bars[:6]) == "211214"  # start B
    assert [is_bar for is_bar, _ in bars[:4]] == [True, False, True, False]
    assert svg_of("B1").count("<rect") == sum(is_bar for is_bar, _ in bars_of("B1"))


def test_text_that_bars_cannot_carry_is_refused():
    with pytest.raises(ValueError, match="Code 128"):
        bars_of("Łódź")


@pytest.mark.parametrize("with_font", [True, False])
@pytest.mark.parametrize("name", ["Żółć <b>&", "名前", "😀", "a" * 200, "\u202eevil"])
def test_papers_can_be_made_of_any_name(monkeypatch, name, with_font):
    fonts.font.cache_clear()
    if not with_font:
        monkeypatch.setattr(fonts, "FONTS", [])
    part = picking({make_item(name=name): 1}, customer=CUSTOMER | {"name": name[:80]})
    pick_all(part)
    pack(fulfillment=part, bags={"ambient": 1})
    for content in (
        papers.paper_pdf(packing_slip(part), timezone="Europe/Warsaw"),
        papers.labels_pdf(labels(part), timezone="Europe/Warsaw"),
    ):
        assert content.startswith(b"%PDF-")
        assert len(re.findall(rb"/Type /Page\b", content)) == 1
    fonts.font.cache_clear()


def test_without_a_font_letters_lose_their_marks_only(monkeypatch):
    fonts.font.cache_clear()
    monkeypatch.setattr(fonts, "FONTS", [])
    assert fonts.shown("Łódź Żółć Grün") == "Lodz Zolc Grun"
    fonts.font.cache_clear()
