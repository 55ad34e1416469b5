"""Filters let stores through, sorters rank them, ties fall to the next rule."""

from datetime import timedelta

import pytest

from hub import clock
from hub.ids import new_id
from hub.stores.models import StoreSwitch
from inventory.models import Allocation
from orders.errors import NoStore
from orders.models import Rejection, RoutingRuleSet
from orders.routing.drafting import ActivatedElsewhere, NoRules, NotADraft, activate, copy_as_draft
from orders.routing.services import route, route_parts
from tests.factories import make_channel, make_fulfillment, make_item
from tests.orders.routing.doing import HERE, make_group, make_rules, store_at
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def channel():
    return make_channel()


def chosen(channel, *items, units=1, **more):
    lines = {item.pk: units for item in items}
    return route(channel=channel, reference=new_id("ful"), lines=lines, near=HERE, **more)


def refused(channel, *items, units=1, **more):
    with pytest.raises(NoStore) as refusal:
        chosen(channel, *items, units=units, **more)
    return refusal.value.extra["refused"]


# --- filters --------------------------------------------------------------------------------


def test_a_rule_for_a_group_passes_over_other_stores(channel, item):
    store_at(1, item)
    member = store_at(5, item)
    make_rules({"group": make_group(member)})
    routed = chosen(channel, item)
    assert routed.store == member
    assert routed.explanation["counts"] == {"not in the group": 1, "chosen": 1}


def test_the_next_rule_is_asked_when_no_store_passes_the_first(channel, item):
    near, member = store_at(1, item), store_at(5)
    make_rules({"group": make_group(member)}, {})
    routed = chosen(channel, item)
    assert (routed.store, routed.explanation["chosen_by"]) == (near, 2)
    assert [rule["counts"] for rule in routed.explanation["by_rule"]] == [
        {"not in the group": 1, "not enough stock": 1},
        {"chosen": 1, "not enough stock": 1},
    ]


def test_a_rules_radius_is_narrower_than_the_sites(channel, item):
    store_at(5, item)
    make_rules({"radius_metres": 4000})
    assert refused(channel, item) == {"too far": 1}


def test_a_paused_store_takes_no_new_orders(channel, item):
    paused, other = store_at(1, item), store_at(2, item)
    StoreSwitch.objects.create(store=paused, kind="paused")
    routed = chosen(channel, item)
    assert routed.store == other
    assert routed.explanation["counts"]["takes no new orders"] == 1


def test_a_store_that_is_not_ready_in_time_is_passed_over(channel, item):
    store_at(1, item, lead_minutes=600)
    quick = store_at(2, item, lead_minutes=1)
    make_rules({"within_minutes": 540})
    with clock.turned_to(clock.now().replace(hour=9, minute=0)):
        routed = chosen(channel, item)
    assert routed.store == quick
    assert routed.explanation["counts"]["not ready in time"] == 1


def test_a_store_with_a_full_queue_has_no_capacity_left(channel, item):
    busy, free = store_at(1, item, orders_per_hour=1), store_at(2, item, orders_per_hour=1)
    make_fulfillment(store=busy, lines={item: 1})
    make_rules({"capacity_left": True})
    routed = chosen(channel, item)
    assert routed.store == free
    assert routed.explanation["counts"]["no capacity left"] == 1


def test_a_store_that_rejects_too_often_cools_down(channel, item):
    moody, steady = store_at(1, item), store_at(2, item)
    parts = [make_fulfillment(store=moody, lines={item: 1}) for _ in range(4)]
    make_rules({"most_rejected_percent": 50, "rejected_least": 4})
    Rejection.objects.create(
        fulfillment=parts[0], store=moody, reason="too_busy", rejected_at=clock.now()
    )
    assert chosen(channel, item).store == moody
    Rejection.objects.create(
        fulfillment=parts[1], store=moody, reason="too_busy", rejected_at=clock.now()
    )
    assert chosen(channel, item).store == steady
    later = clock.now() + timedelta(days=8)
    with clock.turned_to(later):
        assert chosen(channel, item).store == moody


# --- sorters --------------------------------------------------------------------------------


def test_a_ranked_list_prefers_its_stores_in_order_and_the_rest_by_the_next_sorter(channel, item):
    store_at(1, item)
    second, first = store_at(2, item), store_at(3, item)
    make_rules({"sorters": ["ranked_list", "distance"], "ranked": [first.code, second.code]})
    routed = chosen(channel, item)
    assert routed.store == first
    assert [line["values"] for line in routed.explanation["candidates"]] == [
        [0, 3000],
        [1, 2000],
        [2, 1000],
    ]


def test_stock_balance_prefers_the_store_with_most_left(channel, item):
    store_at(1, item, units=3)
    rich = store_at(2, item, units=9)
    make_rules({"sorters": ["stock_balance"]})
    assert chosen(channel, item).store == rich


