"""The switches and the preparation times in a real browser, on a phone, a tablet and a desk.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.clock import turned_to
from hub.stores.models import StoreSwitch
from orders.curbside.visits import say_on_my_way
from orders.models import FulfillmentOrder
from tests.factories import make_fulfillment, make_item, make_ready, make_store, stock
from tests.flows.browsing import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOON = datetime(2026, 1, 14, 11, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with turned_to(NOON):
        yield


@pytest.fixture
def store():
    store = make_store(code="W-01", name="Warszawa Centrum")
    item = make_item(name="Wholemeal bread 500 g")
    stock(store, {item: 500})
    for minute in range(40):
        part = make_fulfillment(store=store, lines={item: 1})
        placed = clock.now() - timedelta(days=minute % 9 + 1, hours=minute % 7 - 3)
        FulfillmentOrder.objects.filter(pk=part.pk).update(
            created_at=placed,
            ready_at=placed + timedelta(minutes=20 + minute * 7 % 60),
            promised_first=placed + timedelta(minutes=60),
            promised_at=NOON + timedelta(hours=1 + minute % 6),
        )
    say_on_my_way(fulfillment=make_ready(store=store, lines={item: 2}), minutes=12)
    return store


@pytest.mark.usefixtures("chief")
def test_a_lead_looks_at_a_closing_presses_the_button_and_undoes_it(page, store):
    page.goto(reverse("admin:stores_storeswitch_board"))
    look(page, "switches")
    page.fill("[name=closes]", "14:00")
    page.locator("form:has([name=closes]) [name=reason]").fill("Snow, the buses stop at three")
    page.locator("form:has([name=closes])").locator("text=Show what changes").click()
    page.wait_for_selector("text=Nothing has changed yet")
    look(page, "switches-preview")
    assert not StoreSwitch.objects.exists()

    page.click("button:has-text('Close at 14:00')")
    page.wait_for_selector("text=Customers are being told")
    look(page, "switches-on")
    assert StoreSwitch.objects.get().closed_at is None

    page.click("button:has-text('Undo')")
    page.wait_for_selector("text=Undone.")
    assert StoreSwitch.objects.get().closed_at


@pytest.mark.usefixtures("chief")
def test_preparation_times_are_bars_with_their_numbers(page, store):
    page.goto(reverse("admin:orders_windowbooking_times"))
    page.wait_for_selector("text=By the hour in which they were placed")
    look(page, "switches-times")


@pytest.mark.usefixtures("chief")
def test_a_stores_promise_is_set_on_its_page(page, store):
    page.goto(reverse("admin:stores_store_change", args=[store.pk]))
    page.wait_for_selector("text=Promise and windows")
    look(page, "switches-store")
