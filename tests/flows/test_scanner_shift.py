"""A picker's shift by scanner keystrokes alone: no tap, no mouse."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub.stores.models import StaffScope
from tests.factories import make_fulfillment, make_item, make_store, stock
from tests.orders.picking.making import make_gtin, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    store = make_store()
    make_places(store)
    return store


def say(page, code, then):
    """A scanner types, ends with Enter, and the page answers."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text={then}")


def test_a_picker_needs_nothing_but_a_scanner(page, live_server, store):
    person = User.objects.create_user("pola", password="walks-fast-9", is_staff=True)
    StaffScope.objects.create(user=person, store=store)
    bread = make_item(name="Bread", gtin=make_gtin(1))
    milk = make_item(name="Milk", gtin=make_gtin(2), zone="chilled")
    salt = make_item(name="Salt", gtin=make_gtin(3))
    stock(store, dict.fromkeys([bread, milk, salt], 50))
    first = make_fulfillment(store=store, lines={bread: 1, salt: 2, milk: 1})
    second = make_fulfillment(store=store, lines={bread: 1})
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", "pola")
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")

    page.goto(live_server.url + reverse("admin:orders_zonepick_next"))
    say(page, "HUBDOTAKE", then="Yours: ambient, chilled")
    say(page, bread.gtin, then="1 picked, complete")
    say(page, salt.gtin, then="1 picked, 1 still wanted")
    say(page, milk.gtin, then="Milk: 1 picked, complete")
    say(page, "HUBDOSHORT", then="are missing")
    say(page, "HUBDOYES", then="Everything is accounted for")
    say(page, "HUBDODONE", then="Now bag it")
    say(page, "HUBDOBAG", then="Print the labels")
    bags = list(first.bag_rows.order_by("number"))
    page.keyboard.type("COOL1")  # the place first: that is understood as well
    page.keyboard.press("Enter")
    say(page, bags[1].barcode, then="Bag 2 stands in COOL1")
    page.keyboard.type(bags[0].barcode)
    page.keyboard.press("Enter")
    say(page, "A1", then="The order is ready")
    say(page, "HUBDONEXT", then="Pick it")
    say(page, "HUBDOTAKE", then="Yours: ambient")
    say(page, first.order.external_id, then="That is no item")

    assert "/handoff/part/" in page.url
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("ready", "picking")
    assert first.lines.get(item=salt).short == 1
    assert not trouble
