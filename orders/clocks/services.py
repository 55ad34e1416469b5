"""Everything that a passing minute changes, each step bounded in number and time."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hub.trace import acting, tracing
from orders.clocks.accepting import escalate, pass_on_unaccepted
from orders.clocks.collecting import expire_due, warn_expiring
from orders.placing.moving import lapse_offers

logger = logging.getLogger("hub.orders")

STEPS: dict[str, Callable[[], int]] = {
    "accept overdue": escalate,
    "passed on": pass_on_unaccepted,
    "offers lapsed": lapse_offers,
    "expiring": warn_expiring,
    "expired": expire_due,
}


def run_clocks() -> dict[str, int]:
    """Take every step that is due; how many of each."""
    with acting("system"), tracing():
        done = {name: step() for name, step in STEPS.items()}
    if any(done.values()):
        logger.info("clocks", extra={"done": done})
    return done
