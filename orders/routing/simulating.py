"""Past orders tried against a rule set, beside the rules that are in force.

Nothing is taken. Stock, queues and switches are those of now, for both sides alike, and no tried
order takes goods from the next one: so the two can be compared with each other, while neither
says what was in the stores on that day. Each order is looked at as of the moment of the trial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.models import Order, RoutingRuleSet
from orders.routing.geography import Point
from orders.routing.loading import rules_for
from orders.routing.rules import Rules
from orders.routing.services import RADIUS_METRES, Errand, reach_of, search_of, split_over

MOST_ORDERS = 5000
MOST_SHOWN = 20


@dataclass
class Side:
    """What became of all orders under one rule set."""

    routed: int = 0
    refused: int = 0
    split: int = 0
    metres: float = 0.0
    parts: int = 0
    load: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, plan: list[tuple[str, float]], reasons: dict[str, int]) -> None:
        """Count one order: its stores with their distances, or why none could."""
        self.routed += bool(plan)
        self.refused += not plan
        self.split += len(plan) > 1
        self.parts += len(plan)
        self.metres += sum(metres for _, metres in plan)
        self.load.update(store for store, _ in plan)
        if not plan:
            self.reasons[max(reasons, key=lambda one: reasons[one]) if reasons else "no store"] += 1

    def told(self) -> dict[str, Any]:
        """As plain JSON; the mean distance is that of a part, in metres."""
        return {
            "routed": self.routed,
            "refused": self.refused,
            "split": self.split,
            "mean_metres": round(self.metres / self.parts) if self.parts else None,
            "stores": len(self.load),
            "reasons": dict(self.reasons.most_common(MOST_SHOWN)),
        }


@dataclass
class Trial:
    """The running result of a simulation."""

    now: Side = field(default_factory=Side)
    draft: Side = field(default_factory=Side)
    orders: int = 0
    moved: int = 0
    examples: list[dict[str, str]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As plain JSON: both sides, how many orders another store would get, and the loads."""
        stores = self.now.load.keys() | self.draft.load.keys()
        by_change = sorted(
            stores, key=lambda one: (-abs(self.draft.load[one] - self.now.load[one]), one)
        )
        return {
            "orders": self.orders,
            "moved": self.moved,
            "now": self.now.told(),
            "draft": self.draft.told(),
            "loads": [
                {"store": one, "now": self.now.load[one], "draft": self.draft.load[one]}
                for one in by_change[:MOST_SHOWN]
            ],
            "examples": self.examples,
        }


def past_orders(*, since: datetime, most: int, rule_set: RoutingRuleSet) -> list[int]:
    """The keys of orders near a point that were placed since then, the newest first: those that
    the set would choose stores for."""
    rows = Order.objects.filter(placed_at__gte=since, near_latitude__isnull=False)
    if rule_set.channel_id is not None:
        rows = rows.filter(channel=rule_set.channel_id)
    else:
        active = RoutingRuleSet.objects.filter(state=RoutingRuleSet.State.ACTIVE)
        own = active.filter(channel__isnull=False).values_list("channel", flat=True)
        rows = rows.exclude(channel__in=list(own))
    return list(rows.order_by("-placed_at", "-pk").values_list("pk", flat=True)[:most])


def try_rules(
    rules: Rules, orders: Iterable[int], *, step: Callable[[Trial], bool] | None = None
) -> Trial:
    """Try every order under its channel's rules of now and under ``rules``; change nothing.

    ``step`` is called after each order, and ends the trial when it returns False.
    """
    trial, in_force = Trial(), dict[int, Rules]()
    for order in _loaded(orders):
        if order.channel_id not in in_force:
            in_force[order.channel_id] = rules_for(order.channel)
        errand = _errand(order)
        if errand is None:
            continue
        before = _plan(errand, in_force[order.channel_id], trial.now)
        after = _plan(errand, rules, trial.draft)
        trial.orders += 1
        if before != after:
            trial.moved += 1
            if len(trial.examples) < MOST_SHOWN:
                trial.examples.append(_example(order, before, after))
        if step and not step(trial):
            break
    return trial


def _loaded(keys: Iterable[int]) -> Iterator[Order]:
    rows = Order.objects.select_related("channel")
    for key in keys:
        yield rows.get(pk=key)


def _errand(order: Order) -> Errand | None:
    """What the order asked for, in the first place; None for one that named a store."""
    if order.near_latitude is None or order.near_longitude is None:
        return None
    units: Counter[int] = Counter()
    for item, quantity in order.lines.values_list("item", "quantity"):
        units[item] += quantity
    return Errand(
        channel=order.channel,
        lines=dict(units),
        near=Point(order.near_latitude, order.near_longitude),
        radius_metres=order.radius_metres or RADIUS_METRES,
        allowed_store_ids=reach_of(order),
    )


def _plan(errand: Errand, rules: Rules, side: Side) -> list[str]:
    search = search_of(errand, rules)
    plan: list[tuple[str, float]] = []
    if found := search.run(lambda *_: ""):
        plan = [(found.candidate.code, found.candidate.metres)]
    elif rules.most_parts > 1:
        parts = split_over(errand, rules, search.candidates, lambda *_: "")
        plan = [(found.candidate.code, found.candidate.metres) for found, _, _ in parts]
    side.add(plan, search.counts())
    return [store for store, _ in plan]


def _example(order: Order, before: list[str], after: list[str]) -> dict[str, str]:
    return {
        "order": order.external_id,
        "now": ", ".join(before) or "none",
        "draft": ", ".join(after) or "none",
    }