def test_capacity_left_prefers_the_store_with_the_shorter_queue(channel, item):
    busy = store_at(1, item, orders_per_hour=3)
    calm = store_at(2, item, orders_per_hour=3)
    make_fulfillment(store=busy, lines={item: 1})
    make_rules({"sorters": ["capacity_left", "distance"]})
    assert chosen(channel, item).store == calm


def test_ties_fall_to_the_next_rule_and_then_to_the_code(channel, item):
    far, near = store_at(3, item, code="A1"), store_at(1, item, code="B1")
    rule_set = make_rules({"sorters": ["ranked_list"]}, {"sorters": ["distance"]})
    assert chosen(channel, item).store == near
    rule_set.rules.filter(position=2).delete()
    assert chosen(channel, item).store == far


def test_among_equals_stores_that_pass_the_next_rule_come_first(channel, item):
    store_at(1, item, code="A1")
    member = store_at(3, item, code="B1")
    make_rules({"sorters": []}, {"group": make_group(member)})
    assert chosen(channel, item).store == member


# --- whose rules ----------------------------------------------------------------------------


def test_a_channels_own_rules_go_before_those_of_all_channels(channel, item):
    near, far = store_at(1, item), store_at(2, item)
    make_rules({"sorters": ["ranked_list"], "ranked": [far.code]})
    make_rules({}, channel=channel)
    assert chosen(channel, item).store == near
    assert chosen(make_channel(), item).store == far


def test_a_draft_chooses_nothing_until_it_is_active(channel, item):
    near, far = store_at(1, item), store_at(2, item)
    old = make_rules({})
    draft = copy_as_draft(rule_set=old, by="ann")
    draft.rules.update(sorters=["ranked_list"], ranked=[far.code])
    assert chosen(channel, item).store == near
    activate(rule_set=draft, by="ann")
    old.refresh_from_db()
    assert (old.state, draft.state, draft.version) == ("retired", "active", 2)
    assert chosen(channel, item).store == far


def test_only_drafts_with_a_rule_can_be_made_active():
    active = make_rules({})
    with pytest.raises(NotADraft):
        activate(rule_set=active, by="ann")
    active.refresh_from_db()
    assert active.state == "active"
    with pytest.raises(NoRules):
        activate(rule_set=make_rules(active=False), by="ann")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_drafts_made_active_at_once_one_wins_or_follows_the_other():
    drafts = [make_rules({}, active=False) for _ in range(4)]

    def go(number):
        try:
            activate(rule_set=drafts[number], by="ann")
        except ActivatedElsewhere:
            return False
        return True

    assert any(at_once(4, go))
    assert RoutingRuleSet.objects.filter(state="active").count() == 1


# --- several stores -------------------------------------------------------------------------


def test_an_order_is_split_only_where_the_rules_allow_it(channel):
    here, there = make_item(), make_item()
    one, other = store_at(1, here), store_at(2, there)
    lines = {here.pk: 1, there.pk: 2}
    with pytest.raises(NoStore):
        route_parts(channel=channel, lines=lines, near=HERE)
    make_rules({"whole_basket": False}, most_parts=2)
    parts = route_parts(channel=channel, lines=lines, near=HERE)
    assert [(part.store, part.lines) for part in parts] == [
        (one, {here.pk: 1}),
        (other, {there.pk: 2}),
    ]
    kept = Allocation.objects.values_list("reference", "store_id", "item_id", "quantity")
    assert set(kept) == {
        (parts[0].reference, one.pk, here.pk, 1),
        (parts[1].reference, other.pk, there.pk, 2),
    }


def test_the_store_with_most_of_the_basket_gets_its_part_first(channel):
    items = [make_item() for _ in range(3)]
    store_at(1, items[0])
    better = store_at(5, items[0], items[1])
    last = store_at(9, items[2])
    make_rules({"whole_basket": False}, most_parts=3)
    lines = {item.pk: 1 for item in items}
    parts = route_parts(channel=channel, lines=lines, near=HERE)
    assert [part.store for part in parts] == [better, last]


def test_an_order_that_needs_too_many_stores_takes_nothing(channel):
    items = [make_item() for _ in range(3)]
    for place, item in enumerate(items):
        store_at(place + 1, item)
    make_rules({"whole_basket": False}, most_parts=2)
    with pytest.raises(NoStore):
        route_parts(channel=channel, lines={item.pk: 1 for item in items}, near=HERE)
    assert not Allocation.objects.exists()


def test_a_store_with_all_of_it_gets_all_of_it_even_if_splitting_is_allowed(channel):
    items = [make_item() for _ in range(2)]
    store_at(1, items[0])
    whole = store_at(9, *items)
    make_rules({"whole_basket": False}, most_parts=2)
    parts = route_parts(channel=channel, lines={item.pk: 1 for item in items}, near=HERE)
    assert [part.store for part in parts] == [whole]


def test_excluded_stores_are_never_chosen(channel, item):
    first, second = store_at(1, item), store_at(2, item)
    assert chosen(channel, item, excluded=[first.pk]).store == second
