"""A picker's shift by scanner keystrokes alone: no tap, no mouse."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import make_fulfillment, make_item, make_store, stock
from tests.flows.browsing import look, type_scan
from tests.orders.picking.making import make_gtin, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    store = make_store()
    make_places(store)
    return store


def test_a_picker_needs_nothing_but_a_scanner(page, store, pola):
    bread = make_item(name="Bread", gtin=make_gtin(1))
    milk = make_item(name="Milk", gtin=make_gtin(2), zone="chilled")
    salt = make_item(name="Salt", gtin=make_gtin(3))
    stock(store, dict.fromkeys([bread, milk, salt], 50))
    first = make_fulfillment(store=store, lines={bread: 1, salt: 2, milk: 1})
    second = make_fulfillment(store=store, lines={bread: 1})

    page.goto(reverse("admin:orders_zonepick_next"))
    type_scan(page, "HUBDOTAKE", then="Yours: ambient, chilled")
    look(page, "shift-picking")
    type_scan(page, bread.gtin, then="1 picked, complete")
    type_scan(page, salt.gtin, then="1 picked, 1 still wanted")
    type_scan(page, milk.gtin, then="Milk: 1 picked, complete")
    type_scan(page, "HUBDOSHORT", then="are missing")
    look(page, "shift-short")
    type_scan(page, "HUBDOYES", then="Everything is accounted for")
    type_scan(page, "HUBDODONE", then="Now bag it")
    type_scan(page, "HUBDOBAG", then="Print the labels")
    look(page, "shift-staging")
    bags = list(first.bag_rows.order_by("number"))
    type_scan(page, "COOL1")  # the place first: that is understood as well
    type_scan(page, bags[1].barcode, then="Bag 2 stands in COOL1")
    type_scan(page, bags[0].barcode)
    type_scan(page, "A1", then="The order is ready")
    look(page, "shift-ready")
    type_scan(page, "HUBDONEXT", then="Pick it")
    type_scan(page, "HUBDOTAKE", then="Yours: ambient")
    type_scan(page, first.order.external_id, then="That is no item")
    look(page, "shift-hand-off")

    assert "/handoff/part/" in page.url
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("ready", "picking")
    assert first.lines.get(item=salt).short == 1
