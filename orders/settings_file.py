"""The part of orders in a settings file: routing rules in force, and how stores run their curb."""

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
    put,
    store_of,
)
from orders.models import CurbSettings, RoutingRule, RoutingRuleSet
from orders.routing.drafting import activate

RULE = (
    *("position", "whole_basket", "radius_metres", "within_minutes", "capacity_left"),
    *("most_rejected_percent", "rejected_days", "rejected_least", "spare_rejected"),
    *("sorters", "ranked"),
)
# numbers of people and addresses that are called stay where they are, and so do their secrets
CURB = (
    *("wait_target", "escalate_after", "near_metres", "may_change_window", "may_change_store"),
    *("may_cancel_items", "may_extend", "most_extensions", "age_sale_from", "age_sale_until"),
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


def _curb() -> Iterable[Row]:
    for row in CurbSettings.objects.select_related("store"):
        yield {"key": [row.store.code], **plain(row, CURB)}


def _take_curb(row: Row, _by: str) -> None:
    put(CurbSettings, {"store": store_of(row["key"][0])}, only(row, CURB))


SECTIONS = [
    Section("routing", gettext_lazy("Routing rules"), 30, _routing, _take_routing),
    Section("curb", gettext_lazy("Curb settings"), 31, _curb, _take_curb),
]
