"""Goods by weight: labels from the scales, tolerance, and what lies beyond it."""

import pytest

from hub.errors import HubError
from inventory.models import ItemCode, SalesStop, StockLevel
from orders.picking.codes import check_digit
from orders.picking.errors import (
    PickMismatch,
    TooMany,
    WeightNeeded,
)
from orders.picking.scanning import scan, take_out
from orders.picking.services import finish_picking
from orders.picking.splitting import complete_picking
from tests.factories import make_item, make_picking, make_store, stock
from tests.orders.picking.making import make_picker
from tests.orders.test_invariants import broken

pytestmark = pytest.mark.django_db


def picking(lines, extra=2):
    store = make_store()
    stock(store, {item: units * extra for item, units in lines.items()})
    return make_picking(store=store, lines=lines)


def someone(part):
    return make_picker(part.store)


def level(part, item):
    return StockLevel.objects.get(store=part.store_id, item=item)


def line_of(part, item):
    return part.lines.select_related("item", "fulfillment").get(item=item)


@pytest.fixture
def ham():
    ham = make_item(unit="gram", zone="chilled")
    ItemCode.objects.create(system="plu", code="123", item=ham)
    return ham


def label(plu, grams):
    body = f"2{plu:06}{grams:05}"
    return f"{body}{check_digit(body)}"


@pytest.mark.parametrize("grams", [460, 500, 540])
def test_what_the_scales_say_is_what_the_customer_gets(ham, grams):
    part = picking({ham: 500})
    by = someone(part)
    scan(fulfillment=part, code=label(123, grams), by=by)
    complete_picking(fulfillment=part)
    line = line_of(part, ham)
    assert (part.status, line.picked, line.allocated - line.short) == ("picked", grams, grams)
    assert level(part, ham).allocated == grams
    assert not SalesStop.objects.exists()
    assert broken() == set()


def test_labels_are_read_as_the_scales_of_the_chain_print_them(ham, settings):
    settings.WEIGHT_BARCODE = "29WWWWWPPPPPC"
    part = picking({ham: 500})
    body = "29" + "00480" + "00123"
    took = scan(fulfillment=part, code=f"{body}{check_digit(body)}", by=someone(part))
    assert took.units == 480


def test_a_label_that_tells_the_price_never_counts_as_so_many_grams_or_pieces(ham, settings):
    settings.WEIGHT_BARCODE = "2PPPPPPVVVVVC"
    part = picking({ham: 500})
    with pytest.raises(WeightNeeded):
        scan(fulfillment=part, code=label(123, 480), by=someone(part))
    assert line_of(part, ham).picked == 0
    took = scan(fulfillment=part, code=label(123, 480), by=someone(part), grams=470)
    assert took.units == line_of(part, ham).picked == 470


def test_a_piece_that_is_much_too_heavy_is_refused(ham):
    part = picking({ham: 500})
    with pytest.raises(TooMany):
        scan(fulfillment=part, code=label(123, 551), by=someone(part))


def test_grams_beyond_what_was_asked_need_free_stock(ham):
    part = picking({ham: 500}, extra=1)
    with pytest.raises(HubError) as refusal:
        scan(fulfillment=part, code=label(123, 540), by=someone(part))
    assert refusal.value.code == "not_on_hand"
    assert line_of(part, ham).picked == 0


def test_several_pieces_add_up_but_not_beyond_the_tolerance(ham):
    part = picking({ham: 500})
    by = someone(part)
    for grams in (300, 240):
        scan(fulfillment=part, code=label(123, grams), by=by)
    with pytest.raises(TooMany):
        scan(fulfillment=part, code=label(123, 1), by=by)
    take_out(line=line_of(part, ham), units=240, by=by)
    with pytest.raises(TooMany):
        scan(fulfillment=part, code=label(123, 251), by=by)


def test_a_code_without_weight_needs_the_grams(ham):
    part = picking({ham: 500})
    by = someone(part)
    with pytest.raises(WeightNeeded):
        scan(fulfillment=part, code=ham.sku, by=by)
    scan(fulfillment=part, code=ham.sku, by=by, grams=490)
    assert line_of(part, ham).picked == 490


def test_final_counts_by_weight_may_lie_a_little_beyond(ham):
    part = picking({ham: 500})
    with pytest.raises(PickMismatch):
        finish_picking(fulfillment=part, picked={line_of(part, ham).pk: 551})
    finish_picking(fulfillment=part, picked={line_of(part, ham).pk: 550})
    assert level(part, ham).allocated == 550
    assert broken() == set()
