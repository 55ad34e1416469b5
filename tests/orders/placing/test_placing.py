"""Placing an order: everything or nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.customers.errors import InvalidPhone
from hub.customers.preferences import ranked_channels
from hub.errors import NotFound
from hub.events.models import Fact
from inventory.errors import HoldExpired, HoldMismatch, InsufficientStock, UnknownSku
from inventory.models import Allocation, Hold, StockLevel
from inventory.services.holds import place_hold, release_hold
from orders.errors import DuplicateOrder, HoldElsewhere, NoStore, WrongCurrency
from orders.models import FulfillmentLine, FulfillmentOrder, Order, OrderLine, RoutingDecision
from tests.factories import CUSTOMER, make_channel, make_item, make_order, make_store, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def store(item):
    store = make_store()
    stock(store, {item: 10})
    return store


def line(item, quantity, price=500):
    return {"sku": item.sku, "quantity": quantity, "unit_price_minor": price}


def nothing_happened():
    tables = (Order, OrderLine, FulfillmentOrder, FulfillmentLine, RoutingDecision, Allocation)
    assert not any(table.objects.exists() for table in tables)
    assert not Fact.objects.filter(name__startswith="order").exists()
    assert not StockLevel.objects.filter(allocated__gt=0).exists()


def test_a_placed_order_has_its_goods_set_aside_and_stands_in_the_queue(store, channel, item):
    order = make_order(
        store=store,
        channel=channel,
        lines={item: 3},
        note="ring twice 🛎",
        metadata={"cart": [1, "ü"]},
        tax_minor=80,
    )
    order.refresh_from_db()
    part = order.fulfillments.get()
    assert (order.status, order.version, order.note) == ("open", 1, "ring twice 🛎")
    assert order.metadata == {"cart": [1, "ü"]}
    assert (part.store, part.status) == (store, "proposed")
    assert part.promised_at > order.placed_at
    allocation = Allocation.objects.get()
    assert (allocation.reference, allocation.quantity) == (part.public_id, 3)
    assert StockLevel.objects.get().allocated == 3
    assert order.routing_decisions.get().explanation["asked"] == "store"
    facts = Fact.objects.filter(subject=f"order:{order.pk}").order_by("id")
    assert [fact.name for fact in facts] == ["order.placed", "fulfillment.proposed"]


def test_the_same_sku_on_two_lines_is_judged_by_its_sum(store, channel, item):
    lines = [line(item, 6), line(item, 5, price=0)]
    with pytest.raises(InsufficientStock) as refused:
        make_order(store=store, channel=channel, lines_asked=lines)
    assert refused.value.lines == [{"sku": item.sku, "requested": 11, "available": 10}]
    nothing_happened()


def test_two_lines_of_one_sku_stay_two_lines_over_one_allocation(store, channel, item):
    order = make_order(store=store, channel=channel, lines_asked=[line(item, 6), line(item, 4)])
    assert list(order.lines.values_list("number", "quantity")) == [(1, 6), (2, 4)]
    assert list(FulfillmentLine.objects.values_list("allocated", flat=True)) == [6, 4]
    assert Allocation.objects.get().quantity == 10


def test_the_customer_lands_once_and_his_wish_ranks_the_channels(store, channel, item):
    chosen = CUSTOMER | {"notify": ["email", "sms"], "locale": "pl"}
    first = make_order(store=store, channel=channel, lines={item: 1}, customer=chosen)
    second = make_order(store=store, channel=channel, lines={item: 1}, customer=chosen)
    assert first.contact == second.contact
    assert first.profile == second.profile
    assert first.locale == "pl"
    assert ranked_channels(first.profile) == ["email", "sms"]


def test_an_order_number_is_taken_once_per_channel(store, channel, item):
    first = make_order(store=store, channel=channel, lines={item: 1}, external_id="W-1")
    with pytest.raises(DuplicateOrder) as refused:
        make_order(store=store, channel=channel, lines={item: 1}, external_id="W-1")
    assert refused.value.extra == {"id": first.public_id}
    make_order(store=store, channel=make_channel(), lines={item: 1}, external_id="W-1")
    assert StockLevel.objects.get().allocated == 2


def test_a_test_order_takes_its_number_from_no_real_one(store, channel, item):
    tried = {"store": store, "channel": channel, "lines": {item: 1}, "external_id": "W-1"}
    trial, real = make_order(**tried, is_test=True), make_order(**tried)
    for known, kind in ((trial, True), (real, False)):
        with pytest.raises(DuplicateOrder) as refused:
            make_order(**tried, is_test=kind)
        assert refused.value.extra == {"id": known.public_id}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"currency": "USD"}, WrongCurrency),
        ({"customer": CUSTOMER | {"phone": "12"}}, InvalidPhone),
        ({"pickup": {"store": "NOWHERE"}}, NotFound),
        ({"pickup": {"near": {"latitude": -80.0, "longitude": 0.0}}}, NoStore),
        ({"hold_id": "hld_none"}, NotFound),
        ({"lines_asked": [{"sku": "NONE", "quantity": 1, "unit_price_minor": 1}]}, UnknownSku),
    ],
)
def test_a_refused_order_leaves_nothing_behind(store, channel, item, change, error):
    with pytest.raises(error):
        make_order(store=store, channel=channel, lines={item: 1}, **change)
    nothing_happened()


def test_every_short_line_is_named(store, channel, item):
    other = make_item()
    with pytest.raises(InsufficientStock) as refused:
        make_order(store=store, channel=channel, lines={item: 11, other: 1})
    assert {short["sku"] for short in refused.value.lines} == {item.sku, other.sku}


def test_a_hold_becomes_the_orders_goods_in_the_holds_store(store, channel, item):
    hold = place_hold(channel=channel, store=store, lines={item.pk: 4})
    near = {"near": {"latitude": 0.0, "longitude": 0.0}}
    order = make_order(channel=channel, lines={item: 3}, hold_id=hold.public_id, pickup=near)
    hold.refresh_from_db()
    level = StockLevel.objects.get()
    assert hold.status == Hold.Status.CONVERTED
    assert (level.held, level.allocated) == (0, 3)
    assert order.fulfillments.get().store == store
    assert order.routing_decisions.get().explanation["asked"] == "hold"


def test_a_hold_that_is_over_elsewhere_or_of_another_channel_makes_no_order(store, channel, item):
    hold = place_hold(channel=channel, store=store, lines={item.pk: 2})
    asked = {"channel": channel, "lines": {item: 2}, "hold_id": hold.public_id}
    with pytest.raises(HoldElsewhere):
        make_order(store=make_store(), **asked)
    with pytest.raises(HoldMismatch):
        make_order(store=store, **asked | {"lines": {item: 3}})
    with pytest.raises(NotFound):
        make_order(store=store, **asked | {"channel": make_channel()})
    with pytest.raises(NotFound):
        make_order(store=store, allowed_store_ids=[], **asked)
    release_hold(hold=hold)
    with pytest.raises(HoldExpired):
        make_order(store=store, **asked)
    nothing_happened()


def test_the_best_store_near_a_point_is_found_and_explained(store, channel, item):
    near = {"near": {"latitude": 52.2, "longitude": 21.0}}
    order = make_order(channel=channel, lines={item: 1}, pickup=near)
    decision = order.routing_decisions.get()
    assert decision.store == store
    assert decision.explanation["candidates"][-1]["result"] == "chosen"


def test_a_thousand_lines_take_no_more_statements_than_two(channel):
    items = [make_item() for _ in range(1114)]
    store = make_store()
    stock(store, dict.fromkeys(items, 5))

    def statements(some):
        with CaptureQueriesContext(connection) as asked:
            make_order(store=store, channel=channel, lines=dict.fromkeys(some, 1))
        return len(asked)

    make_order(store=store, channel=channel, lines={items[0]: 1})  # the customer is known now
    assert statements(items) == statements(items[:2])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_order_number_at_once_becomes_one_order():
    item, channel = make_item(), make_channel()
    store = make_store()
    stock(store, {item: 100})

    def place(_number):
        try:
            return make_order(
                store=store, channel=channel, lines={item: 1}, external_id="W-1"
            ).public_id
        except DuplicateOrder as refused:
            return refused.extra["id"]

    assert len(set(at_once(12, place))) == 1
    assert StockLevel.objects.get().allocated == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_baskets_in_opposite_order_never_wait_for_each_other():
    first, second = make_item(), make_item()
    channel, store = make_channel(), make_store()
    stock(store, {first: 1000, second: 1000})

    def place(number):
        pair = [line(first, 1), line(second, 1)]
        for _ in range(5):
            make_order(
                store=store,
                channel=channel,
                lines_asked=pair if number % 2 else pair[::-1],
                customer=CUSTOMER | {"name": f"Buyer {number}"},
            )

    at_once(8, place)
    assert set(StockLevel.objects.values_list("allocated", flat=True)) == {40}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_buyers_of_the_last_units_share_them_over_the_stores_and_oversell_none():
    item, channel = make_item(), make_channel()
    for kilometres in range(3):
        stock(make_store(latitude=52.2 + kilometres / 100), {item: 4})
    near = {"near": {"latitude": 52.2, "longitude": 21.0}}

    def place(number):
        buyer = CUSTOMER | {"name": f"Buyer {number}"}
        try:
            make_order(channel=channel, lines={item: 1}, pickup=near, customer=buyer)
        except NoStore:
            return 0
        return 1

    assert sum(at_once(20, place)) == 12
    assert set(StockLevel.objects.values_list("on_hand", "allocated")) == {(4, 4)}
