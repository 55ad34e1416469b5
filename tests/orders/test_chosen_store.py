"""Pages of one store are of the store that is looked at; words are in the reader's language."""

import pytest
from django.db import transaction
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.actions import lock_parts
from orders.curbside.handing import hand_off
from orders.models import Block
from orders.picking.claims import claim
from orders.putting_back import ask_put_back
from tests.factories import (
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    pin_of,
    stock,
)
from tests.orders.picking.making import make_gtin, make_picker, make_places

pytestmark = pytest.mark.django_db
PICK = reverse("admin:orders_fulfillmentorder_pick")
POLISH = {"accept-language": "pl"}


@pytest.fixture
def mug():
    return make_item(name="Blue mug", gtin=make_gtin(12))


@pytest.fixture
def stores(mug):
    found = [make_store(), make_store()]
    for store in found:
        make_places(store)
        stock(store, {mug: 100})
    return found


@pytest.fixture
def lead(client, stores):
    lead = make_picker(stores[0])
    StaffScope.objects.create(user=lead, store=stores[1])
    client.force_login(lead)
    return lead


@pytest.mark.parametrize(
    "page",
    [
        "orders_bag_staging",
        "orders_pickbatch_choose",
        "orders_putback_write_off",
        "orders_sign_board",
    ],
)
def test_a_page_of_one_store_asks_for_none_when_one_is_looked_at(page, client, stores, lead):
    address = reverse(f"admin:{page}")
    assert client.get(address).context["store"] is None
    client.get(PICK, {"store": stores[1].code})
    assert client.get(address).context["store"] == stores[1]
    assert client.get(address, {"store": stores[0].code}).context["store"] == stores[0]
    assert client.get(PICK).context["store_code"] == stores[0].code


def put_back_in(store, mug):
    part = make_picking(store=store, lines={mug: 1})
    pick_all(part)
    with transaction.atomic():
        lock_parts(part.order_id)
        units = {part.lines.get().pk: 1}
        return ask_put_back(fulfillment=part, units=units, reason="not collected in time")[0]


def test_a_scan_puts_back_what_the_store_has_that_is_looked_at(client, stores, mug, lead):
    here, there = put_back_in(stores[1], mug), put_back_in(stores[0], mug)
    todo = reverse("admin:orders_putback_todo")
    client.get(todo, {"store": stores[1].code})
    shown = [row["task"] for row in client.get(todo).context["rows"]]
    client.post(reverse("admin:orders_putback_step"), {"code": mug.gtin})
    here.refresh_from_db()
    there.refresh_from_db()
    assert shown == [here]
    assert here.done_at is not None
    assert there.done_at is None


def test_picking_several_is_told_in_the_readers_language(client, stores, mug, lead):
    make_fulfillment(store=stores[0], lines={mug: 1})
    choose = f"{reverse('admin:orders_pickbatch_choose')}?store={stores[0].code}"
    page = client.get(choose, headers=POLISH).content.decode()
    refused = client.post(choose, {"token": "t"}, headers=POLISH).content.decode()
    assert "Kompletuj kilka zamówień razem" in page
    assert "Pick several orders together" not in page
    assert "Tick the orders" not in refused


def test_why_a_step_cannot_be_taken_is_told_in_the_readers_language(client, stores, mug, lead):
    part = make_fulfillment(store=stores[0], lines={mug: 1})
    page = reverse("admin:orders_fulfillmentorder_change", args=[part.pk])
    said = client.get(page, headers=POLISH).content.decode()
    assert "and must be" not in said
    assert "a musi być" in said
    Block.objects.create(order=part.order, reason=Block.Reason.AGE_CHECK)
    stopped = client.get(page, headers=POLISH).content.decode()
    assert "wstrzymane" in stopped.lower()
    assert "age_check" not in stopped
    english = client.get(page).content.decode()
    assert "Stopped: age check" in english


def test_a_zone_to_be_taken_over_is_told_in_the_readers_language(client, stores, mug, lead):
    part = make_fulfillment(store=stores[0], lines={mug: 1})
    claim(fulfillment=part, by=make_picker(stores[0], first_name="Ann"))
    page = reverse("admin:orders_zonepick_pick", args=[part.pk])
    assert "Take over ambient" in client.get(page).content.decode()
    assert "ambient…" not in client.get(page, headers=POLISH).content.decode()


def test_how_an_order_was_handed_over_is_told_in_the_readers_language(client, stores, mug, lead):
    part = make_ready(store=stores[0], lines={mug: 1})
    hand_off(fulfillment=part, pin=pin_of(part), by=lead)
    page = reverse("admin:orders_order_change", args=[part.order_id])
    assert "by the PIN" in client.get(page).content.decode()
    assert ", pin" not in client.get(page, headers=POLISH).content.decode()
