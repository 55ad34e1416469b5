"""``manage.py replay_parked``: give parked work fresh attempts, after its cause has been mended."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from hub.events import leases
from hub.events.queues import queues


class Command(BaseCommand):
    help = "Make parked deliveries, webhook calls or messages due again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which rows: a kind, and within it a lane, a handler or single rows."""
        kinds = [queue.model._meta.model_name for queue in queues()]
        parser.add_argument("kind", choices=kinds)
        parser.add_argument("--lane", help="only those of this lane")
        parser.add_argument("--handler", help="only deliveries to this handler")
        parser.add_argument("--id", type=int, action="append", help="only this row; repeatable")
        parser.add_argument("--dry-run", action="store_true", help="count them, change nothing")

    def handle(self, *, kind: str, dry_run: bool, **only: Any) -> None:
        """Print how many rows are due again, or would be."""
        model = next(queue.model for queue in queues() if queue.model._meta.model_name == kind)
        rows = _narrowed(model._default_manager.filter(state=leases.State.PARKED), only)
        if dry_run:
            self.stdout.write(f"{rows.count()} would be replayed")
        else:
            self.stdout.write(f"{leases.replay(rows)} replayed")


def _narrowed(rows: QuerySet[Any], only: dict[str, Any]) -> QuerySet[Any]:
    if only["lane"]:
        rows = rows.filter(lane=only["lane"])
    if only["id"]:
        rows = rows.filter(pk__in=only["id"])
    if only["handler"]:
        if not hasattr(rows.model, "handler"):
            raise CommandError("--handler goes with deliveries only")
        rows = rows.filter(handler=only["handler"])
    return rows
