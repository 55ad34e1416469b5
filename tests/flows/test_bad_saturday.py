"""A lead's bad Saturday in a real browser: goods that are not there, a till that is down for two
hours, a recall, snow, and people who do not come.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from hub.clock import turned_to
from hub.stores.models import StoreSwitch
from inventory.models import PullTask
from inventory.services.recalls import open_recall
from orders.clocks.collecting import expire_due
from orders.models import FulfillmentOrder, PutBack
from orders.picking.services import accept
from orders.recalls.services import collect_parts, settle_batch
from tests.factories import (
    make_fulfillment,
    make_item,
    make_ready,
    make_role,
    make_store,
    stock,
)
from tests.flows.browsing import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SATURDAY = datetime(2026, 1, 17, 9, tzinfo=UTC)


@pytest.fixture
def store():
    return make_store(code="W-01", name="Warszawa Centrum")


@pytest.fixture
def goods(store):
    bread, salad = make_item(name="Wholemeal bread 500 g"), make_item(name="Potato salad 400 g")
    stock(store, {bread: 200, salad: 60})
    return bread, salad


@pytest.fixture
def lead(tablet, log_in, store):
    return log_in(make_role("Store lead", store, first_name="Lena"))


@pytest.fixture
def go(page):
    """Open an admin page by its name, and look at it on every screen."""

    def open_page(name, *args):
        page.goto(reverse(f"admin:{name}", args=args))
        look(page, f"saturday-{name}")

    return open_page


def test_a_lead_gets_through_a_bad_saturday(page, go, store, goods, lead):
    bread, salad = goods
    with turned_to(SATURDAY):
        waiting = make_ready(store=store, lines={salad: 2})
        uncollected = make_ready(store=store, lines={bread: 1})
        picked = make_fulfillment(store=store, lines={bread: 3})
        accept(fulfillment=picked)

        # nine o'clock: one loaf of three is not there
        go("orders_zonepick_pick", picked.pk)
        page.click("button:has-text('Pick it')")
        page.click("button:has-text('+ 1')")
        page.wait_for_selector("text=1 picked, 2 still wanted")
        page.click("button:has-text('+ 1')")
        page.wait_for_selector("text=2 picked, 1 still wanted")
        page.click("button:has-text('Not there…')")
        page.click("dialog[open] button:has-text('Report it')")
        page.wait_for_selector("text=Everything is accounted for")
        assert picked.lines.get().short == 1

        # ten: the till is dead for two hours
        go("stores_storeswitch_board")
        till = page.locator("form:has([name=kind][value=pos_down])")
        till.locator("[name=lasts]").select_option("120")
        till.locator("[name=reason]").fill("The server room is flooded")
        till.locator("button").click()
        page.wait_for_selector("text=Nothing has changed yet")
        page.locator("#preview form.step button").click()
        page.wait_for_selector("button:has-text('Undo')")
        down = StoreSwitch.objects.get(kind="pos_down")
        assert timedelta(hours=1, minutes=55) < down.until - SATURDAY <= timedelta(hours=2)

        # eleven: a salad is called back; somebody's order has it
        recall = open_recall(item=salad, reason="Listeria", by="operations")
        collect_parts(recall=recall)
        settle_batch()
        go("orders_fulfillmentorder_exceptions")
        page.click("text=Pull recalled goods")
        page.click(f".hub-pick:has-text('{waiting.order.external_id}') button")
        page.wait_for_selector("text=The order may move on")
        page.fill("[name=units]", "60")
        page.click("button:has-text('They are apart: done')")
        page.wait_for_selector(".hub-pill:has-text('Done')")
        assert PullTask.objects.get(store=store).done_by == lead.username

        # at noon it snows
        go("stores_storeswitch_board")
        snow = page.locator("form:has([name=kind][value=closing_early])")
        snow.locator("[name=closes]").fill("14:00")
        snow.locator("[name=reason]").fill("Snow")
        snow.locator("button").click()
        page.wait_for_selector("text=Nothing has changed yet")
        page.locator("#preview form.step button").click()
        page.wait_for_selector("text=Customers are being told")

    # three days later somebody has not come: the goods go back
    later = FulfillmentOrder.objects.get(pk=uncollected.pk).expires_at + timedelta(minutes=5)
    with turned_to(later):
        expire_due()
        go("orders_putback_todo")
        bread_card = page.locator(".hub-card:has-text('Wholemeal bread')")
        bread_card.locator("button:has-text('Back on the shelf')").click()
        page.wait_for_selector("text=500 g: back on the shelf")
    assert PutBack.objects.filter(outcome="shelf").exists()
    uncollected.refresh_from_db()
    assert uncollected.status == "expired"
