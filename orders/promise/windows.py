"""Pickup windows: which there are, and taking a place in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Q

from hub import clock
from hub.stores.models import Store
from inventory.errors import HoldExpired
from inventory.models import Hold
from orders.models import WindowBooking
from orders.promise.errors import StorePaused, WindowClosed, WindowFull, WindowTooEarly
from orders.promise.loads import LIVING, LOOK_AHEAD, Bookings
from orders.promise.reckoning import Slot, slots
from orders.promise.services import earliest
from orders.promise.terms import Terms, terms_of

DAYS = 7
OFFERED = 3
KEPT = timedelta(days=2)
_A_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)

# The lock comes in a statement of its own: the next one then sees what its last holder committed.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(lock)s, 0))"
_TAKE = f"""
INSERT INTO orders_windowbooking (store_id, start, reference, hold_id)
SELECT %(store)s::bigint, %(start)s::timestamptz, %(reference)s::text, %(hold)s::bigint
WHERE %(places)s::int IS NULL OR %(places)s::int > (
    SELECT count(*) FROM orders_windowbooking booking {LIVING}
      AND booking.store_id = %(store)s AND booking.start >= %(start)s AND booking.start < %(end)s
      AND booking.reference <> %(reference)s::text)
ON CONFLICT (reference) DO UPDATE SET
    store_id = excluded.store_id, start = excluded.start, hold_id = excluded.hold_id
RETURNING id
"""  # noqa: S608  made of constants


class Window(NamedTuple):
    """A span in which the customer may come (UTC); ``left`` more orders fit, None: any number."""

    start: datetime
    end: datetime
    left: int | None


def windows(
    *, store: Store, lead_minutes: int = 0, days: int = DAYS, at: datetime | None = None
) -> list[Window]:
    """The windows with room that begin when an order placed ``at`` (now) is ready, or later.

    Up to the end of the ``days``-th day, today's the first, in the store's own time. Raises
    StorePaused; a store that never opens has none.
    """
    now = clock.now()
    at = at or now
    terms = _terms(store, at, now)
    ready = earliest(terms, lead_minutes=lead_minutes, at=at)
    return _with_room(terms, ready, at, days) if ready else []


def windows_since(*, store: Store, since: datetime, days: int = DAYS) -> list[Window]:
    """The windows with room that begin ``since`` then or later, up to the end of the same day as
    above; whether the store takes new orders does not matter."""
    now = clock.now()
    return _with_room(_terms(store, now, now), since, now, days)


def soonest(*, store: Store, lead_minutes: int, promised_at: datetime) -> datetime | None:
    """From when on the customer of an order that is under way may choose a window.

    That is when an order placed now would be ready, or when this one was promised to be, if that
    is sooner. None: a store that is paused has promised nothing more.
    """
    now = clock.now()
    with suppress(StorePaused):
        ready = earliest(_terms(store, now, now), lead_minutes=lead_minutes, at=now)
        if ready is not None and not now < promised_at < ready:
            return ready
    return promised_at if promised_at > now else None


@transaction.atomic
def book(
    *, store: Store, start: datetime, reference: str, hold_id: str = "", lead_minutes: int = 0
) -> Slot:
    """Give the order of ``reference`` a place in the window that begins at ``start``.

    A place that its cart's hold (``hold_id``, public) has there becomes the order's, whatever
    time has passed; one elsewhere is given up. A reference has one place: booking again moves it.
    Raises WindowFull, WindowTooEarly or WindowClosed, each with the next windows, and StorePaused.
    """
    if hold_id:
        kept = WindowBooking.objects.filter(reference=hold_id, store=store, start=start)
        slot = slot_at(store=store, start=start) if kept.exists() else None
        if slot and kept.update(reference=reference, hold=None):
            return slot
        unbook(reference=hold_id)
    return _book(store, start, reference, lead_minutes, hold=None)


@transaction.atomic
def book_ready(*, store: Store, ready_at: datetime, reference: str) -> datetime:
    """Count an order that comes as soon as it is ready among its window's; return when that is.

    That is ``ready_at``, or the start of the next window with room when others were quicker.
    Where windows have no number of places nothing is counted. Raises WindowFull when a month is.
    """
    if store.slot_capacity is None:
        return ready_at
    slot = take_next(store=store, since=ready_at, reference=reference)
    if slot is None:
        raise WindowFull(f"store {store.code} has no more places in the next weeks", next=[])
    return max(slot.start, ready_at)


@transaction.atomic
def take_next(*, store: Store, since: datetime, reference: str, whole: bool = False) -> Slot | None:
    """Move the reference to the first window with room that ends after ``since``, and return it.

    ``whole``: one that begins then or later. None, and it stays, when there is none in a month.
    """
    now = clock.now()
    terms = _terms(store, since, now)
    bookings = Bookings([store.pk], since=since - _A_DAY, until=since + LOOK_AHEAD, now=now)
    for slot in _starting(bookings, terms, since) if whole else bookings.with_room(terms, since):
        if _take(terms, slot, reference, hold=None):
            return slot
    return None


def unbook(*, reference: str) -> bool:
    """Free the place of an order or a hold; False when it had none."""
    return bool(WindowBooking.objects.filter(reference=reference).delete()[0])


def slot_at(*, store: Store, start: datetime) -> Slot | None:
    """The store's window that begins exactly then, if there is one (in the next month)."""
    now = clock.now()
    return _slot_at(_terms(store, now, now), start) if start < now + LOOK_AHEAD else None


