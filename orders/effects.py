"""What a change of a store's hours, pace or places does to orders that are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.stores.calendar import is_open, next_opening
from orders.models import FulfillmentOrder, FulfillmentStatus, WindowBooking
from orders.promise.reckoning import slots
from orders.promise.services import promises
from orders.promise.terms import Terms, terms_of

HOURS_AHEAD = (0, 1, 2, 4, 8, 12, 24)
MOST_PARTS = 20_000
_MOMENT = timedelta(microseconds=1)
_AN_HOUR = timedelta(hours=1)
_UNPICKED = [FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED, FulfillmentStatus.PICKING]
_COMING = [*_UNPICKED, FulfillmentStatus.PICKED, FulfillmentStatus.READY]
_COLUMNS = (
    *("pk", "store_id", "order_id", "order__contact_id", "status", "promised_at"),
    *("window_start", "expires_at"),
)

Placed = tuple[int, datetime]  # store and moment of placing
Overfull = tuple[int, datetime]  # store and beginning of a window


@dataclass
class Standing:
    """How open orders stand towards their stores' hours and windows at one moment.

    ``promised`` are parts promised for a time when the store is closed, ``chosen`` those whose
    customers chose such a time, ``stuck`` ready ones that nobody can collect before they are put
    back. ``overfull`` windows have so many more orders than places.
    """

    promises: dict[Placed, datetime | None] = field(default_factory=dict)
    promised: set[int] = field(default_factory=set)
    chosen: set[int] = field(default_factory=set)
    stuck: set[int] = field(default_factory=set)
    overfull: dict[Overfull, int] = field(default_factory=dict)
    contacts: dict[int, int] = field(default_factory=dict)
    complete: bool = True

    def touched(self) -> set[int]:
        """All parts that something is wrong with."""
        return self.promised | self.chosen | self.stuck


def standing(store_ids: Collection[int], *, at: datetime) -> Standing:
    """How the orders of these stores stand, judged ``at`` this moment; in a few queries for all.

    Of more than 20,000 open orders the next to be collected are looked at.
    """
    found = Standing()
    terms = terms_of(store_ids, at=at, now=at)
    for hours in HOURS_AHEAD:
        placed = at + timedelta(hours=hours)
        for store_id, ready in promises(stores=store_ids, at=placed).items():
            found.promises[store_id, placed] = ready
    _look_at_parts(found, terms, at)
    _look_at_windows(found, terms, at)
    return found


def _look_at_parts(found: Standing, terms: dict[int, Terms], at: datetime) -> None:
    rows = FulfillmentOrder.objects.filter(store__in=terms, status__in=_COMING)
    parts = list(rows.order_by("promised_at").values_list(*_COLUMNS)[: MOST_PARTS + 1])
    found.complete = len(parts) <= MOST_PARTS
    for pk, store_id, _order, contact, status, promised_at, start, expires_at in parts[:MOST_PARTS]:
        one = terms[store_id]
        found.contacts[pk] = contact
        if status in _UNPICKED and promised_at > at and not _is_open_till(one, promised_at):
            found.promised.add(pk)
        if start is not None and start > at and not is_open(*one.calendar, start):
            found.chosen.add(pk)
        if status == FulfillmentStatus.READY and not _collectable(one, at, expires_at):
            found.stuck.add(pk)


def _is_open_till(terms: Terms, moment: datetime) -> bool:
    """Whether it is open then, or closes then: promises may lie at closing."""
    return is_open(*terms.calendar, moment) or is_open(*terms.calendar, moment - _MOMENT)


def _collectable(terms: Terms, at: datetime, expires_at: datetime | None) -> bool:
    if expires_at is None or expires_at <= at:
        return True
    opens = next_opening(*terms.calendar, at)
    return opens is not None and opens < expires_at


def _look_at_windows(found: Standing, terms: dict[int, Terms], at: datetime) -> None:
    """Windows with more orders than places; carts are left out, they come and go."""
    limited = {pk: one for pk, one in terms.items() if one.slot_capacity is not None}
    rows = WindowBooking.objects.filter(store__in=limited, start__gt=at, hold__isnull=True)
    taken: dict[int, Counter[datetime]] = {}
    for store_id, start in rows.values_list("store_id", "start"):
        taken.setdefault(store_id, Counter())[start] += 1
    for store_id, starts in taken.items():
        one = limited[store_id]
        for slot in slots(one.calendar, one.slot_minutes, min(starts), max(starts) + _AN_HOUR):
            orders = sum(n for start, n in starts.items() if slot.start <= start < slot.end)
            places = one.places(slot.start)
            if places is not None and orders > places:
                found.overfull[store_id, slot.start] = orders - places
