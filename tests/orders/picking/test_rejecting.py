"""A store that cannot: what becomes of its stock, and who prepares the order instead."""

from datetime import timedelta

import pytest

from hub import clock
from hub.events.models import Fact
from inventory.models import Allocation, SalesStop, StockLevel
from orders.errors import IllegalMove, NoStore, StaleVersion
from orders.models import (
    Block,
    FulfillmentOrder,
    Order,
    PutBack,
    RejectedItem,
    Rejection,
    RoutingDecision,
)
from orders.picking.errors import PickMismatch
from orders.picking.rejecting import pass_on, reason_of, reject, send_elsewhere, try_again
from orders.picking.services import accept
from orders.placing.rerouting import MovedAlready
from tests.factories import (
    make_channel,
    make_fulfillment,
    make_item,
    make_picking,
    make_store,
    pick_all,
    stock,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NEAR = {"near": {"latitude": 52.0, "longitude": 21.0, "radius_metres": 50_000}}


@pytest.fixture
def item():
    return make_item()


def store_at(kilometres, *items, units=10, **values):
    store = make_store(latitude=52.0 + kilometres / 111.195, longitude=21.0, **values)
    if items:
        stock(store, dict.fromkeys(items, units))
    return store


def near_part(*items, units=2, **values):
    """A part of an order near a point, wherever it is."""
    values = values if "store" in values else values | {"pickup": NEAR}
    made = make_fulfillment(lines=dict.fromkeys(items, units), **values)
    Order.objects.filter(pk=made.order_id).update(
        near_latitude=52.0, near_longitude=21.0, radius_metres=50_000
    )
    made.order.refresh_from_db()
    return made


def live_part(part):
    return FulfillmentOrder.objects.get(order=part.order_id, status="proposed")


def facts(part):
    rows = Fact.objects.filter(subject=f"order:{part.order_id}").order_by("id")
    return list(rows.values_list("name", flat=True))


def allocated(store, item):
    return StockLevel.objects.get(store=store, item=item).allocated


def open_blocks(part):
    return Block.objects.filter(order=part.order_id, lifted_at__isnull=True)


# --- reasons and stock ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("out_of_stock", "out_of_stock"),
        ("Out of stock", "out_of_stock"),
        ("Damaged goods", "damaged"),
        ("Not enough staff", "too_busy"),
        ("Store closes early", "closing"),
        ("not_accepted", "other"),
        ("alien invasion", "other"),
    ],
)
def test_words_of_pages_and_tills_stand_for_a_coded_reason(said, meant):
    assert reason_of(said) == meant


def test_out_of_stock_sells_no_more_of_it_until_somebody_counts(item):
    store = make_store()
    stock(store, {item: 5})
    part = make_fulfillment(store=store, lines={item: 2})
    reject(fulfillment=part, reason="out_of_stock")
    assert part.reason == "out of stock"
    assert SalesStop.objects.filter(store=store, item=item, reason="short_pick").exists()
    assert RejectedItem.objects.get().units == 2


def test_damaged_units_are_on_hand_but_unavailable(item):
    store = make_store()
    stock(store, {item: 5})
    part = make_fulfillment(store=store, lines={item: 2})
    reject(fulfillment=part, reason="damaged", lines={part.lines.get().pk: 1})
    level = StockLevel.objects.get(store=store, item=item)
    assert (level.on_hand, level.unavailable, level.allocated) == (5, 1, 0)


def test_a_store_that_is_too_busy_keeps_its_stock_on_sale(item):
    store = make_store()
    stock(store, {item: 5})
    reject(fulfillment=make_fulfillment(store=store, lines={item: 2}), reason="too_busy")
    level = StockLevel.objects.get(store=store, item=item)
    assert (level.unavailable, level.stopped, level.allocated) == (0, False, 0)
    assert not RejectedItem.objects.exists()
    assert Rejection.objects.get().reason == "too_busy"


def test_of_several_lines_only_those_named_lose_their_stock(item):
    other, store = make_item(), make_store()
    stock(store, {item: 5, other: 5})
    part = make_fulfillment(store=store, lines={item: 1, other: 1})
    reject(fulfillment=part, reason="out_of_stock", lines={part.lines.get(item=item).pk: 1})
    assert set(SalesStop.objects.values_list("item_id", flat=True)) == {item.pk}


def test_foreign_lines_and_too_many_units_are_refused(item):
    part, foreign = make_fulfillment(), make_fulfillment().lines.get()
    for lines in ({foreign.pk: 1}, {part.lines.get().pk: 3}, {part.lines.get().pk: 0}):
        with pytest.raises(PickMismatch):
            reject(fulfillment=part, reason="out_of_stock", lines=lines)
    part.refresh_from_db()
    assert part.status == "proposed"


def test_picked_goods_are_put_back_before_they_are_sold_again(item):
    store = make_store()
    stock(store, {item: 5})
    part = make_picking(store=store, lines={item: 2})
    part.lines.update(picked=1)
    reject(fulfillment=part, reason="too_busy")
    assert PutBack.objects.get().units == 1
    assert allocated(store, item) == 1


def test_a_picked_part_is_canceled_not_rejected():
    part = make_picking()
    pick_all(part)
    with pytest.raises(IllegalMove):
        reject(fulfillment=part, reason="too_busy")


# --- orders near a point --------------------------------------------------------------------


