"""What django-q2 runs for the POS; each task carries row ids at most."""

from __future__ import annotations

from hub.trace import acting
from orders.picking.pos import answers, checking, watching


def tell_unacknowledged() -> int:
    """Tell of parts whose POS stays silent; returns how many."""
    with acting("system"):
        return watching.tell_unacknowledged()


def match_waiting() -> int:
    """Match what POS told of parts that were not there yet; returns how much was matched."""
    with acting("system"):
        return answers.match_all_waiting()


def take_pos_files() -> int:
    """Take what POS that speak files have left; returns how many answers and logs were new."""
    with acting("system"):
        return watching.take_pos_files()


def ask_nightly_checks() -> int:
    """Ask for the checks that are due where it is night; returns how many."""
    return checking.ask_nightly()


def run_check(check_id: int) -> str:
    """Carry out one check of a POS; returns the phase in which it ended."""
    with acting("system"):
        return str(checking.run_check(check_id).phase)
