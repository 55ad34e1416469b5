"""What a rule would change, told before it is saved: the right numbers, and nothing remains."""

import threading
from functools import partial

import pytest
from django.db import connection, transaction

from hub.stores.models import Store
from inventory.models import (
    BundlePart,
    ChannelBuffer,
    Item,
    SafetyStock,
    SalesStop,
    StockLevel,
    StockTouch,
    StoreFeed,
)
from inventory.services import previewing
from inventory.services.allocations import allocate
from inventory.services.availability import available
from inventory.services.changes import head
from inventory.services.previewing import Scope, preview
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def town(channel):
    """Two stores with 10 mugs (kitchen) and 3 teas each."""
    stores = [make_store(code="S1"), make_store(code="S2")]
    mug, tea = make_item(sku="MUG", category="kitchen"), make_item(sku="TEA")
    for store in stores:
        stock(store, {mug: 10, tea: 3})
    head()
    return stores, mug, tea


def seen(found):
    return (len(found.items), len(found.stores), found.positions, found.to_zero, found.back)


def make(model, **values):
    return partial(model.objects.create, **values)


def test_a_rule_for_all_counts_every_sku_and_store(town):
    found = preview(change=make(SafetyStock, units=3), scopes=[Scope()])

    assert seen(found) == (2, 2, 4, 2, 0)
    assert found.complete
    first = found.examples[0]
    assert (first.store.code, first.item.sku, first.before, first.after) == ("S1", "TEA", 3, 0)


@pytest.mark.parametrize(
    ("rule", "scope", "numbers"),
    [
        ({"store": 0}, {"store_id": 0}, (2, 1, 2, 1, 0)),
        ({"item": "MUG"}, {"item_id": "MUG"}, (1, 2, 2, 0, 0)),
        ({"category": "kitchen"}, {"category": "kitchen"}, (1, 2, 2, 0, 0)),
        ({"store": 1, "item": "TEA"}, {"store_id": 1, "item_id": "TEA"}, (1, 1, 1, 1, 0)),
    ],
)
def test_a_narrow_rule_is_counted_where_it_works(rule, scope, numbers, town):
    stores, mug, tea = town
    things = {0: stores[0], 1: stores[1], "MUG": mug, "TEA": tea}
    values = {name: things.get(value, value) for name, value in rule.items()}
    where = {n: things[v].pk if v in things else v for n, v in scope.items()}

    found = preview(change=make(SafetyStock, units=3, **values), scopes=[Scope(**where)])

    assert seen(found) == numbers


def test_what_comes_back_when_a_rule_goes_is_told(town):
    stores, mug, _ = town
    stop = SalesStop.objects.create(item=mug, store=stores[0], reason="not_for_pickup")
    rows = SalesStop.objects.filter(pk=stop.pk)

    found = preview(change=rows.delete, scopes=[Scope(store_id=stores[0].pk, item_id=mug.pk)])

    assert seen(found) == (1, 1, 1, 0, 1)
    assert rows.exists()


def test_a_position_is_counted_once_however_many_sites_see_it_change(town, channel):
    make_channel()

    found = preview(change=make(SafetyStock, units=3), scopes=[Scope()])

    assert seen(found) == (2, 2, 4, 2, 0)


def test_a_buffer_is_looked_at_for_its_site_alone(town, channel):
    make_channel(code="other")

    found = preview(
        change=make(ChannelBuffer, channel=channel, percent=50),
        scopes=[Scope(channel_id=channel.pk)],
    )

    assert seen(found) == (2, 2, 4, 0, 0)
    assert {example.channel for example in found.examples} == {channel}


def test_a_late_feed_is_previewed(town):
    store = town[0][0]
    StoreFeed.objects.create(store=store, counted_as_of="2026-01-01T00:00:00Z")
    rows = StoreFeed.objects.filter(store=store)

    found = preview(
        change=lambda: rows.update(expected_minutes=60), scopes=[Scope(store_id=store.pk)]
    )

    assert seen(found) == (2, 1, 2, 2, 0)


