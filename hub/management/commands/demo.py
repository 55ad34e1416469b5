"""``manage.py demo``: everything running, and a first order from the site to the car boot."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from hub import devpg
from hub.demo import facts
from hub.demo.journey import Journey
from hub.demo.setting import prepare
from hub.demo.web import JourneyError
from hub.supervisor import Supervisor, check_port


class Command(BaseCommand):
    help = "Start the hub with a demo chain and run a first order through every step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run one order, then stop all")
        parser.add_argument("--json", action="store_true", help="print the timeline as JSON")
        parser.add_argument("--port", type=int, help="port to listen on (8000)")

    def handle(self, *, once: bool, port: int | None, **options: Any) -> None:
        """Exit 0 only if every step truly happened; whatever was started has ended by then."""
        _follow_port(port)
        self.as_json = options["json"]
        address = urlsplit(settings.PUBLIC_BASE_URL)
        host, number = address.hostname or "127.0.0.1", address.port or 8000
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        check_port(host, number)
        with _database():
            begun = time.monotonic()
            self._say("Preparing the database, the demo chain and its stock …")
            access = prepare()
            supervisor = Supervisor(host=host, port=number, quiet=True)
            supervisor.start()
            try:
                supervisor.wait_until_ready()
                self._welcome(access)
                self._run(access, begun)
                if not once:
                    self._stay()
            finally:
                _let_nothing_interrupt()
                supervisor.stop()

    def _stay(self) -> None:
        try:
            self._say("\nEverything keeps running; Ctrl-C stops it.")
            signal.pause()
        except KeyboardInterrupt:
            self._say("\nStopping …")

    def _run(self, access: dict[str, Any], begun: float) -> None:
        journey = Journey(
            base_url=settings.PUBLIC_BASE_URL,
            access=access,
            mail=Path(settings.EMAIL_FILE_PATH),
            say=self._step,
        )
        error = ""
        try:
            journey.run()
        except (JourneyError, requests.RequestException) as caught:
            error = str(caught)
        if self.as_json:
            self.stdout.write(json.dumps(_report(journey, error, time.monotonic() - begun)))
        if error:
            raise CommandError(f"the journey stopped: {error}")
        self._say(f"\nDone in {time.monotonic() - begun:.1f} s; every step was checked.")

    def _welcome(self, access: dict[str, Any]) -> None:
        base = settings.PUBLIC_BASE_URL
        self._say(f"\nThe hub runs at {base}")
        self._say(f"  staff     {base}/admin/")
        for login in access["logins"]:
            self._say(f"            {login['user']} / {login['password']} ({login['for']})")
        self._say(f"  API       {base}/v1/docs")
        for channel, key in access["api_keys"].items():
            self._say(f"            {channel}: {key}")
        self._say(f"  phones    {base}/sim/handset/")
        self._say("\nA first order:")

    def _step(self, words: str, where: str) -> None:
        self._say(f"  ✓ {words}\n      {where}")

    def _say(self, words: str) -> None:
        out = self.stderr if self.as_json else self.stdout
        out.write(words)
        out.flush()  # at once, into a pipe too


def _follow_port(port: int | None) -> None:
    """Start over with a public address of that port, which links and simulators are made from."""
    if port and urlsplit(settings.PUBLIC_BASE_URL).port != port:
        os.environ["HUB_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  itself, again


@contextmanager
def _database() -> Iterator[None]:
    """The embedded server runs meanwhile, and afterwards only if it ran before."""
    server: devpg.Server | None = settings.EMBEDDED_POSTGRES
    try:
        if server:
            devpg.ensure(server)
        yield
    finally:
        _let_nothing_interrupt()
        connection.close()
        if server and devpg.started_here(server):
            devpg.stop(server)


def _let_nothing_interrupt() -> None:
    """A second Ctrl-C must not leave anything running."""
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.SIG_IGN)


def _report(journey: Journey, error: str, seconds: float) -> dict[str, Any]:
    order_id = journey.order.get("id", "")
    return {
        "ok": not error,
        "error": error,
        "order": order_id,
        "seconds": round(seconds, 1),
        "timeline": facts.timeline(order_id) if order_id else [],
    }
