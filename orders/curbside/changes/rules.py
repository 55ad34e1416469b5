"""In which state which change is open, and taking hold of the pickup before one is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from orders.actions import is_first, lock_parts
from orders.curbside.changes.errors import ChangeOff, TooLateToChange
from orders.curbside.settings import curb_of
from orders.errors import StaleVersion
from orders.models import (
    CurbSettings,
    FulfillmentOrder,
    FulfillmentStatus,
    OrderStatus,
    VisitPickup,
    VisitStatus,
)
from orders.states import BEFORE_READY, LIVE

WINDOW, STORE, LINES, EXTEND = "change_window", "change_store", "cancel_lines", "extend_own"
OPEN_IN: Mapping[str, Collection[str]] = {
    WINDOW: LIVE,
    STORE: {FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED},
    LINES: BEFORE_READY,
    EXTEND: {FulfillmentStatus.READY},
}
_SWITCHES = {
    WINDOW: "may_change_window",
    STORE: "may_change_store",
    LINES: "may_cancel_items",
    EXTEND: "may_extend",
}
_HERE = [VisitStatus.ARRIVED, VisitStatus.BEING_SERVED]


def is_open(part: FulfillmentOrder, change: str, curb: CurbSettings) -> bool:
    """Whether the store allows the change and the pickup has not come too far for it.

    Who stands at the store has come: then there is no other time or store to choose.
    """
    return _is_allowed(curb, change) and not _why_late(part, change)


def begin(
    part: FulfillmentOrder, change: str, *, token: str = "", version: int | None = None
) -> bool:
    """Lock the pickup for a change; False when this tap has made it already.

    Part of a transaction; ``part`` is fresh afterwards. Raises StaleVersion, ChangeOff and
    TooLateToChange.
    """
    first = take_hold(part, change, token)
    if first:
        check(part, change, version=version)
    return first


def take_hold(part: FulfillmentOrder, change: str, token: str) -> bool:
    """Lock the pickup and read it anew; whether this tap acts for the first time."""
    first = is_first(fulfillment=part, action=change, token=token)
    lock_parts(part.order_id)
    part.refresh_from_db()
    part.order.refresh_from_db()
    return first


def check(part: FulfillmentOrder, change: str, *, version: int | None = None) -> None:
    """Raise what speaks against the change as things stand."""
    fresh = {"present_status": str(part.status), "version": part.version}
    if version is not None and version != part.version:
        raise StaleVersion(f"it is at version {part.version}, not {version}", **fresh)
    if not _is_allowed(curb_of(part.store), change):
        raise ChangeOff("this store does not let customers change that themselves")
    if why := _why_late(part, change):
        raise TooLateToChange(why, **fresh)


def _is_allowed(curb: CurbSettings, change: str) -> bool:
    return bool(getattr(curb, _SWITCHES[change]))


def _why_late(part: FulfillmentOrder, change: str) -> str:
    if part.status not in OPEN_IN[change] or part.order.status != OrderStatus.OPEN:
        return f"it is {part.status}"
    if change in (WINDOW, STORE) and _is_here(part):
        return "the customer is at the store"
    return ""


def _is_here(part: FulfillmentOrder) -> bool:
    pickups = VisitPickup.objects.filter(fulfillment=part, active=True)
    return pickups.filter(visit__status__in=_HERE).exists()
