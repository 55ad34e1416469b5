"""``manage.py simulate_pos``: tills that are late, repeat themselves, refuse, and go dark."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hub.connectors.registry import simulated_pos_url
from hub.simulators.vendor import Habits, Vendor, run
from hub.stores.models import PosConnection

MOST_TILLS = 50
TICK_SECONDS = 1.0


def _chance(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError("a chance lies between 0 and 1")
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100_000:  # noqa: PLR2004  bounded, whatever was typed
        raise ArgumentTypeError("it lies between 0 and 100000")
    return value


class Command(BaseCommand):
    help = "Let simulated tills acknowledge, delay, repeat, refuse, sell, and go dark, over HTTP."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which tills, for how long, and their habits."""
        usual = Habits()
        parser.add_argument("--store", action="append", help="code of a store; repeatable")
        parser.add_argument("--minutes", type=_amount, default=10.0, help="then it ends")
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same day")
        parser.add_argument("--delay", type=_amount, default=usual.delay, help="seconds, at most")
        parser.add_argument("--duplicates", type=_chance, default=usual.duplicates)
        parser.add_argument("--rejects", type=_chance, default=usual.rejects)
        parser.add_argument("--sales-per-minute", type=_amount, default=usual.sales_per_minute)
        parser.add_argument("--dark-after", type=_amount, help="minutes until it goes dark")
        parser.add_argument("--dark-minutes", type=_amount, default=usual.dark_minutes)
        parser.add_argument("--lost", type=int, default=0, help="so many replies never arrive")

    def handle(self, *, store: list[str] | None, minutes: float, seed: int, **given: Any) -> None:
        """Run until the time is over, printing each thing a till does."""
        if not settings.SIMULATORS:
            raise CommandError("the simulators are off; see HUB_SIMULATORS")
        habits = Habits(**{name: given[name] for name in Habits.__dataclass_fields__})
        vendors = [
            Vendor(pos, habits=habits, seed=seed, say=self.stdout.write) for pos in _tills(store)
        ]
        untold = run(vendors, minutes=minutes, wait=lambda: time.sleep(TICK_SECONDS))
        self.stdout.write(f"{len(vendors)} tills; left untold: {sum(untold.values())}")


def _tills(codes: list[str] | None) -> list[PosConnection]:
    """The simulated tills of these stores, or of all; raises CommandError when there is none."""
    rows = PosConnection.objects.filter(active=True, connector="webhook").select_related("store")
    if codes:
        rows = rows.filter(store__code__in=codes)
    found = [
        row
        for row in rows.order_by("store__code")
        if row.base_url == simulated_pos_url(row.public_id)
    ]
    if not found:
        raise CommandError("no such store has a simulated till")
    return found[:MOST_TILLS]
