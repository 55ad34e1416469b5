"""Many orders at once: each stands or falls alone."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from hub import clock
from inventory.errors import InsufficientStock, UnknownSku
from inventory.models import StockLevel
from orders.errors import DuplicateOrder, WrongCurrency
from orders.models import Order
from orders.placing import drafts
from orders.placing.drafts import Desk
from orders.placing.services import place_orders
from orders.promise.windows import windows
from orders.routing import services as routing
from tests.factories import CUSTOMER, make_channel, make_item, make_order, make_store, stock
from tests.orders.routing.doing import make_rules
from tests.orders.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def store(item):
    store = make_store()
    stock(store, {item: 5})
    return store


def asked(store, item, number, **changes):
    return {
        "external_id": f"W-{number}",
        "pickup": {"store": store.code},
        "customer": CUSTOMER,
        "currency": "EUR",
        "total_minor": 500,
        "lines": [{"sku": item.sku, "quantity": 2, "unit_price_minor": 250}],
    } | changes


def kinds(placed):
    return [type(one) for one in placed]


def test_good_orders_are_placed_beside_bad_ones(channel, store, item):
    placed = place_orders(
        desk=Desk(channel),
        asked=[
            asked(store, item, 1),
            asked(store, item, 2, currency="USD"),
            asked(store, item, 3, lines=[{"sku": "?", "quantity": 1, "unit_price_minor": 1}]),
            asked(store, item, 4),
        ],
    )

    assert kinds(placed) == [Order, WrongCurrency, UnknownSku, Order]
    assert StockLevel.objects.get(item=item).allocated == 4
    assert not broken()


def test_where_stock_is_short_the_first_are_served(channel, store, item):
    placed = place_orders(desk=Desk(channel), asked=[asked(store, item, n) for n in range(4)])

    assert kinds(placed) == [Order, Order, InsufficientStock, InsufficientStock]
    assert placed[2].lines == [{"sku": item.sku, "requested": 2, "available": 1}]
    assert not broken()


def test_a_smaller_order_behind_one_that_is_too_large_is_still_served(channel, store, item):
    large = asked(store, item, 1, lines=[{"sku": item.sku, "quantity": 9, "unit_price_minor": 1}])

    placed = place_orders(desk=Desk(channel), asked=[large, asked(store, item, 2)])

    assert kinds(placed) == [InsufficientStock, Order]


def test_an_order_number_that_is_taken_or_stands_twice_is_refused(channel, store, item):
    first = make_order(channel=channel, store=store, lines={item: 1}, external_id="W-1")

    placed = place_orders(
        desk=Desk(channel),
        asked=[asked(store, item, 1), asked(store, item, 2), asked(store, item, 2)],
    )

    assert kinds(placed) == [DuplicateOrder, Order, DuplicateOrder]
    assert placed[0].extra["id"] == first.public_id


def test_a_hundred_orders_take_hardly_more_statements_than_two(
    channel, django_assert_max_num_queries
):
    item, store = make_item(), make_store()
    stock(store, {item: 1000})

    with django_assert_max_num_queries(16):
        placed = place_orders(desk=Desk(channel), asked=[asked(store, item, n) for n in range(100)])

    assert kinds(placed) == [Order] * 100
    assert not broken()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_batches_at_once_share_the_last_units_and_oversell_none():
    channel, item, store = make_channel(), make_item(), make_store()
    stock(store, {item: 11})

    def place(number):
        batch = [asked(store, item, number * 100 + place) for place in range(4)]
        return kinds(place_orders(desk=Desk(channel), asked=batch)).count(Order)

    assert sum(at_once(6, place)) == 5
    assert StockLevel.objects.get(item=item).allocated == 10
    assert not broken()


@pytest.fixture
def meeting(monkeypatch):
    """Two threads that call ``owner.name`` wait for each other after their first call of it."""

    def meet(owner, name):
        done, both = getattr(owner, name), threading.Barrier(2)
        own = threading.local()

        def slow(*args, **values):
            found = done(*args, **values)
            if not getattr(own, "was_here", False):
                own.was_here = True
                with suppress(threading.BrokenBarrierError):
                    both.wait(1)
            return found

        monkeypatch.setattr(owner, name, slow)

    return meet


def both_ways(channel, orders):
    """Two batches of the same orders at once, the second one from the last to the first."""

    def place(number):
        batch = [one | {"external_id": f"W-{number}-{at}"} for at, one in enumerate(orders)]
        return kinds(place_orders(desk=Desk(channel), asked=batch[:: -1 if number else 1]))

    return at_once(2, place)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_batches_that_search_stores_never_wait_for_each_other(meeting):
    channel, item = make_channel(), make_item()
    orders = []
    for latitude in (50.0, 54.0):
        stock(make_store(latitude=latitude, longitude=21.0), {item: 10})
        point = {"near": {"latitude": latitude, "longitude": 21.0}}
        orders.append(asked(make_store(), item, 0, pickup=point))
    meeting(drafts, "route_parts")

    assert both_ways(channel, orders) == [[Order, Order], [Order, Order]]
    assert not broken()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_orders_split_over_stores_never_wait_for_each_other(meeting):
    channel, milk, bread = make_channel(), make_item(), make_item()
    make_rules({"whole_basket": False}, most_parts=2)
    points = []
    for latitude, goods in ((52.0, milk), (52.1, bread)):
        stock(make_store(latitude=latitude, longitude=21.0), {goods: 10})
        points.append({"near": {"latitude": latitude, "longitude": 21.0}})
    lines = [{"sku": one.sku, "quantity": 1, "unit_price_minor": 250} for one in (milk, bread)]
    meeting(routing, "_allocate")

    def place(number):
        order = asked(make_store(), milk, number, pickup=points[number], lines=lines)
        return kinds(place_orders(desk=Desk(channel), asked=[order]))

    assert at_once(2, place) == [[Order], [Order]]
    assert not broken()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_batches_that_book_windows_never_wait_for_each_other(meeting):
    channel, item, store = make_channel(), make_item(), make_store(slot_capacity=5)
    stock(store, {item: 20})
    with clock.turned_to(clock.now().replace(hour=9) + timedelta(days=1)):
        starts = [window.start for window in windows(store=store)[:2]]
        orders = [
            asked(store, item, 0, pickup={"store": store.code, "window": {"start": start}})
            for start in starts
        ]
        meeting(drafts, "book")

        assert both_ways(channel, orders) == [[Order, Order], [Order, Order]]
    assert not broken()
