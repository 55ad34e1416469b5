"""Scanners that are set up otherwise, and people who were logged out meanwhile."""

from __future__ import annotations

import pytest
from django.urls import reverse

from orders.picking.bags import pack
from orders.picking.claims import claim
from tests.factories import make_fulfillment, make_item, make_picking, make_store, pick_all, stock
from tests.orders.picking.making import make_gtin, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# the keys of a scanner, quicker than any tool can press them
KEYS = """keys => {
    for (const key of keys) {
        const event = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true});
        const goes = document.activeElement.dispatchEvent(event);
        const field = document.activeElement;
        if (goes && key.length === 1 && field.matches("input")) field.value += key;
        if (goes && key === "Enter") field.form.requestSubmit();
    }
}"""


@pytest.fixture
def store():
    store = make_store()
    make_places(store)
    return store


@pytest.fixture
def salt(store):
    salt = make_item(name="Salt", gtin=make_gtin(3))
    stock(store, {salt: 50})
    return salt


def scan_with_tab(page, code, then=None):
    page.evaluate(KEYS, [*code, "Tab"])
    if then:
        page.wait_for_selector(f"text={then}")


def test_a_scanner_that_ends_with_tab_counts_as_well(page, store, salt, pola):
    part = make_fulfillment(store=store, lines={salt: 2})
    claim(fulfillment=part, by=pola)
    page.goto(reverse("admin:orders_zonepick_pick", args=[part.pk]))
    scan_with_tab(page, salt.gtin, then="1 picked, 1 still wanted")
    scan_with_tab(page, "HUBDOSHORT", then="are missing")


def test_a_scanner_that_ends_with_tab_puts_bags_away_and_finds_orders(page, store, salt, pola):
    part = make_picking(store=store, lines={salt: 1})
    pick_all(part)
    pack(fulfillment=part, bags={"ambient": 1})
    page.goto(reverse("admin:orders_bag_staging"))
    scan_with_tab(page, part.bag_rows.get().barcode)
    scan_with_tab(page, "A1", then="stands in A1")
    page.goto(reverse("admin:orders_fulfillmentorder_ready"))
    scan_with_tab(page, part.order.external_id)
    page.wait_for_url(f"**{reverse('admin:orders_fulfillmentorder_change', args=[part.pk])}")


def test_a_scanner_that_sends_its_code_twice_counts_once(page, store, salt, pola):
    part = make_fulfillment(store=store, lines={salt: 5})
    claim(fulfillment=part, by=pola)
    page.goto(reverse("admin:orders_zonepick_pick", args=[part.pk]))
    page.evaluate(KEYS, [*salt.gtin, "Enter"] * 2)
    page.wait_for_selector("text=1 picked, 4 still wanted")
    page.wait_for_timeout(300)
    assert part.lines.get().picked == 1
    page.keyboard.type(salt.gtin)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 picked, 3 still wanted")


def test_who_moves_on_by_tab_sends_nothing(page, store, salt, pola):
    part = make_fulfillment(store=store, lines={salt: 2})
    claim(fulfillment=part, by=pola)
    page.goto(reverse("admin:orders_zonepick_pick", args=[part.pk]))
    page.keyboard.type(salt.gtin, delay=120)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    assert part.lines.get().picked == 0


def test_who_was_logged_out_in_the_middle_gets_back_to_the_page(page, store, salt, pola):
    part = make_fulfillment(store=store, lines={salt: 1})
    work = reverse("admin:orders_fulfillmentorder_change", args=[part.pk])
    page.goto(work)
    pola.set_password("apple-tree-1")
    pola.save()  # which ends all her sessions
    page.get_by_role("button", name="Accept", exact=True).click()
    page.fill("[name=username]", pola.username)
    page.fill("[name=password]", "apple-tree-1")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{work}")
    assert page.get_by_role("button", name="Accept", exact=True).is_visible()
