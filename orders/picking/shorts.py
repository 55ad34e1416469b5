"""What is not on the shelf, or not fit to be given: counted short while somebody picks."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from hub import clock
from hub.errors import Invalid
from inventory.ledger import StockEvent
from inventory.models import EventKind, UnavailableState
from inventory.services.allocations import release
from inventory.services.bundles import among
from inventory.services.levels import change_beside_others
from inventory.services.stock_events import record_stock_events
from inventory.services.stops import stop_after_short_pick
from orders.actions import is_first
from orders.models import FulfillmentLine, PickEntry
from orders.picking.claims import keep
from orders.picking.errors import PickMismatch
from orders.picking.scanning import fresh_line, locked_lines, own_line, write_down
from orders.picking.working import DAMAGED, SHORT_REASONS, left

SOURCE = "hub"


@transaction.atomic
def report_short(
    *,
    line: FulfillmentLine,
    reason: str,
    by: User,
    units: int | None = None,
    token: str = "",
) -> FulfillmentLine:
    """Say that units of a line (all that are left of it, when not said) cannot be had.

    ``shortage``: the store sells no more of the item until somebody counts it. ``damaged``: the
    units stay on hand, but cannot be sold. Either way they are no longer set aside for the order.
    Raises Invalid for another reason, PickMismatch for more than is left, and as ``scan`` does.
    """
    if reason not in SHORT_REASONS:
        raise Invalid(f"a reason is one of {', '.join(SHORT_REASONS)}")
    fulfillment = line.fulfillment
    if not is_first(fulfillment=fulfillment, action="short", token=token):
        return fresh_line(line)
    if reason == DAMAGED:
        change_beside_others(fulfillment.store_id)  # as counts want it: before any level is locked
    line = own_line(locked_lines([fulfillment]), line)
    missing = left(line) if units is None else units
    if not 0 < missing <= left(line):
        raise PickMismatch(f"{max(0, left(line))} are left to pick", lines=[line.pk])
    keep(fulfillment, line.item.zone, by)
    rows = FulfillmentLine.objects.filter(pk=line.pk)
    rows.update(short=F("short") + missing, short_reason=reason)
    write_down(line, PickEntry.Kind.SHORT, missing, reason=reason)
    _settle(line, missing, reason)
    return fresh_line(line)


def _settle(line: FulfillmentLine, missing: int, reason: str) -> None:
    """Of a bundle it is not known which part is bad: it is stopped, as for a shortage."""
    fulfillment = line.fulfillment
    bad = reason == DAMAGED and not among([line.item_id])
    if not bad:
        stop_after_short_pick(store_id=fulfillment.store_id, item_ids=[line.item_id])
    release(reference=fulfillment.public_id, lines={line.item_id: missing})
    if bad:
        record_stock_events(source=SOURCE, events=[_damage(line, missing)])


def _damage(line: FulfillmentLine, units: int) -> StockEvent:
    return StockEvent(
        event_id=f"damaged:{line.pk}:{line.short + units}",
        kind=EventKind.MOVE,
        store_id=line.fulfillment.store_id,
        item_id=line.item_id,
        quantity=units,
        occurred_at=clock.now(),
        reference=line.fulfillment.public_id,
        state=UnavailableState.DAMAGED,
    )
