"""Scans without Wi-Fi in a real browser: kept, marked, and sent once each by whoever made them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from orders.models import PickEntry
from orders.picking.claims import claim
from tests.factories import make_fulfillment, make_item, make_store, stock
from tests.flows.browsing import NO_CONTACT, look, type_scan, wait_for
from tests.orders.picking.making import make_gtin, make_picker, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTROLLED = "() => navigator.serviceWorker.controller !== null"


@pytest.fixture(autouse=True)
def no_contact_is_no_trouble(trouble):
    trouble.allow(*NO_CONTACT, "status of 403")  # nor is having no session


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


def scan(page, code):
    page.wait_for_selector("input[data-scan]")
    page.wait_for_timeout(50)  # a person's hand needs longer between two scans
    type_scan(page, code)


def scans():
    return PickEntry.objects.filter(kind=PickEntry.Kind.SCAN).count()


@pytest.fixture
def address(page, store, bread, pola):
    """The pick page of an order of nine breads that Pola has claimed, opened with contact."""
    part = make_fulfillment(store=store, lines={bread: 9})
    claim(fulfillment=part, by=pola)
    address = reverse("admin:orders_zonepick_pick", args=[part.pk])
    page.goto(address)
    page.wait_for_function(CONTROLLED)
    page.reload()  # now through the worker, which keeps what it shows
    return address


def test_scans_without_contact_outlive_a_reload_and_count_once_each(page, context, address, bread):
    scan(page, bread.gtin)
    page.wait_for_selector("text=1 picked, 8 still wanted")

    context.set_offline(True)
    scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 1")
    scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 2")
    page.reload()
    page.wait_for_selector("text=Unsent: 2")
    scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 3")
    assert scans() == 1
    look(page, "offline-unsent")

    context.set_offline(False)
    wait_for(lambda: scans() == 4)
    page.wait_for_selector("text=4 / 9")
    page.wait_for_selector("#unsent", state="hidden")
    assert scans() == 4


def test_a_scan_whose_answer_was_lost_counts_once(page, address, bread, trouble):
    lost = []
    trouble.allow("ERR_FAILED")

    def lose(route):
        lost.append(route.fetch(max_redirects=0).status)  # the hub has done it
        route.abort()

    page.route("**/step/", lose)
    scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 1")
    wait_for(lambda: scans() == 1)
    page.unroute("**/step/")
    page.click("button:has-text('Send now')")
    page.wait_for_selector("#unsent", state="hidden")
    page.wait_for_selector("text=1 / 9")

    assert lost
    assert scans() == 1


def test_nobody_sends_what_somebody_else_scanned(page, log_in, address, bread, pola):
    context = page.context
    store = pola.store_scopes.get().store
    context.set_offline(True)
    scan(page, bread.gtin)
    page.wait_for_selector("text=Unsent: 1")
    context.clear_cookies()
    context.set_offline(False)
    page.wait_for_selector("text=They are sent when you log in again")

    log_in(make_picker(store, first_name="Ben"))
    page.goto(reverse("admin:orders_bag_staging"))
    page.wait_for_selector("text=1 unsent, made by Pola Mak: ask Pola Mak to log in")
    look(page, "offline-anothers")
    assert scans() == 0

    context.clear_cookies()
    log_in(pola)
    page.goto(address)
    wait_for(lambda: scans() == 1)
    assert PickEntry.objects.get().by == f"staff:{pola.pk}"


def test_without_contact_other_lines_are_shown_from_the_page(page, context, address, bread, pola):
    store = pola.store_scopes.get().store
    salt = make_item(name="Sea salt", gtin=make_gtin(2))
    stock(store, {salt: 50})
    part = make_fulfillment(store=store, lines={bread: 2, salt: 3})
    claim(fulfillment=part, by=pola)
    page.goto(reverse("admin:orders_zonepick_pick", args=[part.pk]))
    page.wait_for_selector(".hub-now .what:has-text('Wholemeal bread')")

    context.set_offline(True)
    page.click(".hub-line:has-text('Sea salt')")
    page.wait_for_selector(".hub-now .what:has-text('Sea salt')")
    page.click("button:has-text('Not there…')")
    page.click("dialog[open] button:has-text('Report it')")
    page.wait_for_selector(".hub-now .what:has-text('Wholemeal bread')")
    page.wait_for_selector(".hub-line:has-text('Sea salt') >> text=3 unsent")
    look(page, "offline-short")
    context.set_offline(False)

    wait_for(lambda: part.lines.get(item=salt).short == 3)
    page.wait_for_selector("text=3 short")
