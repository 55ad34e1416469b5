"""What django-q2 runs for messages."""

from __future__ import annotations

from hub.trace import acting
from notifications.inbound import questions, threads
from notifications.reaching import calls, following, unheard
from notifications.reporting import rollup


def reach_customers() -> dict[str, int]:
    """Follow up what reached nobody, close calls that nobody needs; how many of each."""
    with acting("system"):
        return {"followed": following.follow_due(), "closed": calls.close_needless()}


def settle_unheard() -> dict[str, int]:
    """Match receipts that came too early, give up what no receipt settled; how many of each."""
    with acting("system"):
        return {"matched": unheard.match_parked(), "unknown": unheard.give_up_unheard()}


def close_talks() -> dict[str, int]:
    """Close talks in which a day of silence has passed, and questions whose time is over."""
    with acting("system"):
        return {"talks": threads.close_silent(), "questions": questions.close_expired()}


def make_up_messages() -> int:
    """Make up the last days of messages for the measures; returns how many."""
    return rollup.make_up_messages()
