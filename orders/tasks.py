"""What django-q2 runs for orders."""

from __future__ import annotations

from hub.trace import acting
from orders.recalls import services as recalls
from orders.substitution import answering


def settle_recalls() -> int:
    """See to orders with recalled goods; returns how many parts were seen to."""
    return recalls.settle_recalls()


def close_substitution_rounds() -> int:
    """Let silence answer the questions whose time is up; returns how many were closed."""
    with acting("system"):
        return answering.close_overdue()
