"""From the tables of rules to plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from django.db.models import F, Q

from hub.stores.models import SalesChannel, StoreGroup
from orders.models import RoutingRule, RoutingRuleSet
from orders.routing.rules import NEAREST, RejectLimit, Rule, Rules, Sorter


def rules_for(channel: SalesChannel) -> Rules:
    """The active rules of the channel, else those of all channels, else the nearest store."""
    active = RoutingRuleSet.objects.filter(
        Q(channel=channel) | Q(channel__isnull=True), state=RoutingRuleSet.State.ACTIVE
    )
    rule_set = active.order_by(F("channel").asc(nulls_last=True)).first()
    return rules_of(rule_set) if rule_set else NEAREST


def rules_of(rule_set: RoutingRuleSet) -> Rules:
    """A rule set, draft or not, as it stands now; without a rule it takes the nearest store."""
    rows = list(rule_set.rules.select_related("group").order_by("position"))
    members = _members(row.group_id for row in rows if row.group_id)
    rules = tuple(_rule(row, members) for row in rows) or NEAREST.rules
    return Rules(rule_set.name, rule_set.version, rules, rule_set.most_parts)


def _rule(row: RoutingRule, members: dict[int, frozenset[int]]) -> Rule:
    limit = None
    if row.most_rejected_percent is not None:
        limit = RejectLimit(row.most_rejected_percent, row.rejected_days, row.rejected_least)
    return Rule(
        group=row.group.name if row.group else "",
        stores=members.get(row.group_id, frozenset()) if row.group_id else None,
        whole_basket=row.whole_basket,
        radius_metres=row.radius_metres,
        within_minutes=row.within_minutes,
        capacity_left=row.capacity_left,
        most_rejected=limit,
        spare_rejected=row.spare_rejected,
        sorters=tuple(_sorters(row.sorters)),
        places={str(code): place for place, code in enumerate(row.ranked)},
    )


def _sorters(codes: Iterable[str]) -> Iterable[Sorter]:
    for code in codes:
        with suppress(ValueError):  # a later version's sorter abstains
            yield Sorter(code)


def _members(groups: Iterable[int]) -> dict[int, frozenset[int]]:
    wanted = set(groups)
    found: dict[int, set[int]] = defaultdict(set)
    through = StoreGroup.stores.through.objects.filter(storegroup__in=wanted)
    for group_id, store_id in through.values_list("storegroup", "store") if wanted else ():
        found[group_id].add(store_id)
    return {group_id: frozenset(stores) for group_id, stores in found.items()}
