"""``manage.py simulate_routing``: past orders against a rule set, and what would change."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.models import RoutingRuleSet
from orders.routing.loading import rules_of
from orders.routing.simulating import MOST_ORDERS, Trial, past_orders, try_rules

SECONDS = 3600.0
_FIGURES = {
    "routed": "orders routed",
    "refused": "orders refused",
    "split": "orders split",
    "stores": "stores with work",
    "mean_metres": "mean metres",
}


class Command(BaseCommand):
    """Changes nothing. Both sides are judged with the stock of now, see ``orders.routing``."""

    help = "Try past orders against draft routing rules, beside the rules in force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which rules, which orders."""
        parser.add_argument("--rules", required=True, help="the rule set's number, or its name")
        parser.add_argument("--since", required=True, help="a day, such as 2026-11-01")
        parser.add_argument("--limit", type=int, default=1000, help=f"orders, up to {MOST_ORDERS}")

    def handle(self, **options: Any) -> None:
        """Print progress, then a table of both sides and the stores whose load changes most."""
        rule_set, since = _rule_set(options["rules"]), _day(options["since"])
        if not 1 <= options["limit"] <= MOST_ORDERS:
            raise CommandError(f"--limit lies between 1 and {MOST_ORDERS}")
        orders = past_orders(since=since, most=options["limit"], rule_set=rule_set)
        self.stdout.write(f"{len(orders)} orders near a point since {since:%Y-%m-%d}, {rule_set}")
        self.stdout.write("stock, queues and switches as of now; nothing is taken")
        until = time.monotonic() + SECONDS

        def step(trial: Trial) -> bool:
            if trial.orders % 100 == 0:
                self.stdout.write(f"{trial.orders} of {len(orders)}")
            return time.monotonic() < until

        self._tell(try_rules(rules_of(rule_set), orders, step=step).told())

    def _tell(self, told: dict[str, Any]) -> None:
        self.stdout.write(f"{'':24}{'in force':>12}{'these rules':>14}")
        for key, words in _FIGURES.items():
            now, draft = (told[side][key] for side in ("now", "draft"))
            self.stdout.write(f"{words:24}{now!s:>12}{draft!s:>14}")
        self.stdout.write(f"{told['moved']} of {told['orders']} orders would go to other stores")
        for load in told["loads"]:
            self.stdout.write(f"  store {load['store']:16}{load['now']:>12}{load['draft']:>14}")


def _rule_set(asked: str) -> RoutingRuleSet:
    wanted = {"pk": int(asked)} if asked.isdecimal() and len(asked) < 19 else {"name": asked}  # noqa: PLR2004  a bigint
    found = RoutingRuleSet.objects.filter(**wanted).order_by("-pk").first()
    if found is None:
        raise CommandError(f"there are no rules «{asked}»")
    return found


def _day(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since is a day such as 2026-11-01, not «{text}»") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
