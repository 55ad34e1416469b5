"""Whatever the rules and the stores: who is chosen passes, and every store is accounted for."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Allocation
from orders.errors import NoStore
from orders.routing.services import route
from tests.factories import make_channel, make_item
from tests.orders.routing.doing import HERE, make_group, make_rules, store_at

pytestmark = pytest.mark.django_db

STORES = 6
RULE = st.fixed_dictionaries(
    {
        "radius_metres": st.sampled_from([None, 2500, 4500]),
        "members": st.none() | st.sets(st.integers(0, STORES - 1), min_size=1),
        "capacity_left": st.booleans(),
        "sorters": st.lists(
            st.sampled_from(["distance", "stock_balance", "capacity_left", "ranked_list"]),
            max_size=3,
            unique=True,
        ),
        "ranked": st.lists(st.integers(0, STORES - 1), max_size=3, unique=True),
    }
)


@pytest.fixture
def world():
    """Six stores, a kilometre apart, with 0 to 5 units every second one slow."""
    item = make_item()
    stores = [
        store_at(place + 1, item, units=place, orders_per_hour=place % 2 or None)
        for place in range(STORES)
    ]
    return make_channel(), item, stores


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rules=st.lists(RULE, min_size=1, max_size=3), units=st.integers(1, 4))
def test_the_chosen_store_passes_its_rule_and_the_counts_add_up(world, rules, units):
    channel, item, stores = world
    with transaction.atomic():
        make_rules(*[_values(rule, stores) for rule in rules])
        _check(channel, item, stores, rules, units)
        transaction.set_rollback(True)


def _check(channel, item, stores, rules, units):
    try:
        routed = route(channel=channel, reference="ful_1", lines={item.pk: units}, near=HERE)
    except NoStore:
        for rule in rules:
            assert not any(_passes(rule, place, units) for place in range(STORES))
        return
    told = routed.explanation
    place = stores.index(routed.store)
    assert _passes(rules[told["chosen_by"] - 1], place, units)
    for rule in rules[: told["chosen_by"] - 1]:
        assert not any(_passes(rule, place, units) for place in range(STORES))
    for rule in told["by_rule"]:
        assert sum(rule["counts"].values()) == STORES
    ranks = [line["rank"] for line in told["candidates"] if "rank" in line]
    assert ranks == list(range(1, len(ranks) + 1))
    values = [line["values"] for line in told["candidates"] if "rank" in line]
    assert values == sorted(values)
    stock_of = Allocation.objects.get()
    assert (stock_of.store_id, stock_of.quantity) == (routed.store.pk, units)


def _values(rule, stores):
    values = {key: value for key, value in rule.items() if key not in ("members", "ranked")}
    values["ranked"] = [stores[place].code for place in rule["ranked"]]
    if rule["members"] is not None:
        values["group"] = make_group(*[stores[place] for place in sorted(rule["members"])])
    return values


def _passes(rule, place, units):
    """Store number ``place`` has as many units as its number, and stands that far plus one."""
    near = rule["radius_metres"] is None or (place + 1) * 1000 <= rule["radius_metres"]
    member = rule["members"] is None or place in rule["members"]
    return near and member and place >= units
