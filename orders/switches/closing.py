"""Closing early: which orders it touches, and moving their windows and deadlines there and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery

from hub import clock
from hub.events.catalog import StoreClosingEarly
from hub.events.outbox import publish_all
from hub.stores.calendar import Calendar, add_open_minutes, openings
from hub.stores.models import HoursException, Store
from hub.stores.services import calendar_of
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus, VisitPickup
from orders.promise.reckoning import Slot
from orders.promise.windows import rebook, slot_at, take_next
from orders.states import BEFORE_READY, LIVE
from orders.switches.errors import InBreak, NotToday
from orders.waiting import last_closing

COMING = ["on_my_way", "nearby"]
HERE = ["arrived", "being_served"]
MOVED = ("promised_at", "promised_first", "window_start", "window_end", "accept_by", "expires_at")
REASON_CHARACTERS = 100
A_MOMENT = timedelta(minutes=5)  # who says «now» needs some time to press the button


@dataclass(frozen=True)
class Closing:
    """An early end of a store's day: ``at`` instead of ``usual`` (UTC), and when it opened."""

    day: date
    opens: time
    at: datetime
    usual: datetime


def plan(store: Store, closes: time) -> Closing:
    """What closing at that time of the store's own day means today.

    Before the day's opening it means that the store stays shut. Raises NotToday when it is past
    or the store does not close later, InBreak when it lies in an opening after the one that is
    running or comes next.
    """
    calendar, now = calendar_of(store), clock.now()
    day = now.astimezone(calendar.tz).date()
    at = datetime.combine(day, closes, calendar.tz).astimezone(now.tzinfo)
    morning = datetime.combine(day, time(), calendar.tz)
    today = [
        span
        for span in openings(*_days(calendar, day), morning)
        if span[0].astimezone(calendar.tz).date() == day and span[1] > now
    ]
    if at < now - A_MOMENT or not today or today[-1][1] <= at:
        raise NotToday
    if at > today[0][1]:
        raise InBreak
    opens = today[0][0].astimezone(calendar.tz).time()
    return Closing(day, opens, max(at, today[0][0]), today[-1][1])


def _days(calendar: Calendar, day: date) -> Calendar:
    """The calendar with no other day than this one: looking for today's openings ends there."""
    spans = calendar.exceptions.get(day, calendar.hours.get(day.weekday(), ()))
    return Calendar({}, {day: spans}, calendar.tz)


def touched(store: Store, closing: Closing) -> QuerySet[FulfillmentOrder]:
    """The live parts that the closing moves, or whose customers may stand before a shut door.

    They come as ``in_order`` has them. Who is at the curb already is served as ever.
    """
    in_time = Q(status__in=BEFORE_READY, promised_at__gt=closing.at)
    window = Q(window_end__gt=closing.at, window_start__lt=closing.usual)
    accept = Q(status=FulfillmentStatus.PROPOSED, accept_by__gt=closing.at)
    parts = in_order(FulfillmentOrder.objects.filter(store=store, status__in=LIVE))
    return parts.exclude(Exists(_visits(HERE))).filter(
        (in_time & Q(promised_at__lte=closing.usual))
        | window
        | (accept & Q(accept_by__lte=closing.usual))
        | Q(status=FulfillmentStatus.READY)
        | Q(coming=True)
    )


def in_order(parts: QuerySet[FulfillmentOrder]) -> QuerySet[FulfillmentOrder]:
    """The parts whose customers are on the way (``coming``) first, then by promise; ``lead`` is
    the lead time of each one's slowest item."""
    lines = FulfillmentLine.objects.filter(fulfillment=OuterRef("pk")).order_by()
    slowest = lines.values("fulfillment").annotate(slowest=Max("item__lead_minutes"))
    lead = Subquery(slowest.values("slowest"), output_field=IntegerField())
    found = parts.annotate(coming=Exists(_visits(COMING)), lead=lead)
    return found.order_by(F("coming").desc(), "promised_at", "pk")


def _visits(statuses: list[str]) -> QuerySet[VisitPickup]:
    return VisitPickup.objects.filter(
        fulfillment=OuterRef("pk"), active=True, visit__status__in=statuses
    )


def shut(store: Store, closing: Closing, reason: str) -> dict[str, Any]:
    """Let the day's hours end at the closing; return what ``reopen`` needs to put them back."""
    row = HoursException.objects.filter(store=store, date=closing.day).first()
    before = _hours(row) if row else None
    closes = closing.at.astimezone(ZoneInfo(store.timezone)).time()
    hours = (closing.opens, closes) if closing.opens < closes else (None, None)
    wrote = {"opens": hours[0], "closes": hours[1], "reason": reason[:REASON_CHARACTERS]}
    HoursException.objects.update_or_create(store=store, date=closing.day, defaults=wrote)
    return {
        "date": closing.day.isoformat(),
        "before": before,
        "wrote": {name: str(value or "") for name, value in wrote.items()},
    }


def reopen(store: Store, kept: Mapping[str, Any]) -> bool:
    """Put the day's hours back; False when somebody has given the day other hours meanwhile."""
    row = HoursException.objects.filter(store=store, date=kept["date"]).first()
    if row is None or _hours(row) != kept["wrote"]:
        return False
    if kept["before"] is None:
        row.delete()
    else:
        before = kept["before"]
        row.opens, row.closes = _time(before["opens"]), _time(before["closes"])
        row.reason = before["reason"]
        row.save(update_fields=["opens", "closes", "reason"])
    return True


