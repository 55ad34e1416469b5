"""Promises that cannot be kept: found every minute, moved once, and told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Coalesce

from hub import clock
from hub.events.catalog import FulfillmentDelayed
from hub.events.outbox import publish
from hub.stores.calendar import Calendar, add_open_minutes, is_open, next_opening
from orders.models import FulfillmentOrder, FulfillmentStatus
from orders.promise.reckoning import Slot
from orders.promise.terms import Terms, terms_of
from orders.promise.windows import take_next
from orders.states import BEFORE_READY

AHEAD = timedelta(days=2)
MOST_LOOKED_AT = 20_000
MOST_SLIPS = 500
LONGEST_DELAY = timedelta(days=1)
PATIENCE = timedelta(minutes=15)  # a queue that is a little too long may still be caught up with
UNPICKED = [FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED, FulfillmentStatus.PICKING]


class Due(NamedTuple):
    """A part that is not ready, and what it was promised; ``lead`` is its slowest item's."""

    pk: int
    store_id: int
    status: str
    promised_at: datetime
    window_start: datetime | None
    promised_first: datetime | None
    lead: int | None


@transaction.atomic
def slip(
    *, fulfillment_id: int, promised_at: datetime, to: datetime, window: Slot | None = None
) -> bool:
    """Move the promise of a part that is not ready from ``promised_at`` to ``to``, and tell it.

    ``promised_first`` keeps what was said when it was placed; ``window`` replaces the customer's.
    False, and nothing is told, when it is ready or over, or was promised something else meanwhile.
    """
    rows = FulfillmentOrder.objects.filter(
        pk=fulfillment_id, status__in=BEFORE_READY, promised_at=promised_at
    )
    changes = {"window_start": window.start, "window_end": window.end} if window else {}
    first = Coalesce("promised_first", Value(promised_at))
    version = F("version") + 1
    if not rows.update(promised_first=first, promised_at=to, version=version, **changes):
        return False
    part = FulfillmentOrder.objects.only("order_id").get(pk=fulfillment_id)
    told = to.isoformat().replace("+00:00", "Z")
    publish(
        FulfillmentDelayed(order_id=part.order_id, fulfillment_id=fulfillment_id, promised_at=told)
    )
    return True


def slip_promises() -> int:
    """Move every promise of the next two days that cannot be kept; return how many (500 at most).

    It cannot be kept when it is over (the later it is, the longer the next one takes), when the
    store is shut by then, or when the store's queue is a quarter of an hour too long for it.
    """
    now = clock.now()
    by_store: dict[int, list[Due]] = defaultdict(list)
    for due in _due(now):
        by_store[due.store_id].append(due)
    terms = terms_of(by_store, at=now, now=now)
    slipped = 0
    for store_id, parts in by_store.items():
        for due, to in _moves(terms[store_id], parts, now):
            slipped += _slip(terms[store_id], due, to)
            if slipped >= MOST_SLIPS:
                return slipped
    return slipped


def lies_in_hours(calendar: Calendar, moment: datetime) -> bool:
    """Whether the store is open then, or shuts just then."""
    opening = next_opening(*calendar, moment - timedelta(microseconds=1))
    return opening is not None and opening <= moment


def _due(now: datetime) -> list[Due]:
    rows = (
        FulfillmentOrder.objects.filter(status__in=BEFORE_READY, promised_at__lt=now + AHEAD)
        .annotate(lead=Max("lines__item__lead_minutes"))
        .order_by("promised_at", "pk")
        .values_list(*Due._fields)
    )
    return [Due(*row) for row in rows[:MOST_LOOKED_AT]]


def _moves(terms: Terms, parts: Iterable[Due], now: datetime) -> Iterator[tuple[Due, datetime]]:
    """The parts of one store, in the order of their promises, that need a later one, and which."""
    calendar, ahead = terms.calendar, 0
    for due in parts:
        ahead += due.status in UNPICKED
        if due.promised_at <= now:
            to = add_open_minutes(*calendar, now, _patience(terms, due, now))
        elif not _is_open_for(calendar, due):
            lead = 0 if due.window_start else _lead(terms, due)
            to = add_open_minutes(*calendar, due.promised_at, lead)
        else:
            to = _by_queue(terms, due, ahead, now)
        if to is not None and to > due.promised_at:
            yield due, to


def _is_open_for(calendar: Calendar, due: Due) -> bool:
    """Whether the store is open when the customer means to come, or else when it shall be ready."""
    if due.window_start is not None:
        return is_open(*calendar, due.window_start)
    return lies_in_hours(calendar, due.promised_at)


def _by_queue(terms: Terms, due: Due, ahead: int, now: datetime) -> datetime | None:
    """When the store comes to the end of its work up to this part, if that is much too late."""
    if not terms.orders_per_hour or due.status not in UNPICKED:
        return None
    done = add_open_minutes(*terms.calendar, now, -(-60 * ahead // terms.orders_per_hour))
    return done if done is not None and done > due.promised_at + PATIENCE else None


def _patience(terms: Terms, due: Due, now: datetime) -> int:
    """Minutes after which what is late may be expected: as many again as it is late already, so
    that nobody is told anew every hour."""
    late = now - (due.promised_first or due.promised_at)
    return max(_lead(terms, due), int(min(late, LONGEST_DELAY).total_seconds() // 60))


def _lead(terms: Terms, due: Due) -> int:
    return max(terms.lead_minutes, due.lead or 0)


@transaction.atomic
def _slip(terms: Terms, due: Due, to: datetime) -> bool:
    """Slip one part; a window in which the store is shut now becomes the next one with room."""
    locked = FulfillmentOrder.objects.select_for_update(no_key=True, of=["self"])
    rows = locked.filter(pk=due.pk, status__in=BEFORE_READY, promised_at=due.promised_at)
    part = rows.select_related("store").first()
    if part is None:
        return False
    window = None
    if due.window_start is not None and not is_open(*terms.calendar, due.window_start):
        ready = add_open_minutes(*terms.calendar, clock.now(), _lead(terms, due)) or to
        window = take_next(
            store=part.store, since=max(to, ready), reference=part.public_id, whole=True
        )
        to = window.start if window else to
    return slip(fulfillment_id=due.pk, promised_at=due.promised_at, to=to, window=window)
