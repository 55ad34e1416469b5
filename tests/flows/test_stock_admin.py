"""The stock pages in a real browser: they fit every screen, and a rule is confirmed by a tap.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from inventory.ledger import StockEvent
from inventory.models import (
    BundlePart,
    ChannelBuffer,
    SafetyStock,
    SalesStop,
    SignalRule,
    StockLevel,
    StoreFeed,
)
from inventory.services.allocations import allocate
from inventory.services.holds import place_hold
from inventory.services.incoming import expect
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store, stock
from tests.flows.browsing import PHONE, look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def shop():
    return make_channel(name="Greenleaf web shop")


@pytest.fixture
def butter(store, shop):
    """Twelve on hand, and every reason why few of them can be promised."""
    item = make_item(name="Butter, unsalted, from grass-fed cows", zone="chilled")
    stock(store, {item: 12})
    moved = StockEvent(
        event_id="e1",
        kind="move",
        store_id=store.pk,
        item_id=item.pk,
        quantity=1,
        state="display",
        occurred_at=clock.now(),
    )
    record_stock_events(source="till", events=[moved])
    for number in (1, 2):
        allocate(reference=f"ful_{number:026}", channel=shop, store=store, lines={item.pk: number})
    place_hold(channel=shop, store=store, lines={item.pk: 2})
    due = clock.now() + timedelta(days=2)
    expect(source="wms", reference="DN-2041", store=store, expected_at=due, units={item.pk: 24})
    return item


def address(model, view, *args):
    return reverse(f"admin:inventory_{model}_{view}", args=args)


def test_a_rule_is_saved_by_two_taps_on_a_phone(page, store, butter, chief):
    page.set_viewport_size(PHONE)
    page.goto(address("safetystock", "add"))
    page.fill("[name=units]", "6")
    page.click("button[name=_save]")
    page.wait_for_selector("text=falls to zero")
    assert not SafetyStock.objects.exists()

    page.click("button:has-text('Save it')")
    page.wait_for_selector("text=was added successfully")

    assert SafetyStock.objects.get().units == 6


def test_every_page_fits_every_screen(page, store, shop, butter, chief):
    pages = _pages(store, shop, butter)
    look_at_all(page, {f"stock-{name}": where for name, where in pages.items()})
    page.goto(address("safetystock", "change", SafetyStock.objects.get(store=store).pk))
    page.fill("[name=units]", "9")
    page.click("button[name=_save]")
    page.wait_for_selector("[data-preview]")
    look(page, "stock-preview")


def _pages(store, shop, butter) -> dict[str, str]:
    """One address per kind of page."""
    other = make_channel(name="Marketplace")
    ChannelBuffer.objects.create(channel=other, units=3, percent=10)
    safety = SafetyStock.objects.create(store=store, units=2)
    SafetyStock.objects.create(category="dairy", units=4)
    stop = SalesStop.objects.create(
        item=butter, channel=other, reason="suppressed_for_channel", created_by="Pola Nowak"
    )
    gift = make_item(name="Breakfast basket")
    BundlePart.objects.create(bundle=gift, part=butter, quantity=2)
    feed = StoreFeed.objects.create(store=store, counted_as_of=clock.now(), expected_minutes=1440)
    signal = SignalRule.objects.create(channel=shop)
    level = StockLevel.objects.get(store=store, item=butter)
    return {
        "why": address("stocklevel", "why", level.pk),
        "level": address("stocklevel", "change", level.pk),
        "levels": address("stocklevel", "changelist"),
        "safety": address("safetystock", "changelist"),
        "delete": address("safetystock", "delete", safety.pk),
        "new-safety": address("safetystock", "add"),
        "buffers": address("channelbuffer", "changelist"),
        "new-buffer": address("channelbuffer", "add"),
        "stops": address("salesstop", "changelist"),
        "stop": address("salesstop", "change", stop.pk),
        "new-stop": address("salesstop", "add"),
        "lift": address("salesstop", "delete", stop.pk),
        "feed": address("storefeed", "change", feed.pk),
        "signal": address("signalrule", "change", signal.pk),
        "bundle": address("item", "change", gift.pk),
        "unavailable": address("unavailableunits", "changelist"),
        "incoming": address("incomingunits", "changelist"),
    }
