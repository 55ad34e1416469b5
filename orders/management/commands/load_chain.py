"""``manage.py load_chain``: brands, stores, products, and on request a way in for a demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.errors import HubError
from orders.chain.access import open_demo_access
from orders.chain.demo import demo_chain
from orders.chain.load import load
from orders.chain.retail import retail_chain
from orders.chain.rows import Chain


class Command(BaseCommand):
    help = "Load the demo chain, or real stores and products from files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stores", type=Path, help="CSV of stores")
        parser.add_argument("--products", type=Path, help="CSV of order lines, plain or gzip")
        parser.add_argument(
            "--access",
            action="store_true",
            help="also make demo log-ins, a webhook and a fresh API key; print them as JSON",
        )

    def handle(self, *, access: bool, **options: Any) -> None:
        """Load the chain; with ``--access`` print one JSON object and nothing else."""
        try:
            chain = self._chain(options["stores"], options["products"])
            load(chain)
            opened = open_demo_access(chain) if access else None
        except HubError as error:
            raise CommandError(error.detail) from error
        if opened:
            self.stdout.write(json.dumps(opened))
        else:
            self.stdout.write(f"{len(chain.stores)} stores and {len(chain.items)} items loaded")

    def _chain(self, stores: Path | None, products: Path | None) -> Chain:
        if stores and products:
            return retail_chain(stores=stores, lines=products)
        if stores or products:
            raise CommandError("--stores and --products go together")
        return demo_chain()
