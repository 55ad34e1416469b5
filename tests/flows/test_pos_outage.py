"""A store's POS is dark for two hours: nothing is lost, nothing doubled, the stock comes right."""

from collections import Counter
from dataclasses import replace

import pytest

from hub.events.models import Breaker, Delivery, Fact
from hub.inbox.models import InboundCall
from hub.simulators.models import SimulatedPickList, SimulatedReceipt, SimulatedStock
from inventory.models import StockLevel
from orders.models import FulfillmentOrder, PosReceipt
from orders.placing.cancel import cancel_order
from tests.factories import make_fulfillment
from tests.flows.simulated import Day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def day(live_server, settings):
    settings.PUBLIC_BASE_URL = live_server.url
    one = Day(
        live_server.url,
        delay=240.0,
        duplicates=0.5,
        rejects=0.0,
        sales_per_minute=0.2,
        dark_after=20.0,
        dark_minutes=120.0,
    )
    yield one
    one.close()


def facts(name):
    rows = Fact.objects.filter(name=name).values_list("data__fulfillment_id", flat=True)
    return Counter(rows)


def test_two_dark_hours_leave_no_trace(day):
    world = day.world
    parts = [world.part(lines={world.milk: 1})]
    for number in range(16):  # to the end of the dark, ten minutes at a time
        day.go_on(minutes=10)
        if number % 2 == 0 and number < 14:
            parts.append(world.part(lines={world.milk: 1}))
        if number == 12:
            assert day.vendor.untold > 0
            cancel_order(order=parts[-1].order, reason="tired of waiting")
    asked_while_dark = Breaker.objects.get().failures
    day.vendor.habits = replace(day.vendor.habits, sales_per_minute=0.0)
    for _ in range(4):
        day.go_on(minutes=5)

    # nothing lost: every live part is at the POS and acknowledged, nothing is left to do
    wanted = {part.public_id for part in parts[:-1]}
    open_there = SimulatedPickList.objects.filter(canceled_at=None)
    assert set(open_there.values_list("reference", flat=True)) == wanted
    assert day.vendor.untold == 0
    assert not Delivery.objects.exclude(state="done").exists()
    assert Breaker.objects.get().state == "closed"
    assert asked_while_dark < 120, "while it was dark it was left alone"

    # nothing doubled: one list, one acknowledgement, one receipt each, however often it was told
    assert set(facts("fulfillment.acknowledged").values()) == {1}
    assert len(facts("fulfillment.acknowledged")) == len(wanted)
    assert PosReceipt.objects.count() == SimulatedReceipt.objects.count() > 10
    assert InboundCall.objects.count() < len([one for one in day.said if "told" in one])

    # the back-dated sales are in the stock, and the hub and the till agree again
    on_hand = dict(StockLevel.objects.filter(store=world.store).values_list("item__sku", "on_hand"))
    assert on_hand == dict(SimulatedStock.objects.values_list("sku", "on_hand"))
    assert sum(on_hand.values()) < 100
    assert any("goes dark" in words for words in day.said)
    assert any("is back" in words for words in day.said)


def test_work_in_the_store_goes_on_while_its_pos_is_dark(day):
    day.go_on(minutes=25)
    part = make_fulfillment(store=day.world.store, lines={day.world.milk: 1})
    for _ in range(4):
        day.go_on(minutes=10)
    part.refresh_from_db()
    assert (part.status, part.pos_reference) == ("proposed", "")
    assert FulfillmentOrder.objects.count() == 1


def test_the_same_seed_gives_the_same_day(day, live_server, settings):
    for _ in range(4):
        day.go_on(minutes=5)
    told = [(row.number[-6:], row.body["lines"][0]["quantity"]) for row in receipts(day)]
    again = Day(live_server.url, sales_per_minute=0.2)
    again.vendor._chance.seed(f"7 {day.world.store.code}")
    again.vendor.habits = day.vendor.habits
    for _ in range(4):
        again.go_on(minutes=5)
    repeated = [(row.number[-6:], row.body["lines"][0]["quantity"]) for row in receipts(again)]
    again.close()
    assert told == repeated


def receipts(day):
    rows = SimulatedReceipt.objects.filter(connection=day.world.pos.public_id)
    return rows.order_by("number")
