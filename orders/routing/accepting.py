"""Until when a store should have accepted what it was asked to prepare."""

from __future__ import annotations

from datetime import datetime

from hub.stores.calendar import Calendar, add_open_minutes
from hub.stores.models import Store
from hub.stores.services import calendar_of

ESCALATE_MINUTES = 10
ACCEPT_MINUTES = 20


def accept_deadline(store: Store, at: datetime) -> datetime | None:
    """The moment by which the store has been open for twenty minutes since ``at``, in UTC.

    None for a store that does not open: nobody waits for it by the clock.
    """
    return add_open_minutes(*calendar_of(store), at, ACCEPT_MINUTES)


def is_overdue(calendar: Calendar, accept_by: datetime, now: datetime) -> bool:
    """Whether so little open time is left until ``accept_by`` that a person should know."""
    left = add_open_minutes(*calendar, now, ACCEPT_MINUTES - ESCALATE_MINUTES)
    return left is None or left >= accept_by
