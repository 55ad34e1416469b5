"""Opening times as pure functions: when is a store open, and when is work there done.

Times of day are the store's own; moments are aware. A time that the clocks skip in spring counts
on as if they had not been changed; in autumn a store is open whenever its clock shows a time
between opening and closing. A span that ends at 23:59 or later lasts until midnight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

LOOK_AHEAD_DAYS = 400
END_OF_DAY = time(23, 59)


class Span(NamedTuple):
    """One opening span of a day, in the store's own time."""

    opens: time
    closes: time


Week = Mapping[int, Sequence[Span]]
Exceptions = Mapping[date, Sequence[Span]]


class Calendar(NamedTuple):
    """A store's hours by weekday (0 = Monday), its exceptional days (no span: closed), its zone.

    Made to be spread: ``is_open(*calendar_of(store), at)``.
    """

    hours: Week
    exceptions: Exceptions
    tz: ZoneInfo


def is_open(hours: Week, exceptions: Exceptions, tz: ZoneInfo, at: datetime) -> bool:
    """Whether the store is open at that moment; at the moment of closing it is not."""
    opening = next_opening(hours, exceptions, tz, at)
    return opening is not None and opening <= at


def next_opening(
    hours: Week, exceptions: Exceptions, tz: ZoneInfo, at: datetime
) -> datetime | None:
    """The first moment from ``at`` on when the store is open, in UTC; ``at`` itself if it is.

    None when it does not open within the next 400 days.
    """
    for opens, _closes in openings(hours, exceptions, tz, at):
        return opens
    return None


def next_closing(
    hours: Week, exceptions: Exceptions, tz: ZoneInfo, at: datetime
) -> datetime | None:
    """The end of the opening that is running, or else of the next one, in UTC; None as above."""
    for _opens, closes in openings(hours, exceptions, tz, at):
        return closes
    return None


def add_open_minutes(
    hours: Week, exceptions: Exceptions, tz: ZoneInfo, at: datetime, minutes: int
) -> datetime | None:
    """The moment by which the store has been open for ``minutes`` since ``at``, in UTC.

    With 0 minutes it is the next moment of being open. None when 400 days do not suffice.
    """
    left = timedelta(minutes=minutes)
    for opens, closes in openings(hours, exceptions, tz, at):
        if opens + left <= closes:
            return opens + left
        left -= closes - opens
    return None


def openings(
    hours: Week, exceptions: Exceptions, tz: ZoneInfo, at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The openings (from, to; in UTC) of 400 days that are not over at ``at``, in order.

    The first is cut to begin there.
    """
    at = at.astimezone(UTC)
    first = at.astimezone(tz).date()
    for offset in range(LOOK_AHEAD_DAYS):
        day = first + timedelta(days=offset)
        for span in sorted(exceptions.get(day, hours.get(day.weekday(), ()))):
            opens, closes = _moments(day, span, tz)
            if closes > at:
                yield max(opens, at), closes


def _moments(day: date, span: Span, tz: ZoneInfo) -> tuple[datetime, datetime]:
    opens = datetime.combine(day, span.opens, tz).astimezone(UTC)
    if span.closes >= END_OF_DAY:
        midnight = datetime.combine(day + timedelta(days=1), time(), tz)
        return opens, midnight.astimezone(UTC)
    closes = datetime.combine(day, span.closes, tz)
    # the second of two equal clock times; for a skipped time that rule would go back an hour
    return opens, max(closes.astimezone(UTC), closes.replace(fold=1).astimezone(UTC))
