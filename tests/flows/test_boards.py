"""The boards in a real browser: they follow by themselves, and one box finds everything.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from orders.curbside.visits import arrive
from orders.models import CurbSettings, FulfillmentOrder
from tests.factories import (
    make_fulfillment,
    make_item,
    make_ready,
    make_spots,
    make_store,
    stock,
)
from tests.flows.browsing import NO_CONTACT, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOWN_MS = 2500
PARTS = "admin:orders_fulfillmentorder_"
# as fast as a scanner types: the test's own way to the browser may be slower
SCAN = """keys => { for (const key of keys) document.body.dispatchEvent(
    new KeyboardEvent("keydown", {key: key, bubbles: true, cancelable: true})) }"""


@pytest.fixture
def store():
    store = make_store(name="Warszawa Centrum")
    make_spots(store)
    return store


@pytest.fixture
def goods(store):
    goods = [make_item(name="Wholemeal bread 500 g"), make_item(name="Butter", zone="chilled")]
    stock(store, dict.fromkeys(goods, 500))
    return goods


@pytest.fixture
def staff(tablet, pola):
    """The workspace on a tablet that Pola holds."""
    return tablet


def open_board(page, tab):
    page.goto(reverse(PARTS + tab))
    page.wait_for_selector("[data-cards]")


def part_of(store, goods, number=1, make=make_fulfillment, **values):
    who = {"name": f"Ann Lee {number}", "phone": f"+4850012{number:04}"}
    return make(store=store, lines=dict.fromkeys(goods, 1), customer=who, **values)


def test_a_new_order_appears_on_the_pick_board_by_itself_with_count_and_sound(staff, store, goods):
    open_board(staff, "pick")
    staff.wait_for_selector("text=Nothing to pick")
    part = part_of(store, goods)
    begun = time.monotonic()

    staff.wait_for_selector(f".hub-card:has-text('{part.order.external_id}')", timeout=10_000)
    took = (time.monotonic() - begun) * 1000

    assert took < SHOWN_MS
    assert staff.locator("[data-tab=pick] b").inner_text() == "1"
    assert f"New: {part.order.external_id}" in staff.locator("[data-heard]").inner_text()
    assert staff.get_attribute("[data-board]", "data-sounded") == "1"
    assert staff.locator("[data-awake]").inner_text()


def test_another_boards_count_and_a_promise_that_breaks_are_told_where_one_looks(
    staff, store, goods
):
    part, ready = part_of(store, goods), part_of(store, goods, 2, make_ready)
    rows = FulfillmentOrder.objects.filter(pk=part.pk)
    rows.update(promised_at=clock.now() + timedelta(seconds=8))
    open_board(staff, "pick")
    staff.wait_for_selector(".hub-card.warning:has-text('at risk')")

    staff.wait_for_selector(".hub-card.danger:has-text('too late')", timeout=15_000)
    arrive(fulfillment=ready, spot="2")

    staff.wait_for_selector("[data-tab=arrivals] b:has-text('1')", timeout=5000)
    staff.wait_for_selector(".hub-hand [data-count=exceptions]:has-text('1')", timeout=5000)
    assert "Arrivals: 1" in staff.locator("[data-heard]").inner_text()


def test_a_board_that_was_offline_says_so_and_catches_up_at_once(staff, store, goods, trouble):
    trouble.allow(*NO_CONTACT)
    open_board(staff, "pick")
    staff.wait_for_selector("text=Live · last contact", timeout=5000)
    staff.context.set_offline(True)
    staff.wait_for_selector("text=No contact since", timeout=5000)
    part = part_of(store, goods)

    staff.context.set_offline(False)

    staff.wait_for_selector(f".hub-card:has-text('{part.order.external_id}')", timeout=SHOWN_MS)


def test_what_has_the_focus_keeps_it_when_the_cards_come_anew(staff, store, goods):
    part = part_of(store, goods)
    open_board(staff, "pick")
    link = f".hub-card:has-text('{part.order.external_id}') .hub-button"
    staff.focus(link)

    other = part_of(store, goods, 2)
    staff.wait_for_selector(f".hub-card:has-text('{other.order.external_id}')", timeout=5000)

    href = staff.evaluate("document.activeElement.getAttribute('href')")
    assert href == reverse("admin:orders_zonepick_pick", args=[part.pk])


def test_four_digits_typed_into_the_one_box_open_the_order(staff, store, goods):
    part, _ = part_of(store, goods, 4711), part_of(store, goods, 815)
    open_board(staff, "pick")

    staff.keyboard.press("/")
    staff.keyboard.type("4711")
    staff.keyboard.press("Enter")

    staff.wait_for_url(f"**{reverse(PARTS + 'change', args=[part.pk])}")


def test_a_scanner_needs_no_field(staff, store, goods):
    part, _ = part_of(store, goods), part_of(store, goods, 2)
    open_board(staff, "pick")

    staff.evaluate(SCAN, [*part.order.external_id, "Enter"])

    staff.wait_for_url(f"**{reverse(PARTS + 'change', args=[part.pk])}")


def test_the_boards_fit_every_screen(staff, store, goods):
    fill(store, goods)
    User.objects.update(is_superuser=True)
    make_store(name="Kraków Rynek")
    pages = {name: reverse(PARTS + name) for name in ("pick", "ready", "exceptions")}
    pages["today"] = reverse("admin:index")
    pages["find"] = reverse(PARTS + "find") + "?term=ann"
    pages["sheet"] = reverse(PARTS + "ready_sheet") + f"?store={store.code}"
    look_at_all(staff, {f"board-{name}": where for name, where in pages.items()})


def fill(store, goods):
    """Parts in every band and state, and somebody at the curb."""
    CurbSettings.objects.create(store=store)
    for number, minutes in enumerate([-12, 4, 55, 180], 1):
        part = part_of(store, goods, number)
        FulfillmentOrder.objects.filter(pk=part.pk).update(
            promised_at=clock.now() + timedelta(minutes=minutes),
            created_at=clock.now() - timedelta(minutes=20),
        )
    for number, hours in enumerate([-2, 0.1, 30], 5):
        part = part_of(store, goods, number, make_ready)
        FulfillmentOrder.objects.filter(pk=part.pk).update(
            expires_at=clock.now() + timedelta(hours=hours), staging_location="A1"
        )
    arrive(fulfillment=part, spot="2", vehicle="blue Škoda, WX 12345")
