"""Writing stock off: into the ledger once, under a name, and never more than there is."""

from __future__ import annotations

import pytest
from django.urls import reverse

from hub.errors import Invalid
from inventory.models import BundlePart, InventoryEvent, StockLevel
from orders.writing_off import BundleHasNoStock, NotOnHand, write_off
from tests.factories import make_item, make_store, stock
from tests.orders.picking.making import make_gtin, make_picker

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def mug(store):
    mug = make_item(name="Blue mug", gtin=make_gtin(12))
    stock(store, {mug: 10})
    return mug


@pytest.fixture
def picker(store, client):
    picker = make_picker(store)
    client.force_login(picker)
    return picker


def level(store, item):
    row = StockLevel.objects.get(store=store, item=item)
    return row.on_hand, row.unavailable


@pytest.mark.parametrize(("reason", "after"), [("damaged", (10, 3)), ("spoilage", (7, 0))])
def test_damaged_units_stay_on_hand_and_lost_ones_do_not(store, mug, picker, reason, after):
    asked = {"store": store, "item": mug, "units": 3, "reason": reason, "by": picker}

    write_off(**asked, token="one")
    write_off(**asked, token="one")

    assert level(store, mug) == after
    event = InventoryEvent.objects.get(source_event_id="write_off:one")
    assert event.reference == f"staff:{picker.pk}"


def test_more_than_there_is_is_refused(store, mug, picker):
    asked = {"store": store, "item": mug, "reason": "lost", "by": picker}
    with pytest.raises(NotOnHand):
        write_off(**asked, units=11, token="one")
    with pytest.raises(Invalid):
        write_off(**asked | {"reason": "gone"}, units=1, token="two")
    assert level(store, mug) == (10, 0)


def test_a_bundle_is_written_off_by_its_parts(store, mug, picker):
    bundle = make_item()
    BundlePart.objects.create(bundle=bundle, part=mug, quantity=2)
    with pytest.raises(BundleHasNoStock):
        write_off(store=store, item=bundle, units=1, reason="lost", by=picker, token="one")


def test_it_is_scanned_confirmed_and_done_on_one_page(client, store, mug, picker):
    address = reverse("admin:orders_putback_write_off")
    page = client.get(address, {"code": mug.gtin}).content.decode()
    assert "The books have 10  fit to be sold." in page
    asked = {"store": store.code, "item": mug.pk, "units": 4, "reason": "theft", "token": "t"}

    reply = client.post(reverse("admin:orders_putback_write_off_do"), asked, follow=True)

    assert "4 written off, 6 are left" in reply.content.decode()
    assert level(store, mug) == (6, 0)
    unknown = client.get(address, {"code": "nothing"}).content.decode()
    assert "No item has the code nothing" in unknown


def test_other_stores_are_not_there(client, store, mug, picker):
    asked = {"store": make_store().code, "item": mug.pk, "units": 1, "reason": "lost", "token": "t"}
    address = reverse("admin:orders_putback_write_off_do")
    assert client.post(address, asked).status_code == 404
