"""The one formula: its terms, which rule wins, and that the guard agrees with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from hub import clock
from inventory.api import availability as door
from inventory.errors import InsufficientStock
from inventory.models import ChannelBuffer, SafetyStock, StockLevel
from inventory.services.allocations import allocate
from inventory.services.availability import Availability, available, protected_units
from inventory.services.counts import record_counts
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG", category="kitchen")
    stock(store, {item: 10})
    return item


def ask(channel, store, item):
    return available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])[store.pk, item.pk]


@pytest.mark.parametrize(("on_hand", "atp"), [(20, 5), (15, 0), (14, 0), (0, 0)])
def test_the_number_is_what_is_left_and_never_below_zero(on_hand, atp):
    terms = Availability(
        on_hand=on_hand,
        unavailable=1,
        allocated=2,
        held=3,
        safety_stock=4,
        channel_buffer=5,
        counted_at=None,
    )

    assert terms.atp == atp


def test_damaged_units_are_not_sold(store, channel, mug):
    StockLevel.objects.update(unavailable=4)

    assert ask(channel, store, mug).atp == 6
    with pytest.raises(InsufficientStock):
        allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 7})
    allocate(reference="ful_2", channel=channel, store=store, lines={mug.pk: 6})


def test_the_most_specific_safety_stock_wins_even_when_it_is_zero(store, channel, mug):
    rules: list[dict[str, Any]] = [
        {"units": 7},
        {"category": "kitchen", "units": 6},
        {"item": mug, "units": 5},
        {"store": store, "units": 4},
        {"store": store, "category": "kitchen", "units": 3},
        {"store": store, "item": mug, "units": 0},
    ]
    seen = [ask(channel, store, mug).safety_stock]

    for rule in rules:
        SafetyStock.objects.create(**rule)
        seen.append(ask(channel, store, mug).safety_stock)

    assert seen == [0, 7, 6, 5, 4, 3, 0]


def test_rules_of_other_stores_items_and_categories_do_not_count(store, channel, mug):
    other = make_store()
    for rule in (
        {"store": other},
        {"store": other, "item": mug},
        {"item": make_item()},
        {"store": store, "item": make_item()},
        {"category": "garden"},
        {"store": store, "category": "garden"},
    ):
        SafetyStock.objects.create(units=9, **rule)

    assert ask(channel, store, mug).safety_stock == 0


def test_a_rule_for_an_item_and_a_category_at_once_is_refused(mug):
    with pytest.raises(ValidationError, match="not both"):
        SafetyStock(item=mug, category="kitchen", units=1).full_clean()


def test_an_item_without_a_category_follows_the_rule_for_everything(store, channel):
    plain = make_item()
    SafetyStock.objects.create(units=2)
    SafetyStock.objects.create(store=store, category="kitchen", units=3)

    assert ask(channel, store, plain).safety_stock == 2


def test_a_buffer_hides_units_from_its_own_site_only(store, channel, mug):
    ChannelBuffer.objects.create(channel=channel, units=3)

    assert ask(channel, store, mug).atp == 7
    assert ask(make_channel(), store, mug).atp == 10
    assert protected_units(channel=channel, store=store, item_ids=[mug.pk]) == {mug.pk: 3}


def test_the_age_of_the_number_is_that_of_the_last_count_or_complete_snapshot(store, channel, mug):
    noon = clock.now() - timedelta(minutes=5)

    record_counts(
        store=store,
        source="pos",
        as_of=noon,
        counts={"MUG": 10},
        event_prefix="full",
        complete=True,
    )

    assert ask(channel, store, mug).counted_at == noon


def test_many_items_in_many_stores_are_one_query(channel, django_assert_num_queries):
    stores = [make_store() for _ in range(5)]
    items = [make_item() for _ in range(5)]
    stock(stores[1], {items[2]: 4})

    with django_assert_num_queries(1):
        found = available(
            channel=channel,
            store_ids=[store.pk for store in stores],
            item_ids=[item.pk for item in items],
        )

    assert len(found) == 25
    assert sum(terms.atp for terms in found.values()) == 4


def test_the_guard_sells_exactly_what_the_formula_shows(store, channel, mug):
    SafetyStock.objects.create(store=store, units=2)
    ChannelBuffer.objects.create(channel=channel, units=1)
    shown = ask(channel, store, mug).atp

    with pytest.raises(InsufficientStock) as refusal:
        allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: shown + 1})
    allocate(reference="ful_2", channel=channel, store=store, lines={mug.pk: shown})

    assert refusal.value.lines[0]["available"] == shown == 7
    assert ask(channel, store, mug).atp == 0


def test_a_replica_is_read_where_there_is_one(settings, monkeypatch):
    assert door.database() == "default"

    monkeypatch.setitem(settings.DATABASES, "replica", settings.DATABASES["default"])

    assert door.database() == "replica"
