"""The whole journey in a real browser: an order from the site to the car boot.

The site speaks HTTP; staff, customer and phone are pages in Chromium; the till, the phone and the
site's receiver are the simulators, reached over HTTP. Pictures lie in ``var/pictures`` afterwards.
"""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse

from hub.demo import facts
from hub.demo.journey import BASKET, PHONE, PRICES, STORE
from hub.demo.web import Api, created, wait_for
from hub.events.relay import Relay
from hub.stores.models import Store
from hub.webhooks.models import WebhookCall
from inventory.models import Item, StockLevel
from orders.chain.access import open_demo_access
from orders.chain.demo import demo_chain
from orders.chain.load import load
from tests.factories import stock
from tests.flows.browsing import DESK, SIZES, log_in_by_form, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NUMBER = "WEB-4711"


@pytest.fixture
def access(live_server, settings):
    """The demo chain with counted stock, and the ways in to it."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.SMS_CONNECTOR = "handset"
    settings.DEBUG = True
    load(demo_chain())
    opened = open_demo_access(demo_chain())
    store = Store.objects.get(code=STORE)
    stock(store, dict.fromkeys(Item.objects.filter(sku__in=BASKET), 30))
    return opened


@pytest.fixture
def relay():
    """A relay at work beside the test."""
    working = Relay()

    def work():
        working.run()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    working.stop()
    thread.join()


@pytest.fixture
def order(access, live_server):
    """Placed by the site over HTTP."""
    site = Api(live_server.url, access["api_keys"]["web-gb"])
    lines = [
        {"sku": sku, "quantity": units, "unit_price_minor": PRICES[sku]}
        for sku, units in BASKET.items()
    ]
    customer = {"name": "Ann Archer", "phone": PHONE, "locale": "en", "notify": ["sms"]}
    body = {
        "external_id": NUMBER,
        "pickup": {"store": STORE},
        "customer": customer,
        "currency": "GBP",
        "total_minor": 1344,
        "lines": lines,
    }
    return created(site.post("/v1/orders", body, key="first"))


@pytest.fixture
def staff(page, access):
    """A tablet at the store, logged in."""
    page.set_viewport_size(DESK)
    login = access["logins"][1]
    log_in_by_form(page, login["user"], login["password"])
    return page


@pytest.fixture
def phone(new_context):
    """The customer's own phone, which shares nothing with the store's tablet."""
    return new_context(viewport=SIZES["phone"], device_scale_factor=2).new_page()


def wait_for_fact(order, name):
    wait_for(f"the fact {name}", lambda: name in facts.names_of(order["id"]), seconds=15)


def test_an_order_goes_from_the_site_to_the_car_boot(order, relay, staff, phone, live_server):
    wait_for_fact(order, "fulfillment.acknowledged")
    work_page = facts.work_page(order["fulfillments"][0]["id"])

    staff.goto(work_page)
    picture(staff, "journey-accept")
    staff.click("button:has-text('Accept')")
    staff.click("button:has-text('Start picking')")
    picture(staff, "journey-pick")
    staff.click("button:has-text('All counted')")
    staff.fill("input[name=staging_location]", "C-2")
    staff.click("button:has-text('Ready for pickup')")
    wait_for_fact(order, "message.delivered")

    phone.goto("/sim/handset/")
    phone.click(f"text={PHONE}")
    picture(phone, "journey-phone")
    phone.click("a[href*='/p/']")
    pin = phone.locator(".digits").inner_text().replace("\n", "")
    picture(phone, "journey-pickup")
    phone.locator("input[name=spot][value='3']").check()
    phone.locator("#here-more summary").click()
    phone.locator("input[name=colour]").fill("blue")
    phone.locator("input[name=make]").fill("Skoda")
    phone.get_by_role("heading", name="Are you here?").scroll_into_view_if_needed()
    picture(phone, "journey-here")
    phone.get_by_role("button", name="I’m here").click()
    wait_for_fact(order, "visit.arrived")

    staff.goto(reverse("admin:orders_fulfillmentorder_arrivals"))
    staff.wait_for_selector(f"text={NUMBER}")
    picture(staff, "journey-arrivals")
    staff.goto(work_page)
    staff.fill("input[name=pin]", pin)
    staff.fill("input[name=bags]", "1")
    staff.click("button:has-text('Hand over')")
    wait_for_fact(order, "fulfillment.handed_off")

    wait_for(
        "every webhook", lambda: not WebhookCall.objects.exclude(state="done").exists(), seconds=15
    )
    levels = StockLevel.objects.filter(store__code=STORE, item__sku__in=BASKET)
    left = {row.item.sku: 30 - row.on_hand for row in levels.select_related("item")}
    assert left == BASKET
    assert [level.allocated for level in levels] == [0, 0, 0]
    phone.reload()
    picture(phone, "journey-receipt")
    assert "PIN" not in phone.locator("main").inner_text()
    staff.goto(facts.order_page(order["id"]))
    picture(staff, "journey-order")
