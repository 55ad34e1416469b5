"""``manage.py serve``: web server, relay and cluster under one supervisor."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hub.supervisor import KINDS, Supervisor


class Command(BaseCommand):
    help = "Run web server, relay and cluster; restart what dies or hangs; Ctrl-C stops all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen and what to leave out."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--workers", type=int, help="web processes (HUB_WEB_WORKERS)")
        parser.add_argument("--quiet", action="store_true", help="write to var/log only")
        for kind in KINDS:
            parser.add_argument(f"--no-{kind}", action="store_true", help=f"do not run the {kind}")

    def handle(self, **options: Any) -> None:
        """Stay until SIGINT or SIGTERM; then everything started here has ended."""
        kinds = [kind for kind in KINDS if not options[f"no_{kind}"]]
        supervisor = Supervisor(
            host=options["host"],
            port=options["port"],
            workers=options["workers"],
            kinds=kinds,
            quiet=options["quiet"],
        )
        supervisor.run_forever()
