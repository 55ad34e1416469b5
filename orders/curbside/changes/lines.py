"""The customer wants less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from inventory.models import Item
from orders.curbside.changes import rules
from orders.errors import LinesWrong
from orders.models import FulfillmentOrder
from orders.placing.amending import amend_order
from orders.refunds import refund_canceled, units_canceled


@dataclass(frozen=True)
class LineChoice:
    """Up to ``units`` of the order line ``number`` may go (grams of weighed goods)."""

    number: int
    item: Item
    units: int


@transaction.atomic
def cancel_lines(
    *,
    fulfillment: FulfillmentOrder,
    units: Mapping[int, int],
    token: str = "",
    version: int | None = None,
) -> FulfillmentOrder:
    """Take so many units off these lines (by number); the row comes back.

    What nobody has picked is on sale again at once, for the rest there are tasks to put it back.
    RefundDue tells the site what it owes. A part, or an order, of which nothing is left is
    canceled. Raises LinesWrong for other lines and for more units than ``lines_for`` offers, and
    what ``rules.begin`` and ``amend_order`` raise; nothing is changed then.
    """
    if not rules.begin(fulfillment, rules.LINES, token=token, version=version):
        return fulfillment
    _check(fulfillment, units)
    order = fulfillment.order
    before = units_canceled(order)
    bought = dict(order.lines.values_list("number", "quantity"))
    left = {number: bought[number] - before[number] - count for number, count in units.items()}
    amend_order(order=order, quantities=left)
    refund_canceled(fulfillment=fulfillment, before=before)
    fulfillment.refresh_from_db()
    return fulfillment


def lines_for(part: FulfillmentOrder) -> list[LineChoice]:
    """What may be taken off each line of the part now."""
    lines = list(part.lines.select_related("order_line", "item"))
    stood_in: Counter[int | None] = Counter()
    for line in lines:
        stood_in[line.stands_for_id] += line.allocated
    units: Counter[int] = Counter()
    for line in lines:
        missing = max(0, line.short - stood_in[line.pk])
        units[line.order_line_id] += line.allocated - line.short + missing
    found = []
    for line in lines:
        bought = line.order_line
        most = min(units[bought.pk], bought.quantity - bought.canceled)
        if line.stands_for_id is None and most > 0:
            found.append(LineChoice(bought.number, line.item, most))
    return found


def _check(part: FulfillmentOrder, units: Mapping[int, int]) -> None:
    most = {choice.number: choice.units for choice in lines_for(part)}
    wrong = [
        {"number": number, "left": most.get(number)}
        for number, count in sorted(units.items())
        if not 0 < count <= most.get(number, 0)
    ]
    if wrong or not units:
        raise LinesWrong("these units cannot be canceled here", lines=wrong)
