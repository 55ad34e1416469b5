"""What a ready part is worth: the supplied lines with their prices, beside what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum

from hub.events.catalog import AmountChanged
from hub.events.outbox import publish
from orders.blocks import open_block
from orders.models import (
    Block,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    Refund,
    Settlement,
)
from orders.refunds import price_of, refund_line, state_refund

ENDED = [FulfillmentStatus.REJECTED, FulfillmentStatus.CANCELED, FulfillmentStatus.EXPIRED]


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
    ordered = _ordered_units(fulfillment, lines)
    supplied = sum(line.picked * price_of(line) for line in lines)
    settlement = Settlement.objects.create(
        fulfillment=fulfillment,
        ordered_minor=sum(_price_ordered(line, ordered[line.pk]) for line in lines),
        supplied_minor=supplied,
        lines=[_supplied(line) for line in lines if line.picked],
    )
    if supplied != settlement.ordered_minor:
        _hold_back(fulfillment, settlement, lines, ordered)


def _hold_back(
    fulfillment: FulfillmentOrder,
    settlement: Settlement,
    lines: list[FulfillmentLine],
    ordered: Mapping[int, int],
) -> None:
    note = "the site has to settle the changed amount"
    block = open_block(order=fulfillment.order, reason=Block.Reason.AMOUNT, note=note)
    Settlement.objects.filter(pk=settlement.pk).update(block=block)
    fulfillment.refresh_from_db(fields=["version"])
    publish(AmountChanged(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    rows = [
        refund_line(line, ordered[line.pk] - line.picked, less)
        for line in lines
        if (less := _price_ordered(line, ordered[line.pk]) - line.picked * price_of(line))
    ]
    state_refund(fulfillment=fulfillment, reason=Refund.Reason.SUPPLIED_LESS, lines=rows)


def _ordered_units(fulfillment: FulfillmentOrder, lines: list[FulfillmentLine]) -> dict[int, int]:
    """By line, the units that this part was to supply of what was bought and not canceled.

    None of a substitute: the line it stands for counts them. A weight may have come out above
    what was bought, which is then not what was ordered.
    """
    elsewhere = FulfillmentLine.objects.filter(
        order_line__in=[line.order_line_id for line in lines], stands_for__isnull=True
    ).exclude(Q(fulfillment=fulfillment) | Q(fulfillment__status__in=ENDED))
    rows = elsewhere.order_by().values("order_line").annotate(units=Sum("allocated"))
    others = dict(rows.values_list("order_line", "units"))
    return {
        line.pk: 0 if line.stands_for_id else _share(line, others.get(line.order_line_id, 0))
        for line in lines
    }


def _share(line: FulfillmentLine, elsewhere: int) -> int:
    bought = line.order_line
    return max(0, min(line.allocated, bought.quantity - bought.canceled - elsewhere))


def _price_ordered(line: FulfillmentLine, units: int) -> int:
    return units * line.order_line.unit_price_minor


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