def test_an_order_near_a_point_goes_to_the_next_best_store_at_once(item):
    first, second = store_at(1, item), store_at(2, item)
    part = near_part(item)
    reject(fulfillment=part, reason="too_busy", token="tap")
    reject(fulfillment=part, reason="too_busy", token="tap")
    successor = live_part(part)
    assert (part.status, successor.store, successor.replaces) == ("rejected", second, part)
    assert (allocated(first, item), allocated(second, item)) == (0, 2)
    assert facts(part)[-3:] == [
        "fulfillment.rejected",
        "fulfillment.proposed",
        "fulfillment.rerouted",
    ]
    assert successor.accept_by is not None
    assert successor.promised_first == part.promised_at
    assert not open_blocks(part).exists()
    counts = RoutingDecision.objects.filter(order=part.order).last().explanation["counts"]
    assert counts == {"rejected this order before": 1, "chosen": 1}


def test_after_three_moves_a_person_decides(item):
    for kilometres in range(1, 7):
        store_at(kilometres, item)
    part = near_part(item)
    for _ in range(3):
        reject(fulfillment=part, reason="too_busy")
        part = live_part(part)
    reject(fulfillment=part, reason="too_busy")
    assert part.order.fulfillments.filter(status="rejected").count() == 4
    assert open_blocks(part).get().note.startswith("no store works on it")


def test_when_no_other_store_has_it_a_person_decides(item):
    store_at(1, item)
    part = near_part(item)
    reject(fulfillment=part, reason="too_busy")
    assert open_blocks(part).get().reason == "move"


def test_a_store_that_lacked_the_goods_is_spared_until_it_counts_them(item):
    near, far = store_at(1, item), store_at(2, item)
    reject(fulfillment=near_part(item), reason="out_of_stock")
    SalesStop.objects.all().delete()  # even if somebody lifts the stop by hand
    assert near_part(item).store == far
    stock(near, {item: 10}, minutes_ago=-1)
    with clock.turned_to(clock.now() + timedelta(minutes=2)):
        assert near_part(item).store == near


def test_a_person_may_try_again_and_lifts_the_block(item):
    store_at(1, item)
    part = near_part(item)
    reject(fulfillment=part, reason="too_busy")
    with pytest.raises(NoStore):
        try_again(fulfillment=part, token="early")
    late = store_at(3, item)
    try_again(fulfillment=part, token="tap")
    try_again(fulfillment=part, token="tap")
    assert live_part(part).store == late
    assert not open_blocks(part).exists()
    with pytest.raises(MovedAlready):
        try_again(fulfillment=part)


def test_a_person_may_send_it_to_any_store_even_while_the_first_has_not_accepted(item):
    first, other = store_at(1, item), store_at(400, item)
    part = near_part(item)
    send_elsewhere(fulfillment=part, store=other, by="staff:1")
    assert live_part(part).store == other
    assert allocated(first, item) == 0
    assert not Rejection.objects.exists()


def test_a_part_not_accepted_in_time_is_passed_on_or_stays(item):
    first, second = store_at(1, item), store_at(2, item)
    part = near_part(item)
    now = clock.now()
    FulfillmentOrder.objects.filter(pk=part.pk).update(accept_by=now)
    successor = pass_on(fulfillment=part)
    assert (successor.store, part.status) == (second, "rejected")
    assert Rejection.objects.get().reason == "not_accepted"
    FulfillmentOrder.objects.filter(pk=successor.pk).update(accept_by=now)
    assert pass_on(fulfillment=successor) is None
    successor.refresh_from_db()
    assert successor.status == "proposed"
    assert allocated(first, item) == 0


# --- races ----------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_rejections_at_once_move_the_order_once(item):
    for kilometres in range(1, 6):
        store_at(kilometres, item)
    part = near_part(item)

    def refuse(_):
        mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
        try:
            reject(fulfillment=mine, reason="too_busy")
        except IllegalMove:
            return False
        return True

    assert sum(at_once(6, refuse)) == 1
    assert part.order.fulfillments.count() == 2
    left = Allocation.objects.still_open()
    assert sum(row.left for row in left) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_accepting_and_rejecting_at_once_one_wins(item):
    for kilometres in range(1, 4):
        store_at(kilometres, item)
    for _ in range(4):
        part = near_part(item)

        def act(number, part=part):
            mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
            try:
                if number % 2:
                    accept(fulfillment=mine, version=1)
                else:
                    reject(fulfillment=mine, reason="too_busy", version=1)
            except (IllegalMove, StaleVersion) as refused:
                return type(refused).__name__
            return "accepted" if number % 2 else "rejected"

        done = at_once(4, act)
        assert sum(one in ("accepted", "rejected") for one in done) == 1, done
        live = part.order.fulfillments.exclude(status="rejected")
        assert live.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_stores_that_reject_towards_each_other_never_wait_for_each_other(item):
    one, other = store_at(1, item), store_at(2, item)
    channel = make_channel()
    parts = [near_part(item, units=1, channel=channel) for _ in range(3)]
    for part in parts:
        assert part.store == one
    far = near_part(item, units=1, channel=channel, store=other)

    def refuse(number):
        rows = FulfillmentOrder.objects.select_related("order", "store")
        reject(fulfillment=rows.get(pk=[*parts, far][number].pk), reason="too_busy")

    at_once(4, refuse)
    assert FulfillmentOrder.objects.filter(status="proposed").count() == 4
