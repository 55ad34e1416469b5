"""Recalls, shortfalls and clocks in a real browser, on a phone, a tablet and a desk.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
from inventory.models import PullTask, Recall, ShortfallCase
from inventory.services.allocations import allocate
from inventory.services.clocks import ahead_by_store
from inventory.services.holds import place_hold
from orders.curbside.handing import hand_off
from orders.models import RecalledPart
from orders.recalls.services import collect_parts, settle_batch
from tests.factories import (
    make_channel,
    make_fulfillment,
    make_item,
    make_ready,
    make_store,
    pin_of,
    stock,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 800)}


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def glass(store):
    item = make_item(sku="PESTO-190", name="Basil pesto 190 g in a glass", gtin="5901234123457")
    stock(store, {item: 48})
    return item


@pytest.fixture(autouse=True)
def trouble(page):
    """What a page must not do: complain in the console, or fail."""
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert not found


@pytest.fixture
def go(page, live_server):
    """Open an admin page by its name."""

    def open_page(name, *args):
        page.goto(live_server.url + reverse(f"admin:{name}", args=args))

    return open_page


def log_in(page, live_server, name, **values):
    User.objects.create_user(name, password="walks-fast-9", is_staff=True, **values)
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", name)
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    return User.objects.get(username=name)


def picture(page, name):
    """The page at every size, none wider than its screen."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        page.screenshot(path=PICTURES / f"cases-{name}-{size}.png", full_page=True)
        assert wider <= 0, f"{name} is {wider} pixels too wide on a {size}"


def test_goods_are_called_back_pulled_and_sold_again_by_taps(page, live_server, go, store, glass):
    other = make_store(name="Kraków Rynek")
    stock(other, {glass: 20})
    waiting = make_ready(store=store, lines={glass: 2})
    make_fulfillment(store=store, lines={glass: 1})
    gone = make_ready(store=store, lines={glass: 1})
    hand_off(fulfillment=gone, pin=pin_of(gone), by=None)
    log_in(page, live_server, "chief", is_superuser=True)

    go("inventory_recall_add")
    picture(page, "recall-empty")
    page.fill("[name=sku]", "PESTO-190")
    page.fill("[name=lot]", "L-17")
    page.fill("[name=reason]", "Glass splinters found by the maker")
    page.click("button:has-text('Show what it reaches')")
    page.wait_for_selector("text=Stores with stock")
    picture(page, "recall-preview")
    page.click("button:has-text('Stop its sale everywhere now')")
    page.wait_for_selector("text=Stores done")
    recall = Recall.objects.get()
    collect_parts(recall=recall)
    settle_batch()
    page.reload()
    picture(page, "recall-case")

    person = log_in_again(page, live_server, store)
    go("orders_fulfillmentorder_exceptions")
    picture(page, "recall-exceptions")
    page.click("text=Pull recalled goods")
    page.wait_for_selector("text=only lot L-17")
    picture(page, "pull")
    page.click(f".hub-pick:has-text('{waiting.order.external_id}') button")
    page.wait_for_selector("text=The order may move on")
    page.fill("[name=units]", "7")
    page.click("button:has-text('They are apart: done')")
    page.wait_for_selector(".hub-pill:has-text('Done')")
    picture(page, "pull-done")
    task = PullTask.objects.get(store=store)
    assert (task.units_pulled, task.done_by) == (7, person.username)
    go("inventory_pulltask_changelist")
    picture(page, "pulls")
    go("orders_fulfillmentorder_change", held_back(recall))
    picture(page, "blocked-work")


def held_back(recall):
    """A part that the recall holds back."""
    rows = RecalledPart.objects.filter(recall=recall, block__isnull=False)
    return rows.filter(block__lifted_at__isnull=True)[0].fulfillment_id


def log_in_again(page, live_server, store):
    page.context.clear_cookies()
    person = log_in(page, live_server, "pola")
    StaffScope.objects.create(user=person, store=store)
    return person


def test_who_waits_is_read_at_a_glance(page, live_server, go, store, glass):
    channel = make_channel()
    for number, (units, hours) in enumerate([(12, 3), (20, 1), (9, 6)]):
        allocate(
            reference=f"ful_01kz3x9v5t2q8m4n6p7r8s9w{number:02}",
            channel=channel,
            store=store,
            lines={glass.pk: units},
            promised_at=clock.now() + timedelta(hours=hours),
        )
    place_hold(channel=channel, store=store, lines={glass.pk: 3}, minutes=60)
    stock(store, {glass: 25}, minutes_ago=0)
    log_in(page, live_server, "chief", is_superuser=True)

    go("inventory_shortfallcase_change", ShortfallCase.objects.get().pk)
    picture(page, "shortfall")
    go("inventory_shortfallcase_changelist")
    picture(page, "shortfalls")
    ahead_by_store(
        source="pos_01kz3x9v5t2q8m4n6p7r8s9w00",
        moments={store.pk: []},
        sent_at=clock.now() + timedelta(seconds=598),
    )
    go("inventory_sourceclock_changelist")
    picture(page, "clocks")
    go("inventory_recall_changelist")
    picture(page, "recalls-none")
