"""What the site owes its customer: each amount stated once, with the lines it is for.

The hub holds no money. A refund is an intent: the fact is told to the site, which pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from hub.events.catalog import RefundDue
from hub.events.outbox import publish
from orders.models import FulfillmentLine, FulfillmentOrder, Order, Refund, Settlement

# Reasons to pay back what was supplied and settled; the others come before that, or end it all.
SINCE_SETTLED = [
    Refund.Reason.RETURNED,
    Refund.Reason.PRICE_ADJUSTED,
    Refund.Reason.REFUSED,
    Refund.Reason.DAMAGED,
    Refund.Reason.COMPLAINT,
]


def price_of(line: FulfillmentLine) -> int:
    """What a unit (a gram of weighed goods) of the line costs: its own price, else as bought."""
    own = line.unit_price_minor
    return line.order_line.unit_price_minor if own is None else own


def paid_left(line: FulfillmentLine) -> int:
    """What the customer has paid for the line, at the price it was settled at, less all that the
    site was told to pay back of it since. Reads the order line and item."""
    key = (line.order_line.number, line.item.sku)
    settled = Settlement.objects.filter(fulfillment=line.fulfillment_id).first()
    prices = {_key(row): row["unit_price_minor"] for row in (settled.lines if settled else [])}
    refunds = Refund.objects.filter(fulfillment=line.fulfillment_id, reason__in=SINCE_SETTLED)
    rows = [row for refund in refunds for row in refund.lines if _key(row) == key]
    back: int = sum(row["amount_minor"] for row in rows)
    return max(0, line.picked * int(prices.get(key, price_of(line))) - back)


def refund_due(
    *, fulfillment: FulfillmentOrder, reason: str, units: Mapping[int, int] | None = None
) -> Refund | None:
    """State that the customer gets the price of these units back: a line's key → how many.

    Without ``units`` it is for all that the part would have supplied: what was picked once
    picking was over, before that what is not short. Publishes RefundDue; None when nothing costs
    anything. Part of a transaction that has locked the order's parts.
    """
    lines = list(fulfillment.lines.select_related("order_line", "item"))
    counted = [(line, _asked(line, fulfillment, units)) for line in lines]
    rows = [refund_line(line, count, count * price_of(line)) for line, count in counted if count]
    return state_refund(fulfillment=fulfillment, reason=reason, lines=rows)


@transaction.atomic
def state_refund(
    *, fulfillment: FulfillmentOrder, reason: str, lines: Sequence[dict[str, Any]]
) -> Refund | None:
    """Keep and publish a refund of the sum of ``lines``; None when there is nothing to pay."""
    amount = sum(line["amount_minor"] for line in lines)
    if amount <= 0:
        return None
    refund = Refund.objects.create(
        fulfillment=fulfillment, reason=reason, amount_minor=amount, lines=list(lines)
    )
    publish(
        RefundDue(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk, refund_id=refund.pk)
    )
    return refund


def units_canceled(order: Order) -> dict[int, int]:
    """How many units of each line of the order (by number) will not be supplied."""
    return dict(order.lines.values_list("number", "canceled"))


def refund_canceled(*, fulfillment: FulfillmentOrder, before: Mapping[int, int]) -> Refund | None:
    """State the price of what was canceled of the part's order since ``units_canceled`` was
    ``before``, as it was bought: that is what was paid. For what the site did not cancel itself.

    Part of a transaction that has locked the order's parts.
    """
    rows = []
    for line in fulfillment.order.lines.select_related("item"):
        if units := line.canceled - before.get(line.number, 0):
            told = {"number": line.number, "sku": line.item.sku, "units": units}
            rows.append(told | {"amount_minor": units * line.unit_price_minor})
    return state_refund(fulfillment=fulfillment, reason=Refund.Reason.CANCELED, lines=rows)


def refund_line(line: FulfillmentLine, units: int, amount_minor: int) -> dict[str, Any]:
    """One line of a refund; below zero for what takes the place of something dearer."""
    return {
        "number": line.order_line.number,
        "sku": line.item.sku,
        "units": units,
        "amount_minor": amount_minor,
    }


def _key(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["number"], row["sku"]


def _asked(
    line: FulfillmentLine, fulfillment: FulfillmentOrder, units: Mapping[int, int] | None
) -> int:
    if units is not None:
        return units.get(line.pk, 0)
    if fulfillment.picked_at is not None:
        return line.picked
    return line.allocated - line.short