def _time(text: str) -> time | None:
    return time.fromisoformat(text) if text else None


def _hours(row: HoursException) -> dict[str, str]:
    return {
        "opens": str(row.opens or ""),
        "closes": str(row.closes or ""),
        "reason": row.reason,
    }


def move_all(
    store: Store, parts: Iterable[FulfillmentOrder], closing: Closing
) -> list[dict[str, Any]]:
    """Give every part times at which the store is open, and tell all of them, in this order.

    Returns what ``move_back`` needs. The hours have ended early already; the parts are locked.
    """
    calendar = calendar_of(store)
    moved, facts = [], []
    for part in parts:
        was = _times(part)
        _move(store, calendar, part, closing)
        now = _times(part)
        if changed := [name for name in MOVED if was[name] != now[name]]:
            _save(part)
            kept = {name: [was[name], now[name]] for name in changed}
            moved.append({"part": part.pk, "times": kept})
        facts.append(_fact(part, closing.at))
    if facts:
        publish_all(facts)
    return moved


def move_back(
    store: Store,
    moved: Iterable[Mapping[str, Any]],
    parts: Iterable[FulfillmentOrder],
    closes_at: datetime,
) -> int:
    """Undo ``move_all`` for parts whose times nobody has changed since; returns how many.

    A window that is past or has filled up stays the moved one. All ``parts`` are told, in their
    order.
    """
    known = {row["part"]: row["times"] for row in moved}
    count, facts = 0, []
    for part in parts:
        times = known.get(part.pk, {})
        untouched = all(_times(part)[name] == now for name, (_, now) in times.items())
        if times and untouched and _move_back(store, part, times):
            _save(part)
            count += 1
        facts.append(_fact(part, closes_at, undone=True))
    if facts:
        publish_all(facts)
    return count


def _move(store: Store, calendar: Calendar, part: FulfillmentOrder, closing: Closing) -> None:
    if part.window_start and part.window_start < closing.usual:
        _move_window(store, calendar, part, closing)
    elif part.status in BEFORE_READY and closing.at < part.promised_at <= closing.usual:
        later = add_open_minutes(*calendar, closing.at, _lead(store, part))
        _promise(part, later or part.promised_at)
    if part.accept_by and closing.at < part.accept_by <= closing.usual:
        left = int((part.accept_by - closing.at).total_seconds() // 60)
        part.accept_by = add_open_minutes(*calendar, closing.at, left) or part.accept_by
    if part.expires_at and closing.at < part.expires_at <= closing.usual:
        part.expires_at = _deadline(calendar, part, closing)


def _move_window(
    store: Store, calendar: Calendar, part: FulfillmentOrder, closing: Closing
) -> None:
    """The next window with room; one that the closing only cuts short stays the customer's."""
    if part.window_start and part.window_start < closing.at:
        part.window_end = min(part.window_end or closing.at, closing.at)
        return
    since = closing.at
    if part.status in BEFORE_READY:
        ready = add_open_minutes(*calendar, clock.now(), _lead(store, part))
        since = max(since, ready or since)
    slot = take_next(store=store, since=since, reference=part.public_id, whole=True)
    if slot:
        _take(part, slot)


def _lead(store: Store, part: FulfillmentOrder) -> int:
    return max(store.lead_minutes, part.lead or 0)  # type: ignore[attr-defined]  # annotated


def _take(part: FulfillmentOrder, slot: Slot) -> None:
    part.window_start, part.window_end = slot
    if part.status in BEFORE_READY:
        _promise(part, slot.start)


def _promise(part: FulfillmentOrder, to: datetime) -> None:
    part.promised_first = part.promised_first or part.promised_at
    part.promised_at = to


def _deadline(calendar: Calendar, part: FulfillmentOrder, closing: Closing) -> datetime:
    """Until the next day's closing; fresh goods wait until the early one."""
    fresh = FulfillmentLine.objects.filter(fulfillment=part, item__fresh=True, picked__gt=0)
    if fresh.exists():
        return closing.at
    tomorrow = datetime.combine(closing.day + timedelta(days=1), time(), calendar.tz)
    return last_closing(calendar, tomorrow) or closing.usual


def _move_back(
    store: Store, part: FulfillmentOrder, times: Mapping[str, Sequence[str | None]]
) -> bool:
    was = {
        name: datetime.fromisoformat(before) if before else None
        for name, (before, _) in times.items()
    }
    if start := was.get("window_start"):
        slot = slot_at(store=store, start=start) if start > clock.now() else None
        if slot is None or not rebook(store=store, slot=slot, reference=part.public_id):
            return False
    for name, moment in was.items():
        setattr(part, name, moment)
    return True


def _times(part: FulfillmentOrder) -> dict[str, str | None]:
    moments = {name: getattr(part, name) for name in MOVED}
    return {name: moment and moment.isoformat() for name, moment in moments.items()}


def _save(part: FulfillmentOrder) -> None:
    rows = FulfillmentOrder.objects.filter(pk=part.pk, status=part.status)
    rows.update(version=F("version") + 1, **{name: getattr(part, name) for name in MOVED})


def _fact(
    part: FulfillmentOrder, closes_at: datetime, *, undone: bool = False
) -> StoreClosingEarly:
    told = closes_at.isoformat().replace("+00:00", "Z")
    return StoreClosingEarly(
        order_id=part.order_id, fulfillment_id=part.pk, closes_at=told, undone=undone
    )
