"""Goods that come back: on sale again or damaged, and what the site owes for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Sum

from hub import clock
from hub.events.catalog import GoodsReturned
from hub.events.outbox import publish
from hub.trace import actor
from inventory.ledger import StockEvent
from inventory.models import EventKind, UnavailableState
from inventory.models.item import Zone
from inventory.services.bundles import unpacked
from inventory.services.levels import change_beside_others
from inventory.services.stock_events import record_stock_events
from orders.actions import ACTOR_CHARACTERS, is_first, lock_parts
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    GoodsReturn,
    Refund,
    ReturnedLine,
)
from orders.refunds import paid_left, price_of, refund_line, state_refund
from orders.returns.errors import (
    MoreThanHandedOver,
    NoRestock,
    NotHandedOver,
    NothingReturned,
    WhyMissing,
)
from orders.text import clean

SOURCE = "hub"
REASON_CHARACTERS = 200

Disposition = ReturnedLine.Disposition


@dataclass(frozen=True, kw_only=True)
class Brought:
    """Units of a fulfillment line (by its key) that came back, and what becomes of them."""

    line_id: int
    units: int
    disposition: str


@transaction.atomic
def take_back(
    *, fulfillment: FulfillmentOrder, brought: Sequence[Brought], reason: str, token: str = ""
) -> GoodsReturn:
    """Take goods back in the store that handed them over.

    Restocked units are on hand and on sale again, damaged ones on hand but unavailable, each by
    an event of the stock ledger that names this return. A refund states what the units cost.
    Publishes GoodsReturned (and RefundDue). Raises NotHandedOver, NothingReturned, WhyMissing,
    MoreThanHandedOver, and NoRestock for goods that have left the cold; nothing is changed then.
    """
    why = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    if not why:
        raise WhyMissing
    if not is_first(fulfillment=fulfillment, action="return", token=token):
        return GoodsReturn.objects.filter(fulfillment=fulfillment).latest("pk")
    change_beside_others(fulfillment.store_id)  # as counts want it: before any level is locked
    lock_parts(fulfillment.order_id)
    lines = _lines_of(fulfillment)
    _check(fulfillment, lines, brought)
    goods = GoodsReturn.objects.create(
        fulfillment=fulfillment, reason=why, by=actor()[:ACTOR_CHARACTERS]
    )
    amounts = _amounts(lines, brought)
    rows = ReturnedLine.objects.bulk_create(
        ReturnedLine(
            goods_return=goods,
            line=lines[one.line_id],
            units=one.units,
            disposition=one.disposition,
            amount_minor=amount,
        )
        for one, amount in zip(brought, amounts, strict=True)
    )
    events = [event for row in rows for event in _events(row, fulfillment)]
    record_stock_events(source=SOURCE, events=events)
    _refund(fulfillment, goods, rows)
    return goods


def returned_units(fulfillment: FulfillmentOrder) -> dict[int, int]:
    """How many units of each line have come back so far, by the line's key."""
    rows = ReturnedLine.objects.filter(line__fulfillment=fulfillment).order_by()
    return dict(rows.values("line").annotate(total=Sum("units")).values_list("line", "total"))


def may_restock(line: FulfillmentLine) -> bool:
    """Whether such goods may be sold again after a customer had them."""
    return not line.item.fresh and line.item.zone == Zone.AMBIENT


def _lines_of(fulfillment: FulfillmentOrder) -> dict[int, FulfillmentLine]:
    return {line.pk: line for line in fulfillment.lines.select_related("order_line", "item")}


def _check(
    fulfillment: FulfillmentOrder, lines: Mapping[int, FulfillmentLine], brought: Sequence[Brought]
) -> None:
    fulfillment.refresh_from_db(fields=["status", "version"])
    if fulfillment.status != FulfillmentStatus.COMPLETED:
        raise NotHandedOver(f"it is {fulfillment.status}", present_status=fulfillment.status)
    wanted: Counter[int] = Counter()
    for one in brought:
        if one.units <= 0 or one.disposition not in Disposition.values:
            raise NothingReturned
        wanted[one.line_id] += one.units
    named = {(one.line_id, one.disposition) for one in brought}
    if not brought or len(named) < len(brought) or not lines.keys() >= wanted.keys():
        raise NothingReturned
    before = returned_units(fulfillment)
    over = [
        lines[key].order_line.number
        for key, units in wanted.items()
        if units > lines[key].handed_off - before.get(key, 0)
    ]
    if over:
        raise MoreThanHandedOver(lines=sorted(over))
    restocked = [lines[one.line_id] for one in brought if one.disposition == Disposition.RESTOCK]
    if spoilt := sorted(line.item.sku for line in restocked if not may_restock(line)):
        raise NoRestock(skus=spoilt)


def _amounts(lines: Mapping[int, FulfillmentLine], brought: Sequence[Brought]) -> list[int]:
    """What each costs, as far as it was not paid back after a complaint."""
    left = {key: paid_left(lines[key]) for key in {one.line_id for one in brought}}
    amounts = []
    for one in brought:
        amount = min(one.units * price_of(lines[one.line_id]), left[one.line_id])
        left[one.line_id] -= amount
        amounts.append(amount)
    return amounts


def _events(row: ReturnedLine, fulfillment: FulfillmentOrder) -> list[StockEvent]:
    """What came into the store; of a bundle its parts."""
    damaged = row.disposition == Disposition.DAMAGED
    return [
        StockEvent(
            event_id=f"return:{row.pk}:{item_id}",
            kind=EventKind.RETURN,
            store_id=fulfillment.store_id,
            item_id=item_id,
            quantity=units,
            occurred_at=clock.now(),
            reference=fulfillment.public_id,
            state=UnavailableState.DAMAGED if damaged else "",
        )
        for item_id, units in sorted(unpacked({row.line.item_id: row.units}).items())
    ]


def _refund(
    fulfillment: FulfillmentOrder, goods: GoodsReturn, rows: Sequence[ReturnedLine]
) -> None:
    ids = {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
    lines = [refund_line(row.line, row.units, row.amount_minor) for row in rows]
    goods.refund = state_refund(fulfillment=fulfillment, reason=Refund.Reason.RETURNED, lines=lines)
    goods.save(update_fields=["refund"])
    FulfillmentOrder.objects.filter(pk=fulfillment.pk).update(version=F("version") + 1)
    publish(GoodsReturned(return_id=goods.pk, **ids))