@transaction.atomic
def rebook(*, store: Store, slot: Slot, reference: str) -> bool:
    """Move the reference's place to that window; False, and nothing has changed, if it is full."""
    now = clock.now()
    return _take(_terms(store, now, now), slot, reference, hold=None)


def forget_bookings() -> int:
    """Drop the places of windows two days past, and of holds that are over; return how many."""
    now = clock.now()
    rows = WindowBooking.objects.all()
    old = rows.filter(start__lt=now - KEPT).delete()[0]
    over = ~Q(hold__status=Hold.Status.ACTIVE) | Q(hold__expires_at__lt=now - KEPT)
    return old + rows.filter(over, hold__isnull=False).delete()[0]


def held_window(hold_id: str) -> datetime | None:
    """The start of the window that a cart's hold (public id) has a place in."""
    rows = WindowBooking.objects.filter(reference=hold_id, hold__isnull=False)
    return rows.values_list("start", flat=True).first()


@transaction.atomic
def hold_window(*, hold: Hold, start: datetime) -> Slot:
    """Give a cart a place in a window of its hold's store, for as long as the hold lives.

    Another window that it had is given up. Raises HoldExpired, and as ``book``.
    """
    living = Hold.objects.select_for_update(no_key=True).filter(pk=hold.pk)
    hold.status, hold.expires_at = living.values_list("status", "expires_at").get()
    if hold.status != Hold.Status.ACTIVE or hold.expires_at <= clock.now():
        raise HoldExpired(f"{hold.public_id} is over", hold_status=hold.status)
    lead = hold.lines.aggregate(longest=Max("item__lead_minutes"))["longest"] or 0
    return _book(hold.store, start, hold.public_id, lead, hold=hold.pk)


def _book(
    store: Store, start: datetime, reference: str, lead_minutes: int, *, hold: int | None
) -> Slot:
    now = clock.now()
    terms = _terms(store, now, now)
    ready = earliest(terms, lead_minutes=lead_minutes, at=now)
    slot = _slot_at(terms, start) if now < start < now + LOOK_AHEAD else None
    if slot is None or ready is None:
        raise WindowClosed("the store has no window then", next=_next(terms, ready, now))
    if start < ready:
        raise WindowTooEarly(f"it is ready at {_told(ready)}", next=_next(terms, ready, now))
    if not _take(terms, slot, reference, hold):
        raise WindowFull(next=_next(terms, slot.end, now))
    return slot


def _take(terms: Terms, slot: Slot, reference: str, hold: int | None) -> bool:
    """One place for the reference if there is room; whoever else wants it waits for the commit."""
    places = terms.places(slot.start)
    values: dict[str, Any] = {
        "store": terms.store_id,
        "start": slot.start,
        "end": slot.end,
        "lock": f"window {terms.store_id} {slot.start.timestamp():.0f}",
        "reference": reference,
        "hold": hold,
        "places": places,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        if places is not None:
            cursor.execute(_LOCK, values)
        cursor.execute(_TAKE, values)
        return cursor.fetchone() is not None


def _with_room(terms: Terms, since: datetime, at: datetime, days: int) -> list[Window]:
    tz = terms.calendar.tz
    last = datetime.combine(at.astimezone(tz).date() + timedelta(days=days), time(), tz)
    bookings = Bookings([terms.store_id], since=since - _A_DAY, until=last, now=clock.now())
    return [
        Window(slot.start, slot.end, left)
        for slot in slots(terms.calendar, terms.slot_minutes, since, last)
        if slot.start >= since and (left := bookings.left(terms, slot)) != 0
    ]


def _slot_at(terms: Terms, start: datetime) -> Slot | None:
    """The store's window that begins exactly then."""
    found = slots(terms.calendar, terms.slot_minutes, start, start + _MOMENT)
    return next((slot for slot in found if slot.start == start), None)


def _next(terms: Terms, since: datetime | None, now: datetime) -> list[str]:
    """The start of the next few windows with room from ``since`` on."""
    if since is None:
        return []
    bookings = Bookings([terms.store_id], since=since - _A_DAY, until=since + LOOK_AHEAD, now=now)
    return [_told(slot.start) for slot in islice(_starting(bookings, terms, since), OFFERED)]


def _starting(bookings: Bookings, terms: Terms, since: datetime) -> Iterator[Slot]:
    return (slot for slot in bookings.with_room(terms, since) if slot.start >= since)


def _terms(store: Store, at: datetime, now: datetime) -> Terms:
    return terms_of([store.pk], at=min(at, now), now=now)[store.pk]


def _told(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
