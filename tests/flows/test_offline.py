"""Scans without Wi-Fi in a real browser: kept, marked, and sent once each by whoever made them."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.models import PickEntry
from orders.picking.claims import claim
from tests.factories import make_fulfillment, make_item, make_store, stock
from tests.orders.picking.making import make_gtin, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTROLLED = "() => navigator.serviceWorker.controller !== null"
SECONDS = 15.0


@pytest.fixture
def store():
    store = make_store()
    make_places(store)
    return store


@pytest.fixture
def bread(store):
    bread = make_item(name="Wholemeal bread", gtin=make_gtin(1))
    stock(store, {bread: 100})
    return bread


def make_picker(store, name):
    person = User.objects.create_user(
        name, password="walks-fast-9", is_staff=True, first_name=name.title()
    )
    StaffScope.objects.create(user=person, store=store)
    return person


def log_in(page, hub, person):
    page.goto(hub + reverse("admin:login"))
    page.fill("[name=username]", person.username)
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def type_scan(page, code):
    page.wait_for_selector("input[data-scan]")
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def wait_for(wanted):
    """Let the hub get what the tablet sends, at most a quarter of a minute."""
    until = time.monotonic() + SECONDS
    while not wanted() and time.monotonic() < until:
        time.sleep(0.1)
    assert wanted()


def scans():
    return PickEntry.objects.filter(kind=PickEntry.Kind.SCAN).count()


@pytest.fixture
def pola(store):
    return make_picker(store, "pola")


@pytest.fixture
def address(page, live_server, store, bread, pola):
    """The pick page of an order of nine breads that Pola has claimed, opened with contact."""
    part = make_fulfillment(store=store, lines={bread: 9})
    claim(fulfillment=part, by=pola)
    log_in(page, live_server.url, pola)
    address = live_server.url + reverse("admin:orders_zonepick_pick", args=[part.pk])
    page.goto(address)
    page.wait_for_function(CONTROLLED)
    page.reload()  # now through the worker, which keeps what it shows
    return address


def test_scans_without_contact_outlive_a_reload_and_count_once_each(page, context, address, bread):
    type_scan(page, bread.gtin)
    page.wait_for_selector("text=1 picked, 8 still wanted")

    context.set_offline(True)
    type_scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 1")
    type_scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 2")
    page.reload()
    page.wait_for_selector("text=Unsent: 2")
    type_scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 3")
    assert scans() == 1

    context.set_offline(False)
    wait_for(lambda: scans() == 4)
    page.wait_for_selector("text=4 / 9")
    page.wait_for_selector("#unsent", state="hidden")
    assert scans() == 4


def test_a_scan_whose_answer_was_lost_counts_once(page, address, bread):
    lost = []

    def lose(route):
        lost.append(route.fetch(max_redirects=0).status)  # the hub has done it
        route.abort()

    page.route("**/step/", lose)
    type_scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 1")
    wait_for(lambda: scans() == 1)
    page.unroute("**/step/")
    page.click("button:has-text('Send now')")
    page.wait_for_selector("#unsent", state="hidden")
    page.wait_for_selector("text=1 / 9")

    assert lost
    assert scans() == 1


def test_nobody_sends_what_somebody_else_scanned(page, context, address, bread, pola):
    hub, store = address.partition("/admin")[0], pola.store_scopes.get().store
    context.set_offline(True)
    type_scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 1")
    context.clear_cookies()
    context.set_offline(False)
    page.wait_for_selector("text=They are sent when you log in again")

    log_in(page, hub, make_picker(store, "ben"))
    page.goto(hub + reverse("admin:orders_bag_staging"))
    page.wait_for_selector("text=1 unsent, made by Pola: ask Pola to log in")
    assert scans() == 0

    context.clear_cookies()
    log_in(page, hub, pola)
    page.goto(address)
    wait_for(lambda: scans() == 1)
    assert PickEntry.objects.get().by == f"staff:{pola.pk}"


def test_without_contact_other_lines_are_shown_from_the_page(page, context, address, bread, pola):
    store = pola.store_scopes.get().store
    salt = make_item(name="Sea salt", gtin=make_gtin(2))
    stock(store, {salt: 50})
    part = make_fulfillment(store=store, lines={bread: 2, salt: 3})
    claim(fulfillment=part, by=pola)
    page.goto(
        address.partition("/admin")[0] + reverse("admin:orders_zonepick_pick", args=[part.pk])
    )
    page.wait_for_selector(".hub-now .what:has-text('Wholemeal bread')")

    context.set_offline(True)
    page.click(".hub-line:has-text('Sea salt')")
    page.wait_for_selector(".hub-now .what:has-text('Sea salt')")
    page.click("button:has-text('Not there…')")
    page.click("dialog[open] button:has-text('Report it')")
    page.wait_for_selector(".hub-now .what:has-text('Wholemeal bread')")
    page.wait_for_selector(".hub-line:has-text('Sea salt') >> text=3 unsent")
    context.set_offline(False)

    wait_for(lambda: part.lines.get(item=salt).short == 3)
    page.wait_for_selector("text=3 short")
