"""Recalls, shortfalls and clocks in a real browser, on a phone, a tablet and a desk.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
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
from tests.flows.browsing import look
from tests.orders.picking.making import make_picker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def glass(store):
    item = make_item(sku="PESTO-190", name="Basil pesto 190 g in a glass", gtin="5901234123457")
    stock(store, {item: 48})
    return item


@pytest.fixture
def go(page):
    """Open an admin page by its name."""

    def open_page(name, *args):
        page.goto(reverse(f"admin:{name}", args=args))

    return open_page


def test_goods_are_called_back_pulled_and_sold_again_by_taps(  # noqa: PLR0917  fixtures
    page, go, log_in, store, glass, chief
):
    other = make_store(name="Kraków Rynek")
    stock(other, {glass: 20})
    waiting = make_ready(store=store, lines={glass: 2})
    make_fulfillment(store=store, lines={glass: 1})
    gone = make_ready(store=store, lines={glass: 1})
    hand_off(fulfillment=gone, pin=pin_of(gone), by=None)

    go("inventory_recall_add")
    look(page, "cases-recall-empty")
    page.fill("[name=sku]", "PESTO-190")
    page.fill("[name=lot]", "L-17")
    page.fill("[name=reason]", "Glass splinters found by the maker")
    page.click("button:has-text('Show what it reaches')")
    page.wait_for_selector("text=Stores with stock")
    look(page, "cases-recall-preview")
    page.click("button:has-text('Stop its sale everywhere now')")
    page.wait_for_selector("text=Stores done")
    recall = Recall.objects.get()
    collect_parts(recall=recall)
    settle_batch()
    page.reload()
    look(page, "cases-recall-case")

    person = log_in(make_picker(store))
    go("orders_fulfillmentorder_exceptions")
    look(page, "cases-recall-exceptions")
    page.click("text=Pull recalled goods")
    page.wait_for_selector("text=only lot L-17")
    look(page, "cases-pull")
    page.click(f".hub-pick:has-text('{waiting.order.external_id}') button")
    page.wait_for_selector("text=The order may move on")
    page.fill("[name=units]", "7")
    page.click("button:has-text('They are apart: done')")
    page.wait_for_selector(".hub-pill:has-text('Done')")
    look(page, "cases-pull-done")
    task = PullTask.objects.get(store=store)
    assert (task.units_pulled, task.done_by) == (7, person.username)
    go("inventory_pulltask_changelist")
    look(page, "cases-pulls")
    go("orders_fulfillmentorder_change", held_back(recall))
    look(page, "cases-blocked-work")


def held_back(recall):
    """A part that the recall holds back."""
    rows = RecalledPart.objects.filter(recall=recall, block__isnull=False)
    return rows.filter(block__lifted_at__isnull=True)[0].fulfillment_id


def test_who_waits_is_read_at_a_glance(page, go, store, glass, chief):
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

    go("inventory_shortfallcase_change", ShortfallCase.objects.get().pk)
    look(page, "cases-shortfall")
    go("inventory_shortfallcase_changelist")
    look(page, "cases-shortfalls")
    ahead_by_store(
        source="pos_01kz3x9v5t2q8m4n6p7r8s9w00",
        moments={store.pk: []},
        sent_at=clock.now() + timedelta(seconds=598),
    )
    go("inventory_sourceclock_changelist")
    look(page, "cases-clocks")
    go("inventory_recall_changelist")
    look(page, "cases-recalls-none")
