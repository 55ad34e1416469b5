"""Picking, packing and staging in a real browser, with a scanner that types.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
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
from tests.orders.picking.making import make_gtin, make_places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 800)}


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def goods(store):
    return make_goods(store)


def make_goods(store):
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


@pytest.fixture
def trouble(page):
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert not found


@pytest.fixture
def picker(page, live_server, store, trouble):
    person = User.objects.create_user(
        "pola", password="walks-fast-9", is_staff=True, first_name="Pola"
    )
    StaffScope.objects.create(user=person, store=store)
    page.set_viewport_size({"width": 820, "height": 1180})
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", "pola")
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    return person


def type_scan(page, code, then=None):
    """A scanner types and ends with Enter, wherever the focus is."""
    page.wait_for_selector("input[data-scan]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    if then:
        page.wait_for_selector(f"text={then}")


def test_an_order_is_picked_bagged_and_staged_with_a_scanner(
    page, live_server, store, goods, picker
):
    bread, butter, peas, _ = goods
    part = make_fulfillment(store=store, lines={bread: 2, butter: 1, peas: 1})

    page.goto(live_server.url + reverse("admin:orders_fulfillmentorder_pick"))
    page.click(".hub-card .hub-button")
    page.click("button:has-text('Pick it')")
    type_scan(page, peas.gtin, then="come first")
    type_scan(page, make_gtin(77), then="No item has the code")
    type_scan(page, bread.gtin, then="1 picked, 1 still wanted")
    type_scan(page, bread.gtin, then="2 picked, complete")
    page.click("button:has-text('+ 1')")
    page.wait_for_selector("text=1 picked, complete")
    type_scan(page, peas.gtin, then="Everything is accounted for")
    page.click("button:has-text('Picked: now bag it')")
    page.click("button:has-text('Make the bags')")
    page.wait_for_selector("text=not put away")

    bags = list(part.bag_rows.all())
    assert [bag.zone for bag in bags] == ["ambient", "chilled", "frozen"]
    for bag, place in zip(bags, ["A1", "COOL1", "ICE1"], strict=True):
        page.wait_for_selector("input[data-scan]")
        page.keyboard.type(bag.barcode)
        page.keyboard.press("Enter")
        page.keyboard.type(place)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"text=Bag {bag.number} stands in {place}")

    part.refresh_from_db()
    assert (part.status, part.staging_location) == ("ready", "A1, COOL1, ICE1")


def test_two_orders_are_picked_on_one_way(page, live_server, store, goods, picker):
    bread = goods[0]
    parts = [make_fulfillment(store=store, lines={bread: 1}) for _ in range(2)]

    page.goto(live_server.url + reverse("admin:orders_pickbatch_choose"))
    page.click("button:has-text('Pick them together')")
    type_scan(page, bread.gtin, then="Put it into T1")
    type_scan(page, bread.gtin, then="Put it into T2")
    for _ in parts:
        page.locator("button:has-text('Picked')").first.click()
        page.wait_for_selector("text=is picked. Now bag it")

    statuses = FulfillmentOrder.objects.filter(pk__in=[part.pk for part in parts])
    assert set(statuses.values_list("status", flat=True)) == {"picked"}


def test_a_scan_puts_units_back(page, live_server, store, goods, picker):
    butter = goods[1]
    part = make_picking(store=store, lines={butter: 2})
    pick_all(part)
    with transaction.atomic():
        lock_parts(part.order_id)
        ask_put_back(fulfillment=part, units={part.lines.get().pk: 1}, reason="canceled")

    page.goto(live_server.url + reverse("admin:orders_putback_todo"))
    type_scan(page, butter.sku, then="cows: back on the shelf")
    assert PutBack.objects.get().outcome == "shelf"


@pytest.fixture(params=SIZES)
def size(request, page, picker):
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[request.param], strict=True)))
    return request.param


def test_every_picking_page_fits_every_screen(page, live_server, store, picker, size):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, address in _pages(store, make_goods(store), picker).items():
        page.goto(live_server.url + address)
        page.wait_for_load_state("load")
        page.screenshot(path=PICTURES / f"{name}-{size}-light.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide at {size}"
        small = page.evaluate(
            """[...document.querySelectorAll('.hub button, .hub-button, .hub input, nav button')]
            .filter(it => it.offsetParent && it.getBoundingClientRect().height < 44)
            .filter(it => it.closest('.hub'))
            .map(it => it.outerHTML.slice(0, 80))"""
        )
        assert not small, f"too small to tap on {name}: {small}"


def _pages(store, goods, picker) -> dict[str, str]:
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
    claim(fulfillment=started, by=picker)
    scan(fulfillment=started, code=bread.gtin, by=picker)
    weighed_lines = make_fulfillment(store=store, lines={ham: 400})
    claim(fulfillment=weighed_lines, by=picker)
    claim(fulfillment=taken, by=other)
    for part in (packed, done):
        claim(fulfillment=part, by=picker)
        pick_all(part)
        bags = pack(fulfillment=part, bags={"ambient": 2, "chilled": 1, "frozen": 1})
    stage(store=store, barcode=bags[0].barcode, place="A1")
    batch = open_batch(store=store, fulfillments=[weighed, late], by=picker)
    with transaction.atomic():
        lock_parts(packed.order_id)
        counts = {line.pk: line.picked for line in packed.lines.all()}
        ask_put_back(fulfillment=packed, units=counts, reason="canceled")
    pages = {
        "pick-free": reverse("admin:orders_zonepick_pick", args=[free.pk]),
        "pick-line": reverse("admin:orders_zonepick_pick", args=[started.pk]),
        "pick-weighed": reverse("admin:orders_zonepick_pick", args=[weighed_lines.pk]),
        "pick-taken": reverse("admin:orders_zonepick_pick", args=[taken.pk]),
        "pick-bags": reverse("admin:orders_zonepick_pick", args=[done.pk]),
        "batch-choose": reverse("admin:orders_pickbatch_choose"),
        "batch": reverse("admin:orders_pickbatch_change", args=[batch.pk]),
        "staging": reverse("admin:orders_bag_staging"),
        "staging-find": reverse("admin:orders_bag_staging") + "?q=3456",
        "put-backs": reverse("admin:orders_putback_todo"),
        "work-picked": reverse("admin:orders_fulfillmentorder_change", args=[done.pk]),
        "pick": reverse("admin:orders_fulfillmentorder_pick"),
        "exceptions": reverse("admin:orders_fulfillmentorder_exceptions"),
    }
    return pages | {
        f"print-{kind}": reverse("admin:orders_bag_print", args=[done.pk, kind])
        for kind in ("list", "slip", "labels")
    }
