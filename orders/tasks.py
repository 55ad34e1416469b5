"""What django-q2 runs for orders."""

from __future__ import annotations

from hub.trace import acting
from orders.clocks import services as clocks
from orders.promise import slipping, windows
from orders.recalls import services as recalls
from orders.reporting import rollup
from orders.routing import trials
from orders.substitution import answering
from orders.switches import services as switches


def settle_recalls() -> int:
    """See to orders with recalled goods; returns how many parts were seen to."""
    return recalls.settle_recalls()


def close_substitution_rounds() -> int:
    """Let silence answer the questions whose time is up; returns how many were closed."""
    with acting("system"):
        return answering.close_overdue()


def slip_promises() -> int:
    """Move and tell promises that cannot be kept; returns how many."""
    with acting("system"):
        return slipping.slip_promises()


def end_switches() -> int:
    """Turn store switches off whose time has run out; returns how many."""
    with acting("system"):
        return switches.end_due()


def forget_bookings() -> int:
    """Drop places in pickup windows that are past or were never taken up; returns how many."""
    return windows.forget_bookings()


def run_clocks() -> dict[str, int]:
    """What a passing minute changes: work not accepted, goods not collected; how many of each."""
    return clocks.run_clocks()


def run_routing_simulation(key: int) -> None:
    """Try past orders against a rule set; its row tells how far it is."""
    trials.run_simulation(key=key)


def roll_up_days() -> int:
    """Make up the days of reports on which something has changed; returns how many."""
    return rollup.roll_up()


def make_up_last_days() -> int:
    """Make the last days of reports up again, whatever has changed; returns how many."""
    return rollup.make_up_last()
