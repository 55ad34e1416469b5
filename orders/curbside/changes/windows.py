"""The customer comes at another time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from hub import clock
from hub.events.catalog import WindowChanged
from hub.events.outbox import publish
from orders.curbside.changes import rules
from orders.models import FulfillmentOrder, FulfillmentStatus
from orders.promise.errors import WindowClosed, WindowFull, WindowTooEarly
from orders.promise.reckoning import Slot
from orders.promise.windows import Window, rebook, slot_at, soonest, windows_since

MOST_NAMED = 3


@transaction.atomic
def change_window(
    *, fulfillment: FulfillmentOrder, start: datetime, token: str = "", version: int | None = None
) -> FulfillmentOrder:
    """Let the customer come in the store's window that begins at ``start``; the row comes back.

    The place in the old window is free, that in the new one taken; goods that are not ready yet
    are promised for its start. WindowChanged is published. Asking for what is so already changes
    nothing. Raises WindowFull, WindowTooEarly or WindowClosed (beyond the deadline of ready goods,
    too), each with the ``next`` windows, and what ``rules.begin`` raises; nothing is changed then.
    """
    if not rules.begin(fulfillment, rules.WINDOW, token=token, version=version):
        return fulfillment
    if fulfillment.window_start == start:
        return fulfillment
    slot = _slot(fulfillment, start)
    if not rebook(store=fulfillment.store, slot=slot, reference=fulfillment.public_id):
        raise WindowFull("others were quicker", next=_next(fulfillment))
    changes: dict[str, Any] = {"window_start": slot.start, "window_end": slot.end}
    if fulfillment.status != FulfillmentStatus.READY:
        changes |= {"promised_at": slot.start, "promised_first": slot.start}
    rows = FulfillmentOrder.objects.filter(pk=fulfillment.pk)
    rows.update(version=F("version") + 1, **changes)
    fulfillment.refresh_from_db()
    publish(WindowChanged(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    return fulfillment


def windows_for(part: FulfillmentOrder) -> list[Window]:
    """The windows with room that the customer may choose now, without the one he has."""
    since = _since(part)
    if since is None:
        return []
    found = windows_since(store=part.store, since=since)
    return [one for one in found if one.start != part.window_start and _is_kept(part, one.end)]


def _slot(part: FulfillmentOrder, start: datetime) -> Slot:
    since = _since(part)
    slot = slot_at(store=part.store, start=start) if start > clock.now() else None
    if slot is None or since is None:
        raise WindowClosed("the store has no window then", next=_next(part))
    if not _is_kept(part, slot.end):
        raise WindowClosed("the goods are not kept that long", next=_next(part))
    if start < since:
        raise WindowTooEarly(f"it is ready at {_told(since)}", next=_next(part))
    return slot


def _since(part: FulfillmentOrder) -> datetime | None:
    if part.status == FulfillmentStatus.READY:
        return clock.now()
    lead = part.lines.aggregate(longest=Max("item__lead_minutes"))["longest"] or 0
    return soonest(store=part.store, lead_minutes=lead, promised_at=part.promised_at)


def _is_kept(part: FulfillmentOrder, until: datetime) -> bool:
    return part.expires_at is None or until <= part.expires_at


def _next(part: FulfillmentOrder) -> list[str]:
    return [_told(one.start) for one in windows_for(part)[:MOST_NAMED]]


def _told(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
