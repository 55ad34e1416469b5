"""The page «Why?» of a stock level: the numbers, who has the units, and who may look."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
from inventory.admin.picture import REASONS, parts_of, reasons_of
from inventory.api import availability as door
from inventory.models import BundlePart, ChannelBuffer, SafetyStock, SalesStop, StockLevel
from inventory.services.allocations import allocate
from inventory.services.availability import Availability, available
from inventory.services.explaining import explain, tell
from inventory.services.holds import place_hold
from inventory.services.incoming import expect
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_person, make_store, stock
from tests.inventory.test_stock_events import event

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def channel():
    return make_channel(name="Green shop")


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG")
    stock(store, {item: 10})
    return item


@pytest.fixture
def level(store, mug):
    return StockLevel.objects.get(store=store, item=mug)


@pytest.fixture
def buy(channel, store, mug):
    def units(reference, count):
        allocate(reference=reference, channel=channel, store=store, lines={mug.pk: count})

    return units


@pytest.fixture
def hold(channel, store, mug):
    def units(count):
        return place_hold(channel=channel, store=store, lines={mug.pk: count}).public_id

    return units


@pytest.fixture
def page(client, clerk, level):
    """Its text, as somebody of the store reads it now."""
    return lambda: text_of(client.get(address(level)))


@pytest.fixture
def clerk(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def address(level):
    return reverse("admin:inventory_stocklevel_why", args=[level.pk])


def position(**terms):
    usual = dict.fromkeys(Availability._fields, 0) | {"on_hand": 10, "counted_at": None}
    return Availability(**(usual | {"stops": []} | terms))


def text_of(reply):
    assert reply.status_code == 200
    html = reply.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index('class="hub"') :]).split())


def test_the_page_names_the_carts_orders_stops_and_deliveries(page, store, mug, buy, hold):
    on_display = event(store, mug, "move", 1, state="display")
    record_stock_events(source="pos", events=[on_display])
    buy("ful_1", 3)
    held = hold(2)
    SafetyStock.objects.create(store=store, units=4)
    due = clock.now() + timedelta(days=2)
    expect(source="erp", reference="DN-7", store=store, expected_at=due, units={mug.pk: 24})
    SalesStop.objects.create(item=mug, reason="short_pick", store=store, created_by="pola")

    text = page()

    for told in (held, "ful_1", "DN-7", "pola", "Short pick", "Display", "Count of 10"):
        assert told in text
    assert "Can be promised 0" in text
    assert str(REASONS["short_pick"]) in text


def test_the_page_tells_each_site_its_own_number(page, channel):
    other = make_channel(name="Blue shop")
    ChannelBuffer.objects.create(channel=other, units=10)

    text = page()

    assert re.search(r"Green shop 10 can be promised", text)
    assert re.search(r"Blue shop 0 can be promised", text)


def test_every_number_on_the_page_is_that_of_the_formula(store, channel, mug):
    allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 3})
    asked = available(channel=channel, store_ids=[store.pk], item_ids=[mug.pk])

    story = tell(store=store, item=mug)

    assert story.positions == [(channel, asked[store.pk, mug.pk])]


def test_more_promised_than_there_is_said(page, store, mug, buy):
    buy("ful_1", 8)
    stock(store, {mug: 5}, minutes_ago=0)

    assert "3 more are promised than are there" in page()


def test_another_stores_page_does_not_exist(client, clerk):
    item, other = make_item(), make_store()
    stock(other, {item: 1})

    assert client.get(address(StockLevel.objects.get(store=other))).status_code == 404
    assert client.get("/admin/inventory/stocklevel/99999999999999999999/why/").status_code == 404


def test_the_list_and_the_level_lead_to_the_page(client, clerk, level):
    listed = client.get(reverse("admin:inventory_stocklevel_changelist")).content.decode()
    opened = client.get(reverse("admin:inventory_stocklevel_change", args=[level.pk]))

    assert address(level) in listed
    assert address(level) in opened.content.decode()


def test_a_person_without_any_store_does_not_see_it(client, level):
    client.force_login(User.objects.create_user("nobody", is_staff=True))

    assert client.get(address(level)).status_code == 404


@pytest.mark.parametrize(
    ("terms", "bar"),
    [
        ({"atp": 10}, [("available", 10, 100.0)]),
        ({"atp": 6, "held": 4}, [("held", 4, 40.0), ("available", 6, 60.0)]),
        (
            {"allocated": 8, "safety_stock": 5},
            [("allocated", 8, 80.0), ("safety_stock", 5, 20.0), ("available", 0, 0.0)],
        ),
        (
            {"held": 1, "stops": ["recalled"]},
            [("held", 1, 10.0), ("stopped", 9, 90.0), ("available", 0, 0.0)],
        ),
        ({"on_hand": 0, "allocated": 2}, [("allocated", 2, 0.0), ("available", 0, 0.0)]),
    ],
)
def test_the_parts_of_the_bar_fill_it_and_never_more(terms, bar):
    parts = parts_of(position(**terms))

    assert [(part.code, part.units, part.percent) for part in parts] == bar


def test_every_reason_has_a_sentence():
    assert set(door.REASONS) <= set(REASONS)


def test_a_reason_without_a_sentence_is_told_as_it_is():
    assert reasons_of(position(stops=["sold_twice"])) == ["sold twice.", REASONS["never_counted"]]


def test_however_much_there_is_the_page_asks_as_many_questions(
    page, buy, hold, django_assert_max_num_queries
):
    StockLevel.objects.update(on_hand=F("on_hand") + 1000)
    for number in range(30):
        buy(f"ful_{number}", 1)
        hold(1)

    with django_assert_max_num_queries(28):  # ten of them are the menu's
        page()


def test_a_bundle_is_explained_by_what_becomes_of_its_parts(store, channel, mug, buy):
    tea, gift = make_item(sku="TEA"), make_item(sku="GIFT")
    stock(store, {tea: 50})
    for part, quantity in ((mug, 2), (tea, 1)):
        BundlePart.objects.create(bundle=gift, part=part, quantity=quantity)
    buy("ful_1", 3)
    place_hold(channel=channel, store=store, lines={gift.pk: 3})

    story = explain(channel=channel, store=store, item=gift)

    assert (story.position.atp, story.position.on_hand) == (0, 10)
    assert [(row.sku, row.units) for row in story.orders] == [("MUG", 3)]
    assert sorted((row.sku, row.units) for row in story.holds) == [("MUG", 6), ("TEA", 3)]