def test_bundles_change_with_their_parts(town, channel):
    _, mug, tea = town
    gift = make_item(sku="GIFT")
    for part in (mug, tea):
        BundlePart.objects.create(bundle=gift, part=part)

    found = preview(change=make(SafetyStock, item=mug, units=9), scopes=[Scope(item_id=mug.pk)])

    changes = {(row.store.code, row.item.sku): (row.before, row.after) for row in found.examples}
    assert changes == {
        ("S1", "GIFT"): (3, 1),
        ("S1", "MUG"): (10, 1),
        ("S2", "GIFT"): (3, 1),
        ("S2", "MUG"): (10, 1),
    }


def test_nothing_of_a_preview_remains(town):
    before = list(StockLevel.objects.order_by("pk").values())

    preview(change=make(SalesStop, item=town[1], reason="recalled"), scopes=[Scope()])
    preview(change=make(SafetyStock, units=3), scopes=[Scope()])

    assert not SalesStop.objects.exists()
    assert not SafetyStock.objects.exists()
    assert not StockTouch.objects.exists()
    assert list(StockLevel.objects.order_by("pk").values()) == before


def test_a_preview_without_time_says_how_far_it_came(town, monkeypatch):
    monkeypatch.setattr(previewing, "POSITIONS", 1)

    found = preview(change=make(SafetyStock, units=3), scopes=[Scope()], seconds=0)

    assert (found.stores_seen, found.stores_in_scope, found.complete) == (1, 2, False)
    assert seen(found) == (2, 1, 2, 1, 0)


def test_the_preview_of_a_rule_is_what_the_rule_does(town, channel):
    stores, mug, tea = town
    allocate(reference="ful_1", channel=channel, store=stores[0], lines={mug.pk: 8})
    places, goods = [store.pk for store in stores], [mug.pk, tea.pk]
    before = available(channel=channel, store_ids=places, item_ids=goods)

    found = preview(change=make(SafetyStock, units=2), scopes=[Scope()])
    SafetyStock.objects.create(units=2)

    after = available(channel=channel, store_ids=places, item_ids=goods)
    told = {(row.store.pk, row.item.pk): (row.before, row.after) for row in found.examples}
    changed = {key: (before[key].atp, after[key].atp) for key in before}
    assert told == {key: pair for key, pair in changed.items() if pair[0] != pair[1]}


def test_only_the_first_examples_are_kept_those_that_fall_to_zero_first(town):
    store = town[0][0]
    stock(store, {make_item(): number for number in range(2, 22)})

    found = preview(change=make(SafetyStock, units=3), scopes=[Scope()])

    assert len(found.examples) == previewing.MOST_EXAMPLES
    assert found.examples[0].after == 0


def test_closed_stores_and_sites_are_left_out(town, channel):
    Store.objects.filter(code="S2").update(active=False)
    Item.objects.filter(sku="TEA").update(active=False)

    found = preview(change=make(SafetyStock, units=3), scopes=[Scope()])

    assert seen(found) == (1, 1, 1, 0, 0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_what_is_sold_meanwhile_is_not_the_rules_doing_and_nobody_waits_afterwards(channel):
    store, mug, tea = make_store(), make_item(sku="MUG"), make_item(sku="TEA")
    stock(store, {mug: 10, tea: 10})

    def change():
        SafetyStock.objects.create(store=store, item=tea, units=3)
        buyer = threading.Thread(target=buy)
        buyer.start()
        buyer.join(10)
        assert not buyer.is_alive()

    def buy():
        allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 1})
        connection.close()

    found = preview(change=change, scopes=[Scope(store_id=store.pk)])

    assert seen(found) == (1, 1, 1, 0, 0)
    with transaction.atomic():
        SafetyStock.objects.create(store=store, item=tea, units=4)
