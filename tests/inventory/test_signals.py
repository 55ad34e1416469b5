"""Threshold facts: each crossing is told once, to the site whose number crossed."""

import pytest

from hub.events.models import Delivery, Fact
from hub.events.registry import decode, handler_named
from hub.webhooks.models import ChannelEvent
from inventory.models import (
    BundlePart,
    ChannelBuffer,
    SafetyStock,
    SalesStop,
    SignalRule,
    StockLevel,
    StockSignal,
)
from inventory.services import signals
from inventory.services.availability import available_of
from inventory.services.signals import set_signal_rule, tell_signals
from inventory.tasks import place_changes
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


@pytest.fixture
def rule(channel, mug):
    """Low at 3; all that is there has been learned."""
    rule = set_signal_rule(channel=channel, low_units=3)
    tell_signals()
    return rule


@pytest.fixture
def counted(store, mug):
    """Count the mugs; every count is younger than the one before."""
    minutes = iter(range(59, 0, -1))
    return lambda units: stock(store, {mug: units}, minutes_ago=next(minutes))


def told():
    """The states told since the last time, in order."""
    tell_signals()
    facts = Fact.objects.filter(name="inventory.threshold_crossed").order_by("pk")
    states = [fact.data["state"] for fact in facts]
    facts.delete()
    return states


def test_what_a_site_may_promise_is_told_when_it_crosses_a_threshold(rule, counted):
    seen = []
    for units in (4, 3, 2, 0, 0, 3, 0, 9, 3, 9):
        counted(units)
        seen.append(told())

    assert seen == [
        [],
        ["low"],
        [],
        ["out"],
        [],
        ["back"],
        ["out"],
        ["back"],
        ["low"],
        ["in_stock"],
    ]


def test_a_crossing_is_told_once_however_often_one_looks(rule, counted):
    counted(0)

    assert [told(), told(), told()] == [["out"], [], []]


def test_what_comes_and_goes_between_two_looks_is_not_told(rule, counted):
    counted(0)
    counted(10)

    assert told() == []


def test_what_was_so_before_the_rule_is_learned_but_not_told(channel, counted):
    counted(0)
    set_signal_rule(channel=channel, low_units=3)

    assert told() == []
    counted(5)
    assert told() == ["back"]


def test_another_number_shows_at_the_next_change(rule, channel, counted):
    counted(5)
    assert told() == []

    set_signal_rule(channel=channel, low_units=6)

    assert told() == []
    counted(4)
    assert told() == ["low"]
    set_signal_rule(channel=channel, low_units=2)
    counted(3)
    assert told() == ["in_stock"]


def test_what_changes_while_it_is_learned_is_told(channel, store, mug, counted, monkeypatch):
    set_signal_rule(channel=channel, low_units=3)
    monkeypatch.setattr(signals, "available_of", sell_out_before(counted))

    assert tell_signals() == 0
    monkeypatch.undo()

    assert not StockSignal.objects.exists()
    assert told() == ["out"]


def sell_out_before(counted):
    def look(**question):
        counted(0)
        return available_of(**question)

    return look


def test_the_past_is_learned_in_pieces(channel, store, monkeypatch):
    monkeypatch.setattr(signals, "CHANGES", 2)
    stock(store, dict.fromkeys([make_item() for _ in range(7)], 1))
    set_signal_rule(channel=channel, low_units=3)

    assert told() == []

    assert StockSignal.objects.filter(state="low").count() == 7
    assert SignalRule.objects.get().quiet_position == 0


def test_a_position_never_seen_before_is_told_only_when_low_or_out(rule, store):
    stock(store, {make_item(): 2, make_item(): 9})

    assert told() == ["low"]


def test_a_site_without_a_rule_is_told_nothing(counted):
    counted(0)

    assert told() == []


def test_each_site_is_told_of_its_own_number(rule, channel, counted):
    other = make_channel()
    ChannelBuffer.objects.create(channel=other, units=4)
    set_signal_rule(channel=other, low_units=1)
    tell_signals()

    counted(4)
    tell_signals()

    facts = Fact.objects.filter(name="inventory.threshold_crossed")
    assert [(fact.data["channel_id"], fact.data["state"]) for fact in facts] == [(other.pk, "out")]


def test_a_rule_that_names_an_item_is_looked_at_in_every_store_that_has_it(rule, mug):
    stock(make_store(), {mug: 8})
    told()
    stop = SalesStop.objects.create(item=mug, reason="not_for_pickup")

    assert told() == ["out", "out"]
    stop.delete()
    assert told() == ["back", "back"]


def test_a_rule_for_all_of_a_store_is_left_to_the_feed(rule, store):
    SafetyStock.objects.create(store=store, units=10)

    assert told() == []


def test_what_was_told_as_sold_out_is_back_when_the_stores_rule_goes(rule, store, counted):
    safety = SafetyStock.objects.create(store=store, category="kitchen", units=10)
    counted(9)
    assert told() == ["out"]

    safety.delete()

    assert told() == ["back"]


def test_a_bundle_sells_out_with_its_scarcest_part(rule, store, mug, counted):
    tea, gift = make_item(), make_item(sku="GIFT")
    stock(store, {tea: 50})
    for part in (tea, mug):
        BundlePart.objects.create(bundle=gift, part=part)
    assert told() == []

    counted(0)

    assert told() == ["out", "out"]
    assert StockSignal.objects.filter(item=gift, state="out").exists()


def test_an_item_that_is_not_sold_any_more_is_not_told_of(rule, mug):
    type(mug).objects.update(active=False)
    StockLevel.objects.update(on_hand=0)

    assert told() == []


def test_many_changes_are_told_in_pieces_none_twice(rule, store, monkeypatch):
    monkeypatch.setattr(signals, "CHANGES", 2)
    monkeypatch.setattr(signals, "POSITIONS", 3)
    stock(store, {make_item(): 1 for _ in range(7)})

    assert told() == ["low"] * 7
    assert told() == []


def test_without_time_nothing_is_told_and_nothing_is_lost(rule, counted):
    counted(0)

    assert tell_signals(seconds=0) == 0
    assert told() == ["out"]


def test_the_minutes_task_tells(rule, counted):
    counted(0)
    place_changes()

    assert Fact.objects.filter(name="inventory.threshold_crossed").count() == 1


def test_a_rule_deleted_meanwhile_tells_nothing(rule, counted):
    counted(0)
    rule.delete()

    assert signals._tell_some(rule_id=10**9, last=10**9) == 0
    assert signals._learn_some(rule_id=10**9) == 0
    assert told() == []
    assert not SignalRule.objects.exists()


def test_the_site_hears_of_it_in_its_feed(rule, channel, store, counted):
    counted(2)
    tell_signals()
    delivery = Delivery.objects.get(fact__name="inventory.threshold_crossed")

    fact = delivery.fact
    handler = handler_named(delivery.handler)
    handler.react(decode(name=fact.name, v=fact.v, data=fact.data), fact)
    handler.react(decode(name=fact.name, v=fact.v, data=fact.data), fact)

    event = ChannelEvent.objects.get()
    assert (event.channel, event.type, event.public_id) == (
        channel,
        "availability.low",
        fact.public_id,
    )
    assert event.data == {"store": store.code, "sku": "MUG", "available": 2}
    assert (delivery.lane, handler.network) == ("db", False)
