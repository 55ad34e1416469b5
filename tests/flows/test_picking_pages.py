"""Picking, packing and staging in a real browser, with a scanner that types.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from hub import clock
from inventory.models import ItemCode, ShelfPlace
from orders.actions import lock_parts
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder, PutBack
from orders.picking.bags import pack, stage
from orders.picking.batches import open_batch
from orders.picking.claims import claim
from orders.picking.scanning import scan
from orders.putting_back import ask_put_back
from tests.factories import make_fulfillment, make_item, make_picking, make_store, pick_all, stock
from tests.flows.browsing import look, look_at_all, type_scan
from tests.orders.picking.making import make_gtin, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def goods(store):
    bread = make_item(name="Wholemeal bread 500 g", gtin=make_gtin(1), fresh=True)
    butter = make_item(name="Butter, unsalted, from grass-fed cows", zone="chilled")
    peas = make_item(name="Garden peas", zone="frozen", gtin=make_gtin(3))
    ham = make_item(name="Cooked ham, sliced", unit="gram", zone="chilled", gtin=make_gtin(4))
    ItemCode.objects.create(system="plu", code="4711", item=ham)
    goods = [bread, butter, peas, ham]
    stock(store, dict.fromkeys(goods, 50_000))
    for place, item in enumerate(goods):
        location = f"Aisle {place + 1}, shelf C-{place}2"
        ShelfPlace.objects.create(store=store, item=item, location=location, sequence=place)
    make_places(store)
    return goods


def scan_anywhere(page, code, then=None):
    """A scanner needs no field: it types wherever the focus is."""
    page.wait_for_selector("input[data-scan]")
    page.evaluate("document.activeElement.blur()")
    type_scan(page, code, then)


def test_an_order_is_picked_bagged_and_staged_with_a_scanner(tablet, store, goods, pola):
    page = tablet
    bread, butter, peas, _ = goods
    part = make_fulfillment(store=store, lines={bread: 2, butter: 1, peas: 1})

    page.goto(reverse("admin:orders_fulfillmentorder_pick"))
    page.click(".hub-card .hub-button")
    page.click("button:has-text('Pick it')")
    scan_anywhere(page, peas.gtin, then="come first")
    scan_anywhere(page, make_gtin(77), then="No item has the code")
    scan_anywhere(page, bread.gtin, then="1 picked, 1 still wanted")
    scan_anywhere(page, bread.gtin, then="2 picked, complete")
    page.click("button:has-text('+ 1')")
    page.wait_for_selector("text=1 picked, complete")
    scan_anywhere(page, peas.gtin, then="Everything is accounted for")
    page.click("button:has-text('Picked: now bag it')")
    look(page, "picking-bags")
    page.click("button:has-text('Make the bags')")
    page.wait_for_selector("text=not put away")
    look(page, "picking-staging")

    bags = list(part.bag_rows.all())
    assert [bag.zone for bag in bags] == ["ambient", "chilled", "frozen"]
    for bag, place in zip(bags, ["A1", "COOL1", "ICE1"], strict=True):
        page.wait_for_selector("input[data-scan]")
        type_scan(page, bag.barcode)
        type_scan(page, place, then=f"Bag {bag.number} stands in {place}")

    part.refresh_from_db()
    assert (part.status, part.staging_location) == ("ready", "A1, COOL1, ICE1")


def test_two_orders_are_picked_on_one_way(tablet, store, goods, pola):
    page = tablet
    bread = goods[0]
    parts = [make_fulfillment(store=store, lines={bread: 1}) for _ in range(2)]

    page.goto(reverse("admin:orders_pickbatch_choose"))
    page.click("button:has-text('Pick them together')")
    scan_anywhere(page, bread.gtin, then="Put it into T1")
    scan_anywhere(page, bread.gtin, then="Put it into T2")
    look(page, "picking-batch-on-its-way")
    for _ in parts:
        page.locator("button:has-text('Picked')").first.click()
        page.wait_for_selector("text=is picked. Now bag it")

    statuses = FulfillmentOrder.objects.filter(pk__in=[part.pk for part in parts])
    assert set(statuses.values_list("status", flat=True)) == {"picked"}


def test_a_scan_puts_units_back(tablet, store, goods, pola):
    page = tablet
    butter = goods[1]
    part = make_picking(store=store, lines={butter: 2})
    pick_all(part)
    with transaction.atomic():
        lock_parts(part.order_id)
        ask_put_back(fulfillment=part, units={part.lines.get().pk: 1}, reason="canceled")

    page.goto(reverse("admin:orders_putback_todo"))
    scan_anywhere(page, butter.sku, then="cows: back on the shelf")
    assert PutBack.objects.get().outcome == "shelf"


def test_every_picking_page_fits_every_screen(tablet, store, goods, pola):
    look_at_all(tablet, _pages(store, goods, pola))


def _pages(store, goods, pola) -> dict[str, str]:
    """One address per page, with work in every state."""
    bread, butter, peas, ham = goods
    other = User.objects.create_user("ben", is_staff=True, first_name="Ben", last_name="Long")
    lines = {bread: 2, butter: 1, peas: 3, ham: 400}
    free, started, weighed, taken, packed, done, coming, late = (
        make_fulfillment(store=store, lines=lines, note="Ripe bananas, please") for _ in range(8)
    )
    FulfillmentOrder.objects.filter(pk=late.pk).update(
        promised_at=clock.now() - timedelta(minutes=17)
    )
    say_on_my_way(fulfillment=coming, minutes=9)
    arrive(fulfillment=taken, place="by the door")
    claim(fulfillment=started, by=pola)
    scan(fulfillment=started, code=bread.gtin, by=pola)
    weighed_lines = make_fulfillment(store=store, lines={ham: 400})
    claim(fulfillment=weighed_lines, by=pola)
    claim(fulfillment=taken, by=other)
    for part in (packed, done):
        claim(fulfillment=part, by=pola)
        pick_all(part)
        bags = pack(fulfillment=part, bags={"ambient": 2, "chilled": 1, "frozen": 1})
    stage(store=store, barcode=bags[0].barcode, place="A1")
    batch = open_batch(store=store, fulfillments=[weighed, late], by=pola)
    with transaction.atomic():
        lock_parts(packed.order_id)
        counts = {line.pk: line.picked for line in packed.lines.all()}
        ask_put_back(fulfillment=packed, units=counts, reason="canceled")
    pages = {
        "picking-free": reverse("admin:orders_zonepick_pick", args=[free.pk]),
        "picking-line": reverse("admin:orders_zonepick_pick", args=[started.pk]),
        "picking-weighed": reverse("admin:orders_zonepick_pick", args=[weighed_lines.pk]),
        "picking-taken": reverse("admin:orders_zonepick_pick", args=[taken.pk]),
        "picking-bags": reverse("admin:orders_zonepick_pick", args=[done.pk]),
        "picking-batch-choose": reverse("admin:orders_pickbatch_choose"),
        "picking-batch": reverse("admin:orders_pickbatch_change", args=[batch.pk]),
        "picking-staging": reverse("admin:orders_bag_staging"),
        "picking-staging-find": reverse("admin:orders_bag_staging") + "?q=3456",
        "picking-put-backs": reverse("admin:orders_putback_todo"),
        "picking-work-picked": reverse("admin:orders_fulfillmentorder_change", args=[done.pk]),
        "picking-pick": reverse("admin:orders_fulfillmentorder_pick"),
        "picking-exceptions": reverse("admin:orders_fulfillmentorder_exceptions"),
    }
    return pages | {
        f"picking-print-{kind}": reverse("admin:orders_bag_print", args=[done.pk, kind])
        for kind in ("list", "slip", "labels")
    }
