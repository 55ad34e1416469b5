"""Until when a ready order waits for its customer."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hub.stores.calendar import Calendar, next_closing, next_opening
from hub.stores.models import Store
from hub.stores.services import calendar_of

READY_DAYS = 3


def pickup_deadline(store: Store, at: datetime) -> datetime:
    """When the store closes on the third day after ``at``, counted in the store's own time.

    A day on which it stays shut is no day to collect: then the next day it opens. A store that
    never opens keeps the order until the end of the third day.
    """
    calendar = calendar_of(store)
    day = (at.astimezone(calendar.tz) + timedelta(days=READY_DAYS)).date()
    morning = datetime.combine(day, time(), calendar.tz)
    return last_closing(calendar, morning) or morning + timedelta(days=1)


def last_closing(calendar: Calendar, morning: datetime) -> datetime | None:
    """When the store shuts for the night on the first day from ``morning`` on that it opens."""
    opening = next_opening(*calendar, morning)
    if opening is None:
        return None
    day = opening.astimezone(calendar.tz).date()
    closing: datetime | None = None
    while opening is not None and opening.astimezone(calendar.tz).date() == day:
        closing = next_closing(*calendar, opening)
        opening = next_opening(*calendar, closing) if closing else None
    return closing
