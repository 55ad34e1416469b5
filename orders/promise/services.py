"""When an order can be ready: the one answer for API, routing and staff."""

from __future__ import annotations

from datetime import datetime

from hub import clock
from hub.stores.calendar import add_open_minutes
from hub.stores.models import Store
from hub.stores.services import calendar_of
from orders.errors import NeverOpen


def promise(*, store: Store, at: datetime | None = None) -> datetime:
    """The earliest moment (UTC) by which an order placed ``at`` (now) is ready in the store.

    The store's lead minutes count only while it is open, so the moment lies in opening hours, or
    at closing time. Raises NeverOpen when its hours of the next 400 days do not suffice.
    """
    ready_at = add_open_minutes(*calendar_of(store), at or clock.now(), store.lead_minutes)
    if ready_at is None:
        raise NeverOpen(f"store {store.code} has no hours to prepare it in", store=store.code)
    return ready_at
