"""The one formula: its terms, which rule wins, and that the guard agrees with it."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from hub import clock
from hub.stores.models import Store
from inventory.api import availability as door
from inventory.errors import InsufficientStock
from inventory.models import ChannelBuffer, SafetyStock, SalesStop, StockLevel, StoreFeed
from inventory.services.allocations import allocate
from inventory.services.availability import (
    Total,
    available,
    available_by_reference,
    network_totals,
)
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
def test_the_number_is_what_is_left_and_never_below_zero(on_hand, atp, store, channel, mug):
    StockLevel.objects.update(on_hand=on_hand, unavailable=1, allocated=2, held=3)
    SafetyStock.objects.create(units=4)
    ChannelBuffer.objects.create(channel=channel, units=5)

    assert ask(channel, store, mug).atp == atp


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
    assert ask(channel, store, mug).protected == 3


@pytest.mark.parametrize(("percent", "atp"), [(0, 10), (1, 9), (25, 7), (30, 7), (100, 0)])
def test_a_percent_buffer_hides_its_share_rounded_up(percent, atp, store, channel, mug):
    ChannelBuffer.objects.create(channel=channel, percent=percent)

    assert ask(channel, store, mug).atp == atp


def test_a_percent_buffer_does_not_shrink_as_units_are_sold(store, channel, mug):
    ChannelBuffer.objects.create(channel=channel, percent=30, units=1)

    for number in range(6):
        allocate(reference=f"ful_{number}", channel=channel, store=store, lines={mug.pk: 1})

    with pytest.raises(InsufficientStock):
        allocate(reference="ful_7", channel=channel, store=store, lines={mug.pk: 1})


def silence(store, *, minutes, expected):
    """Let the store's last snapshot be so old."""
    at = clock.now() - timedelta(minutes=minutes)
    StoreFeed.objects.create(store=store, counted_as_of=at, expected_minutes=expected)


@pytest.mark.parametrize(
    ("minutes", "buffer", "atp", "stops"),
    [(59, 0, 10, []), (61, 1, 9, []), (200, 3, 7, []), (241, 4, 0, ["stale_feed"])],
)
def test_a_feed_that_falls_silent_hides_ever_more(minutes, buffer, atp, stops):
    store, item = make_store(), make_item()
    stock(store, {item: 10}, minutes_ago=1)
    silence(store, minutes=minutes, expected=60)

    position = ask(make_channel(), store, item)

    assert (position.feed_buffer, position.atp, position.stops) == (buffer, atp, stops)


def test_a_store_that_promises_no_feed_may_be_silent(store, channel, mug):
    silence(store, minutes=10**6, expected=None)

    assert ask(channel, store, mug).atp == 10


NO_STOCK = {"on_hand": 0}
ZEROES = {
    "no_stock": (NO_STOCK, lambda _: None),
    "unavailable": ({"unavailable": 10}, lambda _: None),
    "allocated": ({"allocated": 10}, lambda _: None),
    "held": ({"held": 10}, lambda _: None),
    "safety_stock": ({}, lambda _: SafetyStock.objects.create(units=10)),
    "buffer": ({}, lambda p: ChannelBuffer.objects.create(channel=p.channel, units=10)),
    "stale_feed": ({}, lambda p: silence(p.store, minutes=99, expected=1)),
    "store_closed_to_pickup": ({}, lambda p: Store.objects.update(pickup_enabled=False)),
    "not_for_pickup": ({}, lambda p: stop(p, "not_for_pickup", store=p.store)),
    "suppressed_for_channel": ({}, lambda p: stop(p, "suppressed_for_channel", channel=p.channel)),
    "recalled": ({}, lambda p: stop(p, "recalled")),
}


def stop(place, reason, **where):
    SalesStop.objects.create(item=place.item, reason=reason, **where)


@pytest.mark.parametrize("reason", ZEROES)
def test_each_zero_tells_its_reason_and_the_guard_refuses_for_it(reason, store, channel, mug):
    levels, rule = ZEROES[reason]
    StockLevel.objects.update(**{"on_hand": 10} | levels)
    rule(SimpleNamespace(store=store, channel=channel, item=mug))

    position = ask(channel, store, mug)

    assert position.atp == 0
    assert reason in position.reasons
    assert set(position.reasons) <= {reason, "buffer"}
    with pytest.raises(InsufficientStock) as refusal:
        allocate(reference="ful_1", channel=channel, store=store, lines={mug.pk: 1})
    assert refusal.value.lines[0]["available"] == 0


def test_nothing_was_ever_counted_is_a_reason_of_its_own(store, channel):
    assert ask(channel, store, make_item()).reasons == ["never_counted", "no_stock"]


def test_what_can_be_promised_has_no_reasons(store, channel, mug):
    SafetyStock.objects.create(units=3)

    assert ask(channel, store, mug).reasons == []


def test_a_stop_elsewhere_or_for_another_site_does_not_count(store, channel, mug):
    place = SimpleNamespace(item=mug)
    stop(place, "not_for_pickup", store=make_store())
    stop(place, "suppressed_for_channel", channel=make_channel())
    stop(place, "not_for_pickup", store=store, channel=make_channel())
    stop(SimpleNamespace(item=make_item()), "recalled")

    assert ask(channel, store, mug).atp == 10


def test_the_network_has_the_sum_over_the_stores_less_its_own_buffer(channel, mug, store):
    other = make_store()
    stock(other, {mug: 5})
    SafetyStock.objects.create(units=2)
    ChannelBuffer.objects.create(channel=channel, units=1, network_units=3)

    totals = network_totals(
        channel=channel, store_ids=[store.pk, other.pk], item_ids=[mug.pk, make_item().pk]
    )

    assert totals[mug.pk] == Total(available=7 + 2 - 3, stores=2)
    assert sorted(totals.values())[0] == Total(available=0, stores=0)


def test_asking_by_reference_gives_the_same_numbers(store, channel, mug):
    make_store(code=store.public_id)  # a code that looks like another's public id
    ids = [store.public_id, store.code, "nowhere"]

    found = available_by_reference(channel=channel, stores=ids, skus=["MUG", "NO"])

    assert found == dict.fromkeys(
        [(store.public_id, "MUG"), (store.code, "MUG")], ask(channel, store, mug)
    )


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
