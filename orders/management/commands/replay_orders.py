"""``manage.py replay_orders``: real trading days, placed over HTTP."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.errors import HubError
from hub.startup import StartError
from orders.replay.run import Replay


class Command(BaseCommand):
    help = "Place real invoices over HTTP, cancel what they cancel, and report what became of each."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lines", type=Path, help="CSV of order lines, plain or gzip")
        parser.add_argument("--stores", type=Path, required=True, help="CSV of stores")
        parser.add_argument("--day", required=True, help="YYYY-MM-DD, or YYYY-MM, or YYYY")
        parser.add_argument("--url", help="a running hub; without it one is started and stopped")
        parser.add_argument("--clients", type=int, default=4, help="requests at once")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, lines: Path, stores: Path, **options: Any) -> None:
        """Exit 0 when every invoice was placed or refused by a code and no invariant is broken."""
        replay = Replay(
            lines=lines,
            stores=stores,
            day=options["day"],
            url=options["url"],
            clients=options["clients"],
        )
        try:
            result = replay.run()
        except (HubError, StartError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(result) if options["json"] else _in_words(result))
        if not result["ok"]:
            sys.exit(1)


def _in_words(result: dict[str, Any]) -> str:
    refused = ", ".join(f"{count} {code}" for code, count in result["refused"].items()) or "none"
    broken = [row["name"] for row in result["invariants"] if row["violations"]]
    return (
        f"{result['placed']} orders placed, {result['canceled']} canceled, "
        f"{result['amended']} amended, {result['returned']} returns in "
        f"{result['seconds']:.1f} s ({result['rate']:.1f} orders/s); refused: {refused}; "
        f"left out: {result['left_out']}; "
        + (f"broken invariants: {', '.join(broken)}" if broken else "no invariant broken")
    )
