"""The staff workspace in a real browser: a pick by taps, live boards, no word from the console.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.events.models import Delivery, Fact
from orders.admin.words import said
from orders.blocks import lift_block
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder, FulfillmentStatus
from tests.factories import (
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_spots,
    make_store,
    pin_of,
    stock,
)
from tests.flows.browsing import NO_CONTACT, PHONE, look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TRACEBACK = """Traceback (most recent call last):
  File "hub/events/deliveries.py", line 61, in deliver
    reaction.run(fact, envelope)
hub.errors.ConnectorError: the till answered 503 with a very long explanation that goes on and on
"""


@pytest.fixture
def store():
    store = make_store(name="Warszawa Centrum")
    make_spots(store)
    return store


@pytest.fixture
def goods(store):
    goods = [
        make_item(name="Wholemeal bread 500 g", gtin="5901234123457"),
        make_item(name="Butter, unsalted, from grass-fed cows", zone="chilled"),
    ]
    stock(store, dict.fromkeys(goods, 500))
    return goods


@pytest.fixture
def picker(page, pola):
    """Pola with a phone."""
    page.set_viewport_size(PHONE)
    return pola


def board(tab):
    return reverse(f"admin:orders_fulfillmentorder_{tab}")


def wait_for_status(page, status):
    page.wait_for_selector(f".hub-pill:has-text('{said(status).capitalize()}')")


def test_a_picker_works_an_order_by_taps_on_a_phone(page, store, goods, picker):
    part = make_fulfillment(store=store, lines={goods[0]: 2, goods[1]: 3})

    page.goto(board("pick"))
    page.click(f"text={part.order.external_id}")
    page.click("button:has-text('Accept')")
    page.click("button:has-text('Start picking')")
    wait_for_status(page, "picking")
    page.locator("[aria-label='One less']").last.click()
    page.click("button:has-text('All counted')")
    page.fill("[name=staging_location]", "Cooler 2")
    page.fill("[name=bags]", "2")
    page.click("button:has-text('Ready for pickup')")
    wait_for_status(page, "ready")
    lift_block(block=part.order.blocks.get(reason="amount"))  # the site agrees to the lower sum
    page.reload()
    page.fill("[name=pin]", pin_of(part))
    page.fill("[name=bags]", "2")
    page.click("button:has-text('Hand over')")
    wait_for_status(page, "completed")

    part.refresh_from_db()
    assert part.status == FulfillmentStatus.COMPLETED
    assert [line.short for line in part.lines.all()] == [0, 1]


def test_boards_follow_new_work_and_arrivals_without_reload(page, store, goods, picker):
    page.goto(board("arrivals"))
    page.wait_for_selector("text=Nobody is at the curb")

    part = make_ready(store=store, lines={goods[0]: 1})
    say_on_my_way(fulfillment=part, minutes=7)
    page.wait_for_selector(".hub-card:has-text('expected in')", timeout=4000)
    arrive(fulfillment=part, spot="2", vehicle="green Skoda")
    card = page.wait_for_selector(".hub-card:has-text('Spot 2')", timeout=4000)

    assert "green Skoda" in card.inner_text()
    page.click("button:has-text('Bring it out')")
    page.wait_for_selector("text=being served", timeout=4000)


def test_a_board_says_when_it_has_lost_contact(page, picker, trouble):
    trouble.allow(*NO_CONTACT)
    page.goto(board("pick"))
    page.wait_for_selector("text=Live · last contact", timeout=5000)
    page.context.set_offline(True)
    page.wait_for_selector("text=No contact since", timeout=5000)
    page.context.set_offline(False)
    page.wait_for_selector("text=Live · last contact", timeout=5000)


def test_rejecting_asks_first(page, store, goods, picker):
    part = make_picking(store=store, lines={goods[0]: 1})
    page.goto(reverse("admin:orders_fulfillmentorder_change", args=[part.pk]))
    page.click("text=We cannot do this order")
    page.click("dialog[open] >> button:has-text('Back')")
    part.refresh_from_db()
    assert part.status == FulfillmentStatus.PICKING
    page.click("text=We cannot do this order")
    page.click("dialog[open] >> button:has-text('Reject the order')")
    wait_for_status(page, "rejected")


def test_the_login_page_is_clean(page):
    page.goto(reverse("admin:login"))
    look(page, "staff-login")
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "wrong")
    page.press("[name=password]", "Enter")
    page.wait_for_selector("text=Please enter the correct")
    look(page, "staff-login-refused")


def test_every_page_fits_every_screen(page, store, goods, chief):
    pages = _pages(store, goods, chief)
    look_at_all(page, {f"staff-{name}": where for name, where in pages.items()})


def _pages(store, goods, person) -> dict[str, str]:
    """One address per kind of page, with work in every state."""
    lines = {goods[0]: 2, goods[1]: 1}
    proposed = make_fulfillment(store=store, lines=lines, note="Ripe bananas, please")
    picking, ready = make_picking(store=store, lines=lines), make_ready(store=store, lines=lines)
    FulfillmentOrder.objects.filter(pk=picking.pk).update(
        promised_at=clock.now() - timedelta(minutes=17)
    )
    arrive(fulfillment=ready, spot="2", vehicle="green Skoda, WA 12345")
    say_on_my_way(fulfillment=make_ready(store=store, lines=lines), minutes=9)
    fact = Fact.objects.create(name="order.placed", data={"order_id": 7}, occurred_at=clock.now())
    parked = Delivery.objects.create(
        fact=fact, handler="orders.handlers.tell", state="parked", last_error=TRACEBACK
    )
    pages = {
        name: reverse(f"admin:orders_fulfillmentorder_{name}")
        for name in ("pick", "ready", "arrivals", "exceptions")
    }
    for name, row in {"proposed": proposed, "picking": picking, "ready": ready}.items():
        pages[f"work-{name}"] = reverse("admin:orders_fulfillmentorder_change", args=[row.pk])
    return pages | {
        "order": reverse("admin:orders_order_change", args=[ready.order_id]),
        "orders": reverse("admin:orders_order_changelist"),
        "customer": reverse("admin:customers_profile_change", args=[ready.order.profile_id]),
        "today": reverse("admin:index"),
        "stock": reverse("admin:inventory_stocklevel_changelist"),
        "store": reverse("admin:stores_store_change", args=[store.pk]),
        "key": reverse("admin:api_apikey_add"),
        "deliveries": reverse("admin:events_delivery_changelist"),
        "delivery": reverse("admin:events_delivery_change", args=[parked.pk]),
        "person": reverse("admin:auth_user_change", args=[person.pk]),
    }
