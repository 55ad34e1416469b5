"""``manage.py relay``: carry facts to their handlers, messages and webhooks to the network."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from hub.events.relay import Relay


class Command(BaseCommand):
    help = "Run a relay until it is stopped; any number may run."

    def handle(self, **_options: Any) -> None:
        """Work until SIGTERM or SIGINT, then finish what is running."""
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()
