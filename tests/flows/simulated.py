"""A store with a simulated till over real HTTP, on a clock that the test turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub import clock
from hub.simulators.vendor import Habits, Vendor
from notifications.reaching.handlers import TAKING_BACK
from tests.orders.pos.conftest import World

MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)  # ten in Warsaw, open


class Day:
    """The business clock, and what is due whenever it has gone on."""

    def __init__(self, base_url: str, **habits) -> None:
        self.now = MORNING
        self._turned = clock.turned_to(lambda: self.now)
        self._turned.__enter__()
        self.world = World(connector="webhook")
        pos = self.world.pos
        pos.base_url = f"{base_url}/sim/pos/{pos.public_id}"
        pos.save(update_fields=["base_url"])
        self.said: list[str] = []
        self.vendor = Vendor(pos, habits=Habits(**habits), seed=7, say=self.said.append)
        self.vendor.begin()

    def close(self) -> None:
        """Give clock and till back."""
        self.vendor.end()
        self._turned.__exit__(None, None, None)

    def go_on(self, *, minutes: float) -> None:
        """Let time pass: the till does what is due, then the hub does."""
        self.now += timedelta(minutes=minutes)
        self.vendor.tick()
        self.work(seconds=minutes * 60)

    def work(self, *, seconds: float = 0) -> None:
        """What the hub has to do: calls to the POS and to carriers, and what came from them."""
        self.world.work(seconds=seconds)
        self.world.work(lane="db")
        self.world.work(lane=TAKING_BACK)
        self.world.work()
