"""What a ready part is worth: the supplied lines with their prices, beside what was ordered."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hub.events.catalog import AmountChanged
from hub.events.outbox import publish
from orders.blocks import open_block
from orders.models import Block, FulfillmentLine, FulfillmentOrder, Refund, Settlement
from orders.refunds import price_of, refund_line, state_refund


@transaction.atomic
def settle_amount(*, fulfillment: FulfillmentOrder) -> None:
    """Keep what the part came to, in the transaction that made it READY.

    Every line counts units times the price of a unit; of weighed goods a unit is a gram. When
    the sum is not that of what was ordered (a short line, a substitute, another weight, a lower
    price), the block «amount» holds the hand-off back until the site lifts it, AmountChanged is
    published, and a refund states what is too much. ``fulfillment`` then shows its fresh version.
    A part that is settled already stays as it is.
    """
    if Settlement.objects.filter(fulfillment=fulfillment).exists():
        return
    lines = list(fulfillment.lines.select_related("order_line", "item", "stands_for__item"))
    ordered = sum(_ordered_amount(line) for line in lines)
    supplied = sum(line.picked * price_of(line) for line in lines)
    settlement = Settlement.objects.create(
        fulfillment=fulfillment,
        ordered_minor=ordered,
        supplied_minor=supplied,
        lines=[_supplied(line) for line in lines if line.picked],
    )
    if supplied != ordered:
        _hold_back(fulfillment, settlement, lines)


def _hold_back(
    fulfillment: FulfillmentOrder, settlement: Settlement, lines: list[FulfillmentLine]
) -> None:
    note = "the site has to settle the changed amount"
    block = open_block(order=fulfillment.order, reason=Block.Reason.AMOUNT, note=note)
    Settlement.objects.filter(pk=settlement.pk).update(block=block)
    fulfillment.refresh_from_db(fields=["version"])
    publish(AmountChanged(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    changed = [(line, _ordered_amount(line) - line.picked * price_of(line)) for line in lines]
    rows = [
        refund_line(line, _ordered_units(line) - line.picked, less)
        for line, less in changed
        if less
    ]
    state_refund(fulfillment=fulfillment, reason=Refund.Reason.SUPPLIED_LESS, lines=rows)


def _ordered_units(line: FulfillmentLine) -> int:
    """A substitute was not ordered: the line it stands for counts its units."""
    return 0 if line.stands_for_id else line.allocated


def _ordered_amount(line: FulfillmentLine) -> int:
    return _ordered_units(line) * line.order_line.unit_price_minor


def _supplied(line: FulfillmentLine) -> dict[str, Any]:
    price = price_of(line)
    told = {
        "number": line.order_line.number,
        "sku": line.item.sku,
        "units": line.picked,
        "unit": line.item.unit,
        "unit_price_minor": price,
        "amount_minor": line.picked * price,
    }
    return told | ({"stands_for": line.stands_for.item.sku} if line.stands_for else {})
