"""A sandbox order, and one step on several orders at once, in a real browser.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import pytest
from django.urls import reverse

from orders.models import FulfillmentOrder, SandboxRun
from orders.picking.services import accept
from tests.factories import make_channel, make_fulfillment, make_item, make_store, stock
from tests.flows.browsing import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def goods(store):
    goods = [make_item(name="Wholemeal bread 500 g"), make_item(name="Butter", zone="chilled")]
    stock(store, dict.fromkeys(goods, 500))
    return goods


def test_a_sandbox_order_goes_from_the_first_tap_to_the_car_boot(page, store, goods, chief):
    make_channel(name="Greenleaf web shop")
    page.goto(reverse("admin:orders_sandboxrun_changelist"))
    look(page, "sandbox-none")
    page.click("text=Make a sandbox order")
    look(page, "sandbox-begin")
    page.click("button:has-text('Place it')")
    for number, step in enumerate(("accept", "pick", "ready", "arrived", "hand_off")):
        page.wait_for_selector(".hub-sandbox")
        if number in {0, 3}:
            look(page, f"sandbox-{step}")
        with page.expect_navigation():
            page.click(f"form:has([name=step][value={step}]) button")

    page.wait_for_selector(".hub-pill:has-text('Completed')")
    look(page, "sandbox-done")
    page.goto(reverse("admin:orders_sandboxrun_changelist"))
    look(page, "sandbox-list")
    assert SandboxRun.objects.get().order.fulfillments.get().status == "completed"


def test_several_orders_are_accepted_at_once_and_each_is_told_of(tablet, store, goods, pola):
    page = tablet
    parts = [make_fulfillment(store=store, lines={goods[0]: 1}) for _ in range(3)]
    accept(fulfillment=FulfillmentOrder.objects.get(pk=parts[2].pk))

    page.goto(reverse("admin:orders_zonepick_several"))
    page.locator("[data-all]").check()
    page.wait_for_selector("text=3 chosen")
    look(page, "several-chosen")
    page.click("button:has-text('Reject…')")
    look(page, "several-asked")
    page.click("dialog[open] button:has-text('Back')")
    page.click("button:has-text('Accept')")
    page.wait_for_selector("text=What came of it")
    look(page, "several-told")

    rows = FulfillmentOrder.objects.filter(pk__in=[part.pk for part in parts])
    assert set(rows.values_list("status", flat=True)) == {"accepted"}
