"""Labelled facts below the headline, the way of the order, and what is counted down to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.links.models import Link
from orders.curbside.pages.moments import Moments
from orders.curbside.pages.moves import is_over
from orders.curbside.visits import EXPECTED
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit
from orders.states import BEFORE_READY, LIVE

MINUTE, HOUR, DAY = 60, 3600, 86_400


def facts_of(
    fulfillment: FulfillmentOrder, visit: Visit | None, link: Link, moments: Moments
) -> list[dict[str, str]]:
    """Those that hold now; one with ``until`` is counted down to in the words ``phrase``."""
    status = fulfillment.status
    before = status in BEFORE_READY and moments.now <= fulfillment.promised_at
    expected = visit is None or visit.status in EXPECTED
    waiting = status == FulfillmentStatus.READY and expected
    window = _window(fulfillment, moments)
    said: list[tuple[str, datetime | str | None]] = [
        ("window", window if before or waiting else None),
        ("promised", fulfillment.promised_at if before and expected and not window else None),
        ("expires", fulfillment.expires_at if waiting else None),
        ("expected", visit.eta if visit and visit.status in EXPECTED else None),
        ("your_spot", visit.spot.label if visit and visit.spot else None),
        ("your_place", visit.place if visit else None),
        ("collected_at", fulfillment.completed_at),
        ("readable", link.expires_at if is_over(fulfillment, live=status in LIVE) else None),
    ]
    return [_fact(name, value, fulfillment, moments) for name, value in said if value]


def _fact(
    name: str, value: datetime | str, fulfillment: FulfillmentOrder, moments: Moments
) -> dict[str, str]:
    fact = {
        "name": name,
        "label": moments.words[name],
        "value": value if isinstance(value, str) else moments.say(value),
    }
    until = {"expires": fulfillment.expires_at, "window": fulfillment.window_start}.get(name)
    if until and until > moments.now:
        phrase = "time_left" if name == "expires" else "time_until"
        fact |= {"until": until.isoformat(), "phrase": moments.words[phrase]}
    return fact


def remaining(until: datetime, *, phrase: str, moments: Moments) -> str:
    """``2 h 5 min left``: rounded down, in the two largest units."""
    seconds = max(0, int((until - moments.now).total_seconds()))
    words = moments.words
    if seconds >= DAY:
        span = words["span_days"].format(days=seconds // DAY, hours=seconds % DAY // HOUR)
    elif seconds >= HOUR:
        hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
        span = words["span_hours"].format(hours=hours, minutes=minutes)
    else:
        span = words["minutes"].format(count=seconds // MINUTE)
    return phrase.format(time=span)


def steps_of(fulfillment: FulfillmentOrder, moments: Moments) -> list[dict[str, str]]:
    """The way of the order, with a state (done, now, later) and a time for what has happened."""
    status = str(fulfillment.status)
    if status not in LIVE and status != FulfillmentStatus.COMPLETED:
        over = is_over(fulfillment, live=False)
        reached, names = 1, ["placed", "stopped"] if over else ["placed"]
    else:
        reached = 1 if status in BEFORE_READY else 2 if status in LIVE else 4
        names = ["placed", "preparing", "ready", "completed"]
    times = {
        "placed": fulfillment.order.placed_at,
        "preparing": fulfillment.accepted_at,
        "ready": fulfillment.ready_at,
        "completed": fulfillment.completed_at,
    }
    states = ["done"] * reached + ["now"] + ["later"] * len(names)
    return [
        {
            "label": moments.words[f"step_{name}"],
            "state": state,
            "time": moments.say(at) if (at := times.get(name)) else "",
        }
        for name, state in zip(names, states, strict=False)
    ]


def in_line(place: int | None, ready_at: datetime | None, moments: Moments) -> list[dict[str, Any]]:
    """What somebody who stands there waits for: others before him, or the order itself."""
    said: list[tuple[str, str | None]] = [
        ("in_line", str(place) if place else None),
        ("early_ready", moments.say(ready_at) if ready_at else None),
    ]
    return [
        {"name": name, "label": moments.words[name], "value": value}
        for name, value in said
        if value
    ]


def _window(fulfillment: FulfillmentOrder, moments: Moments) -> str | None:
    """When the customer means to come, as long as that is not over."""
    start, end = fulfillment.window_start, fulfillment.window_end
    if start is None or end is None or end < moments.now:
        return None
    return f"{moments.say(start)} – {moments.say_time(end.astimezone(moments.zone).time())}"
