"""What switching refuses."""

from __future__ import annotations

from hub.errors import Invalid


class NotToday(Invalid):
    """The store can close early only while a later closing of today lies ahead."""

    code = "not_an_early_closing"
    title = "The store does not close later than that today"


class InBreak(Invalid):
    """One date knows one span of hours: after a break, close early when the break is over."""

    code = "closing_after_break"
    title = "A break lies before that time; close before it, or wait until it is over"


class TimeOver(Invalid):
    """A switch that ends before it begins is none."""

    code = "time_is_over"
    title = "That time is over already"
