"""Which store gets the order, and why."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.errors import NotFound
from hub.stores.models import OpeningHours
from inventory.errors import InsufficientStock
from inventory.models import Allocation, ChannelBuffer
from inventory.services import allocations
from orders.errors import NeverOpen, NoStore, PickupOff
from orders.routing import services
from orders.routing.geography import Point
from orders.routing.services import named_store, route
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db

HERE = Point(52.0, 21.0)


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def channel():
    return make_channel()


def store_at(kilometres_north, item=None, units=10, **values):
    store = make_store(latitude=52.0 + kilometres_north / 111.195, longitude=21.0, **values)
    if item:
        stock(store, {item: units})
    return store


def test_the_nearest_store_with_the_whole_basket_gets_the_order(channel, item):
    other = make_item()
    nearest, second, third = store_at(1, item), store_at(2, item), store_at(3, item)
    for store in (second, third):
        stock(store, {other: 1})
    routed = route(channel=channel, reference="ful_1", lines={item.pk: 1, other.pk: 1}, near=HERE)
    assert routed.store == second
    assert set(Allocation.objects.values_list("store_id", "item_id", "quantity")) == {
        (second.pk, item.pk, 1),
        (second.pk, other.pk, 1),
    }
    assert routed.explanation["candidates"] == [
        {
            "store": second.code,
            "metres": 2000,
            "result": "chosen",
            "rank": 1,
            "values": [2000],
        },
        {
            "store": third.code,
            "metres": 3000,
            "result": "not looked at",
            "rank": 2,
            "values": [3000],
        },
        {"store": nearest.code, "metres": 1000, "result": "not enough stock"},
    ]
    assert routed.explanation["counts"] == {
        "not enough stock": 1,
        "chosen": 1,
        "not looked at": 1,
    }


def test_stores_without_pickup_or_closed_for_good_or_of_others_or_too_far_do_not_count(
    channel, item
):
    store_at(1, item, pickup_enabled=False)
    store_at(2, item, active=False)
    store_at(3, item)
    mine, far = store_at(4, item), store_at(60, item)
    routed = route(
        channel=channel,
        reference="ful_1",
        lines={item.pk: 1},
        near=HERE,
        allowed_store_ids=[mine.pk, far.pk],
    )
    assert routed.store == mine
    assert sum(routed.explanation["counts"].values()) == 1


def test_what_is_hidden_from_the_channel_cannot_be_routed(channel, item):
    store_at(1, item, units=3)
    rich = store_at(2, item, units=9)
    ChannelBuffer.objects.create(channel=channel, units=2)
    routed = route(channel=channel, reference="ful_1", lines={item.pk: 2}, near=HERE)
    assert routed.store == rich


def test_no_store_says_why(channel, item):
    store_at(1, item, units=1)
    store_at(2)
    with pytest.raises(NoStore) as refused:
        route(channel=channel, reference="ful_1", lines={item.pk: 2}, near=HERE)
    assert refused.value.extra == {"refused": {"not enough stock": 2}}
    with pytest.raises(NoStore, match="no store with pickup within the radius"):
        route(channel=channel, reference="ful_1", lines={item.pk: 1}, near=HERE, radius_metres=500)


def test_a_store_that_sells_out_meanwhile_is_passed_over(channel, item, monkeypatch):
    first, second = store_at(1, item, units=2), store_at(2, item, units=2)
    real = services.allocate

    def slower(*, store, **values):
        if store == first:  # somebody else is quicker
            allocations.allocate(
                reference="rival", channel=channel, store=first, lines={item.pk: 2}
            )
        real(store=store, **values)

    monkeypatch.setattr(services, "allocate", slower)
    routed = route(channel=channel, reference="ful_1", lines={item.pk: 1}, near=HERE)
    assert routed.store == second
    results = [candidate["result"] for candidate in routed.explanation["candidates"]]
    assert results == ["sold out meanwhile", "chosen"]


def test_stores_that_never_open_cannot_be_chosen(channel, item):
    for kilometres in range(1, 24):
        store_at(kilometres, item, units=1)
    OpeningHours.objects.all().delete()
    with pytest.raises(NoStore) as refused:
        route(channel=channel, reference="ful_1", lines={item.pk: 1}, near=HERE)
    assert refused.value.extra["refused"] == {"never open": 23}


def test_at_most_twenty_stores_are_tried(channel, item, monkeypatch):
    for kilometres in range(1, 24):
        store_at(kilometres, item, units=1)

    def always_gone(**values):
        raise InsufficientStock([])

    monkeypatch.setattr(services, "allocate", always_gone)
    with pytest.raises(NoStore) as refused:
        route(channel=channel, reference="ful_1", lines={item.pk: 1}, near=HERE)
    assert refused.value.extra["refused"] == {"sold out meanwhile": 20, "not looked at": 3}


def test_the_chosen_store_is_explained_even_behind_many_refused_ones(channel, item):
    ChannelBuffer.objects.create(channel=channel, units=2)
    for kilometres in range(1, 24):
        store_at(kilometres, item, units=1)  # the counters have it, the buffer hides it
    last = store_at(30, item)
    routed = route(channel=channel, reference="ful_1", lines={item.pk: 1}, near=HERE)
    shown = routed.explanation["candidates"]
    assert (len(shown), shown[-1]["store"]) == (20, last.code)
    assert shown[-1]["rank"] == 24


def test_a_store_across_the_date_line_is_near(channel, item):
    east = make_store(latitude=-17.0, longitude=-179.95)
    stock(east, {item: 1})
    routed = route(
        channel=channel, reference="ful_1", lines={item.pk: 1}, near=Point(-17.0, 179.95)
    )
    assert routed.store == east


def test_routing_costs_the_same_number_of_queries_for_few_and_many_stores(channel, item):
    def queries():
        with (
            CaptureQueriesContext(
                connection,
            ) as asked,
            pytest.raises(NoStore),
        ):
            route(channel=channel, reference="ful_1", lines={item.pk: 5}, near=HERE)
        return len(asked)

    store_at(1)
    few = queries()
    for kilometres in range(2, 22):
        store_at(kilometres)
    assert queries() == few


def test_the_point_asked_for_is_kept_only_roughly(channel, item):
    store_at(1, item)
    near = Point(52.00123, 21.00456)
    routed = route(channel=channel, reference="ful_1", lines={item.pk: 1}, near=near)
    assert routed.explanation["near"] == {"latitude": 52.0, "longitude": 21.0}


def test_a_named_store_must_be_the_callers_hand_out_orders_and_open_some_day():
    mine, other, dark, shut = (
        make_store(),
        make_store(),
        make_store(pickup_enabled=False),
        make_store(),
    )
    OpeningHours.objects.filter(store=shut).delete()
    allowed = [mine.pk, dark.pk, shut.pk]
    assert named_store(reference=mine.code, allowed_store_ids=allowed)[0] == mine
    assert named_store(reference=other.public_id)[0] == other
    with pytest.raises(NotFound) as not_mine:
        named_store(reference=other.code, allowed_store_ids=allowed)
    with pytest.raises(NotFound) as nowhere:
        named_store(reference="S-NONE", allowed_store_ids=allowed)
    assert not_mine.value.detail == nowhere.value.detail
    with pytest.raises(PickupOff):
        named_store(reference=dark.code, allowed_store_ids=allowed)
    with pytest.raises(NeverOpen):
        named_store(reference=shut.code, allowed_store_ids=allowed)
