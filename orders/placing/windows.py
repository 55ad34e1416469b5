"""When a customer comes whose order another store prepares: at the old time if that can be."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from hub import clock
from hub.stores.models import Store
from orders.models import FulfillmentOrder
from orders.promise.errors import WindowClosed, WindowFull, WindowTooEarly
from orders.promise.windows import book, book_ready


@dataclass(frozen=True)
class Agreed:
    """What is agreed ``at`` a moment for the part ``reference``; a window only if one was asked."""

    reference: str
    at: datetime
    promised_at: datetime
    window_start: datetime | None = None
    window_end: datetime | None = None


def agree(
    ended: FulfillmentOrder,
    store: Store,
    reference: str,
    promised_at: datetime,
    lead_minutes: int,
) -> Agreed:
    """Take a place in the new store's windows; the one in the old store's goes with the old part.

    The customer's own window if it has room there, else the first by which the order is ready.
    Raises WindowFull when there is none in a month.
    """
    now = clock.now()
    if ended.window_start is not None:
        with suppress(WindowFull, WindowClosed, WindowTooEarly):
            slot = book(
                store=store,
                start=ended.window_start,
                reference=reference,
                lead_minutes=lead_minutes,
            )
            return Agreed(reference, now, max(promised_at, slot.start), slot.start, slot.end)
    ready_at = book_ready(store=store, ready_at=promised_at, reference=reference)
    return Agreed(reference, now, ready_at)
