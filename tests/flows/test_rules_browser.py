"""Rules in a real browser: hours changed after a look at the effect, a file mended and taken in.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.stores.exceptional_days import set_days
from hub.stores.models import StoreGroup
from orders.models import FulfillmentOrder, Spot
from tests.factories import make_fulfillment, make_item, make_spots, make_store, stock
from tests.flows.browsing import PHONE, look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path
    store = make_store(code="WAW", name="Warszawa Centrum")
    make_spots(store, "1 2")
    group = StoreGroup.objects.create(name="Mazowsze")
    group.stores.add(store, make_store(code="RAD", name="Radom Rynek"))
    return store


@pytest.fixture
def part(store):
    item = make_item()
    stock(store, {item: 9})
    part = make_fulfillment(store=store, lines={item: 1})
    noon = clock.now().replace(hour=11, minute=0) + timedelta(days=2)
    FulfillmentOrder.objects.filter(pk=part.pk).update(promised_at=noon, window_start=noon)
    return part


def day(ahead: int) -> date:
    return (clock.now() + timedelta(days=ahead)).date()


def test_a_day_is_closed_after_a_look_at_whom_it_touches(page, store, part, chief):
    page.set_viewport_size(PHONE)
    page.goto(f"/admin/stores/store/calendar/?store=WAW&day={day(2)}")
    page.fill("[name=first]", day(2).isoformat())
    page.fill("[name=reason]", "Snow")
    page.click("text=Show the effect")
    page.wait_for_selector("text=1 order is promised for a time when the store will be closed")
    assert not store.exceptions.exists()
    look(page, "rules-effect")
    page.click("button:has-text('Save it')")
    page.wait_for_selector("text=1 day was changed")
    assert store.exceptions.get().reason == "Snow"


def test_a_file_with_two_bad_rows_is_mended_and_taken_in(page, store, chief, tmp_path):
    address = reverse("admin:orders_spot_in", args=["spots"])
    file = tmp_path / "spots.csv"
    file.write_text("store,label,zone\nWAW,1,North\nWAV,2,North\nWAW,far too long a label,\n")
    page.goto(address)
    page.set_input_files("[name=file]", file)
    page.click("text=Look at it")
    page.wait_for_selector("[data-faults]")
    assert "WAV" in page.inner_text("[data-faults]")
    assert page.locator("[data-faults] tbody tr").count() == 2
    look(page, "rules-faults")

    file.write_text("store,label,zone\nWAW,1,North\nWAW,2,North\nWAW,3,South\n")
    page.click("text=Another file")
    page.set_input_files("[name=file]", file)
    page.click("text=Look at it")
    page.wait_for_selector("text=Take it in")
    look(page, "rules-look")
    page.click("button:has-text('Take it in')")
    page.wait_for_selector("text=3 rows were taken in")
    zones = dict(Spot.objects.values_list("label", "zone"))
    assert zones == {"1": "North", "2": "North", "3": "South"}


def test_every_page_fits_every_screen(page, store, chief):
    set_days(stores=[store.pk], days=[day(1), day(3)], opens=None, closes=None, reason="Snow")
    store.name = "Warszawa Nowa"
    store.save()
    pages = {
        "month": f"/admin/stores/store/calendar/?store=WAW&day={day(1)}",
        "week": f"/admin/stores/store/calendar/?day={day(1)}",
        "history": reverse("admin:stores_store_history", args=[store.pk]),
        "changes": reverse("admin:stores_store_changes"),
        "table": reverse("admin:stores_store_in", args=["hours"]),
        "stores": reverse("admin:stores_store_changelist"),
    }
    look_at_all(page, {f"rules-{name}": where for name, where in pages.items()})
