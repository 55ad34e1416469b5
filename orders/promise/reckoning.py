"""When work that is asked for at some moment is done, as pure functions of a store's terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from hub.stores.calendar import Calendar, add_open_minutes, openings


class Slot(NamedTuple):
    """A span in which customers may be asked to come; ``end`` is not part of it."""

    start: datetime
    end: datetime


def begins(calendar: Calendar, cut_off: time | None, at: datetime) -> datetime:
    """From when work on an order of that moment counts, in UTC.

    After the day's cut-off in the store's own time that is the next day's midnight. Of two equal
    clock times the later one is the cut-off, so that nobody is ready earlier by asking later.
    """
    if cut_off is None:
        return at
    day = at.astimezone(calendar.tz).date()
    last = datetime.combine(day, cut_off, calendar.tz)
    if at <= max(last.astimezone(UTC), last.replace(fold=1).astimezone(UTC)):
        return at
    return datetime.combine(day + timedelta(days=1), time(), calendar.tz).astimezone(UTC)


def ready_at(
    calendar: Calendar, cut_off: time | None, at: datetime, minutes: int
) -> datetime | None:
    """When ``minutes`` of open time are over for an order of that moment, in UTC.

    It lies in opening hours, or at closing. None when the hours of 400 days do not suffice.
    """
    return add_open_minutes(*calendar, begins(calendar, cut_off, at), minutes)


def slots(calendar: Calendar, minutes: int, since: datetime, until: datetime) -> Iterator[Slot]:
    """The slots that end after ``since`` and begin before ``until``, in order.

    They are counted from each opening; the last before closing may be shorter.
    """
    length = timedelta(minutes=max(1, minutes))
    morning = datetime.combine(since.astimezone(calendar.tz).date(), time(), calendar.tz)
    for opens, closes in openings(*calendar, morning):
        start = opens
        if start < since:
            start += (since - start) // length * length
        while start < closes:
            if start >= until:
                return
            end = min(start + length, closes)
            if end > since:
                yield Slot(start, end)
            start = end
