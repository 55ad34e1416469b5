"""Stores in a row to the north of a point, and rules for them."""

from hub.stores.models import StoreGroup
from orders.models import RoutingRule, RoutingRuleSet
from orders.routing.geography import Point
from tests.factories import make_store, stock

HERE = Point(52.0, 21.0)


def store_at(kilometres, *items, units=10, **values):
    """A store that has so many units of each of the items."""
    store = make_store(latitude=52.0 + kilometres / 111.195, longitude=21.0, **values)
    if items:
        stock(store, dict.fromkeys(items, units))
    return store


def make_rules(*rules, active=True, channel=None, most_parts=1):
    """A rule set with a rule for each of the given values."""
    rule_set = RoutingRuleSet.objects.create(
        name="rules",
        channel=channel,
        most_parts=most_parts,
        state="active" if active else "draft",
        version=int(active),
    )
    for position, values in enumerate(rules, start=1):
        RoutingRule.objects.create(
            rule_set=rule_set, position=position, **{"sorters": ["distance"]} | values
        )
    return rule_set


def make_group(*stores):
    group = StoreGroup.objects.create(name=f"group {StoreGroup.objects.count() + 1}")
    group.stores.set(stores)
    return group
