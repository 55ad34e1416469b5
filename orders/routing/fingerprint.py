"""A mark of rules, to see later whether they are still those that were tried."""

from __future__ import annotations

import hashlib

from django.db.models import F, Q

from orders.models import RoutingRuleSet
from orders.routing.loading import rules_of
from orders.routing.rules import Rule, Rules


def fingerprint(rule_set: RoutingRuleSet, rules: Rules | None = None) -> str:
    """Differs as soon as one of the rules, the stores of a group they name, or the rules in force
    differ from what they were; not when the set is only renamed.

    ``rules`` are those of the set where they have been loaded already: what was really tried.
    """
    tried = rules or rules_of(rule_set)
    content = [_content(rule) for rule in tried.rules]
    told = (rule_set.channel_id, tried.most_parts, content, _in_force(rule_set))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _content(rule: Rule) -> list[tuple[str, object]]:
    """The rule's fields; what has no order of its own is sorted, so that equal rules look it."""
    told = vars(rule) | {
        "stores": None if rule.stores is None else sorted(rule.stores),
        "sorters": [str(sorter) for sorter in rule.sorters],
        "places": sorted(rule.places.items()),
    }
    return sorted(told.items())


def _in_force(rule_set: RoutingRuleSet) -> int | None:
    """The key of the rules that the set is held against; None for the nearest store."""
    active = RoutingRuleSet.objects.filter(
        Q(channel=rule_set.channel_id) | Q(channel__isnull=True),
        state=RoutingRuleSet.State.ACTIVE,
    )
    ordered = active.order_by(F("channel").asc(nulls_last=True))
    return ordered.values_list("pk", flat=True).first()
