"""The part of orders in a settings file: routing rules in force, full days, and places in stores.

How stores run their curb is among the levels; numbers of people and addresses that are called stay
where they are, and so do their secrets.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

from hub.integration.settings_files import (
    Row,
    Section,
    channel_of,
    group_of,
    only,
    plain,
    section_of_stores,
)
from orders.models import (
    RoutingRule,
    RoutingRuleSet,
    SlotCapacity,
    Spot,
    StagingLocation,
)
from orders.routing.drafting import activate

RULE = (
    *("position", "whole_basket", "radius_metres", "within_minutes", "capacity_left"),
    *("most_rejected_percent", "rejected_days", "rejected_least", "spare_rejected"),
    *("sorters", "ranked"),
)


def _routing() -> Iterable[Row]:
    active = RoutingRuleSet.objects.filter(state=RoutingRuleSet.State.ACTIVE)
    for row in active.select_related("channel").prefetch_related("rules__group"):
        rules = sorted(row.rules.all(), key=lambda rule: (rule.position, rule.pk))
        yield {
            "key": [row.channel.code if row.channel else None],
            "name": row.name,
            "most_parts": row.most_parts,
            "rules": [
                {**plain(rule, RULE), "group": rule.group.name if rule.group else None}
                for rule in rules
            ],
        }


def _take_routing(row: Row, by: str) -> None:
    """New rules in force; those before are kept, retired."""
    values = only(row, ("name", "most_parts", "rules"))
    rule_set = RoutingRuleSet(
        channel=channel_of(row["key"][0]),
        name=values["name"],
        most_parts=values["most_parts"],
        created_by=by,
    )
    rule_set.full_clean()
    rule_set.save()
    for said in values["rules"]:
        rule = RoutingRule(rule_set=rule_set, group=group_of(said["group"]))
        for name, value in only(said, (*RULE, "group")).items():
            if name != "group":
                setattr(rule, name, value)
        rule.full_clean()
        rule.save()
    activate(rule_set=rule_set, by=by)


SECTIONS = [
    Section(
        *("routing", gettext_lazy("Routing rules"), 30, _routing, _take_routing),
        (RoutingRuleSet, RoutingRule),
    ),
    section_of_stores(
        *("capacities", gettext_lazy("Special days"), 31, SlotCapacity),
        named=("date", "begins"),
        fields=("ends", "orders", "reason"),
    ),
    section_of_stores(
        *("spots", gettext_lazy("Parking spots"), 32, Spot),
        named=("label",),
        # why nobody can park there today is no setting
        fields=("zone", "accessible", "oversize", "active"),
    ),
    section_of_stores(
        *("staging", gettext_lazy("Staging places"), 33, StagingLocation),
        named=("code",),
        fields=("zone", "active"),
    ),
]
