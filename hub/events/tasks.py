"""What django-q2 runs for the event core; each task carries row ids at most."""

from __future__ import annotations

import time

from hub.events.health import beat, oldest_due_seconds
from hub.events.relay import Relay

SWEEP_SECONDS = 20.0
SWEEP_WHEN_OLDER_THAN_SECONDS = 20.0


def canary() -> None:
    """Show that the cluster still runs tasks; the supervisor queues one every few seconds."""
    beat("cluster", "any")


def sweep() -> None:
    """Carry out what has been due for long, in case no relay is alive."""
    if oldest_due_seconds() < SWEEP_WHEN_OLDER_THAN_SECONDS:
        return
    end = time.monotonic() + SWEEP_SECONDS
    Relay().run(until=lambda: time.monotonic() > end)
