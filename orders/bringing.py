"""What the parts of an order bring to its customer, all of them counted in one way."""

from __future__ import annotations

from django.db.models import F, Sum

from orders.models import FulfillmentLine, FulfillmentStatus, OrderLine
from orders.states import LIVE


def brought(order_id: int) -> dict[int, int]:
    """By order line, the units that parts under way or handed over bring, with substitutes."""
    rows = FulfillmentLine.objects.filter(
        fulfillment__order=order_id,
        fulfillment__status__in=[*LIVE, FulfillmentStatus.COMPLETED],
    ).order_by()
    units = rows.values("order_line").annotate(units=Sum(F("allocated") - F("short")))
    return dict(units.values_list("order_line", "units"))


def lacking(line: OrderLine) -> int:
    """Units of an order line that the customer wants and no part brings."""
    return line.quantity - line.canceled - brought(line.order_id).get(line.pk, 0)
