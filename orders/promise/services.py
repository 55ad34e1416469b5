"""When an order can be ready: the one answer for API, routing, feeds and staff."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from hub import clock
from hub.stores.models import Store
from orders.errors import NeverOpen
from orders.promise.errors import StorePaused
from orders.promise.loads import LOOK_AHEAD, Bookings, queues_before
from orders.promise.reckoning import ready_at
from orders.promise.terms import Terms, terms_of

_A_DAY = timedelta(days=1)


def promise(*, store: Store, lead_minutes: int = 0, at: datetime | None = None) -> datetime:
    """The earliest moment (UTC) by which an order placed ``at`` (now) is ready in the store.

    Counted in open minutes from then, or from the next day when the store's cut-off has passed:
    its queue first, then its lead time or ``lead_minutes`` (of the basket), whichever is longer.
    It lies in opening hours or at closing; where windows have a number of places, in the first
    one with room. Raises StorePaused while the store takes no orders, and NeverOpen when its
    hours of the next 400 days, or its places of the next 30, do not suffice.
    """
    now = clock.now()
    at = at or now
    terms = terms_of([store.pk], at=at, now=now)[store.pk]
    return promise_by(terms, lead_minutes=lead_minutes, at=at)


def promise_by(terms: Terms, *, lead_minutes: int, at: datetime) -> datetime:
    """The same for a store whose terms are known."""
    refuse_if_paused(terms)
    ready = _reckon([terms], lead_minutes, at, clock.now())[terms.store_id]
    if ready is None:
        raise NeverOpen(f"store {terms.code} has no hours to prepare it in", store=terms.code)
    return ready


def promises(
    *, stores: Collection[int], lead_minutes: int = 0, at: datetime | None = None
) -> dict[int, datetime | None]:
    """The promise of each of these stores by its key, in at most three queries for all of them.

    None for a store that takes no orders, or has no hours or places for them.
    """
    now = clock.now()
    at = at or now
    terms = terms_of(stores, at=at, now=now).values()
    return dict.fromkeys(stores) | _reckon(
        [one for one in terms if not one.paused], lead_minutes, at, now
    )


def earliest(terms: Terms, *, lead_minutes: int, at: datetime) -> datetime | None:
    """When an order of that moment is ready in a store if its windows have room; None: never.

    Raises StorePaused.
    """
    refuse_if_paused(terms)
    return _by_work([terms], lead_minutes, at)[terms.store_id]


def refuse_if_paused(terms: Terms) -> None:
    """Raise StorePaused while the store takes no orders."""
    if terms.paused:
        raise StorePaused(f"store {terms.code} takes no new orders at present", store=terms.code)


def _reckon(
    stores: Collection[Terms], lead_minutes: int, at: datetime, now: datetime
) -> dict[int, datetime | None]:
    """The work first, then the windows that are full."""
    ready = _by_work(stores, lead_minutes, at)
    if limited := [one for one in stores if one.slot_capacity is not None]:
        ready |= _by_places(limited, ready, at, now)
    return ready


def _by_work(
    stores: Collection[Terms], lead_minutes: int, at: datetime
) -> dict[int, datetime | None]:
    """Hours, cut-off and lead time, then the queues."""
    ready = _by_hours(((one, max(one.lead_minutes, lead_minutes)) for one in stores), at)
    if busy := [one for one in stores if one.orders_per_hour]:
        ready |= _by_queue(busy, ready, lead_minutes, at)
    return ready


def _by_hours(asked: Iterable[tuple[Terms, int]], at: datetime) -> dict[int, datetime | None]:
    """Equal hours and minutes have equal answers: each is worked out once."""
    ready: dict[int, datetime | None] = {}
    known: dict[object, datetime | None] = {}
    for one, minutes in asked:
        key = (one.week, one.days, one.timezone, one.cut_off, minutes)
        if key not in known:
            known[key] = ready_at(one.calendar, one.cut_off, at, minutes)
        ready[one.store_id] = known[key]
    return ready


def _by_queue(
    busy: Collection[Terms], ready: dict[int, datetime | None], lead_minutes: int, at: datetime
) -> dict[int, datetime | None]:
    moments = {one.store_id: moment for one in busy if (moment := ready[one.store_id]) is not None}
    ahead = queues_before(moments)
    return _by_hours(
        (
            (one, max(one.lead_minutes, lead_minutes) + _minutes(ahead[one.store_id], one))
            for one in busy
            if one.store_id in ahead
        ),
        at,
    )


def _minutes(orders: int, terms: Terms) -> int:
    """How long the store works on so many orders, rounded up."""
    return -(-60 * orders // (terms.orders_per_hour or 1))


def _by_places(
    limited: Collection[Terms], ready: dict[int, datetime | None], at: datetime, now: datetime
) -> dict[int, datetime | None]:
    moments = [moment for one in limited if (moment := ready[one.store_id]) is not None]
    if not moments:
        return {}
    until = max(moments) + LOOK_AHEAD + _A_DAY
    ids = [one.store_id for one in limited]
    bookings = Bookings(ids, since=at - _A_DAY, until=until, now=now)
    found: dict[int, datetime | None] = {}
    for one in limited:
        moment = ready[one.store_id]
        if moment is not None:
            slot = next(bookings.with_room(one, moment), None)
            found[one.store_id] = max(slot.start, moment) if slot else None
    return found
