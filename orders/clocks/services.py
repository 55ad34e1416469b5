"""Everything that a passing minute changes, each step bounded in number and time."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hub.trace import acting, tracing
from orders.clocks.accepting import escalate, pass_on_unaccepted
from orders.clocks.collecting import expire_due, remind, warn_expiring
from orders.curbside.escalating import escalate_waits, tell_unseen_arrivals
from orders.curbside.visits import end_stale_visits
from orders.placing.moving import lapse_offers
from orders.routing.trials import give_up_simulations
from orders.sandbox import end_stale_sandboxes

logger = logging.getLogger("hub.orders")

STEPS: dict[str, Callable[[], int]] = {
    "accept overdue": escalate,
    "passed on": pass_on_unaccepted,
    "offers lapsed": lapse_offers,
    "expiring": warn_expiring,
    "reminded": remind,
    "expired": expire_due,
    "arrivals unseen": tell_unseen_arrivals,
    "waits told": escalate_waits,
    "visits ended": end_stale_visits,
    "simulations given up": give_up_simulations,
    "sandboxes ended": end_stale_sandboxes,
}


def run_clocks() -> dict[str, int]:
    """Take every step that is due; how many of each.

    A step that fails holds up no other: what went wrong is raised when all have had their turn.
    """
    done: dict[str, int] = {}
    failures: list[Exception] = []
    with acting("system"), tracing():
        for name, step in STEPS.items():
            try:
                done[name] = step()
            except Exception as error:  # noqa: BLE001  all of them are raised below
                failures.append(error)
    if any(done.values()):
        logger.info("clocks", extra={"done": done})
    if failures:
        raise ExceptionGroup("clocks", failures)
    return done
