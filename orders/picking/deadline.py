"""Until when a ready order waits for its customer."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hub.stores.calendar import Calendar, next_closing, next_opening
from hub.stores.models import Store
from hub.stores.services import calendar_of

READY_DAYS = 3
ONE_DAY = timedelta(days=1)


def pickup_deadline(store: Store, at: datetime, *, fresh: bool = False) -> datetime:
    """When the store closes on the third day after ``at``, counted in the store's own time.

    ``fresh`` goods wait until it closes on the day itself or, set ready when it has closed
    already, on the next day it opens. A day on which it stays shut is no day to collect: then
    the next day it opens. A store that never opens keeps the order until the end of the day.
    """
    calendar = calendar_of(store)
    day = (at.astimezone(calendar.tz) + timedelta(days=0 if fresh else READY_DAYS)).date()
    morning = datetime.combine(day, time(), calendar.tz)
    closing = last_closing(calendar, morning)
    if closing is not None and closing <= at:
        closing = last_closing(calendar, datetime.combine(day + ONE_DAY, time(), calendar.tz))
    return closing or morning + ONE_DAY


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
