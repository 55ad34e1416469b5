"""Getting ready: schema, chain, stock feed; a bar on what takes longer than two seconds."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from zlib import crc32

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tqdm import tqdm

BAR_AFTER_SECONDS = 2


class _Counting(io.StringIO):
    """What ``migrate`` prints to; each finished migration moves the bar."""

    def __init__(self, bar: Any) -> None:
        super().__init__()
        self._bar = bar

    def write(self, text: str) -> int:
        self._bar.update(text.count(" OK"))
        return len(text)


def prepare() -> dict[str, Any]:
    """The schema is current, the demo chain and its stock are loaded; returns the way in, as
    ``load_chain --access`` prints it."""
    _migrate()
    printed = io.StringIO()
    call_command("load_chain", access=True, stdout=printed)
    access: dict[str, Any] = json.loads(printed.getvalue())
    feed = _write_feed(access["stores"], access["skus"])
    call_command("import_stock", str(feed), source="demo-feed", complete=True, stdout=io.StringIO())
    return access


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    with tqdm(total=len(plan), desc="database", delay=BAR_AFTER_SECONDS, disable=None) as bar:
        call_command("migrate", interactive=False, stdout=_Counting(bar))


def _write_feed(stores: list[str], skus: list[str]) -> Path:
    """A stock feed as a store's POS would drop it: 20 to 59 of everything, the same every time."""
    path: Path = settings.ENV.var_dir / "demo" / "stock.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["store", "sku", "on_hand"])
        for store in stores:
            writer.writerows(
                [store, sku, 20 + crc32(f"{store} {sku}".encode()) % 40] for sku in skus
            )
    return path
