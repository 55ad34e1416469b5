"""What was ordered here; after the hand-off what was received, with prices and the total."""

from __future__ import annotations

from typing import Any

from orders.curbside.pages.money import money
from orders.curbside.pages.questions import units_in_words
from orders.models import FulfillmentOrder, FulfillmentStatus
from orders.refunds import price_of


def goods_of(fulfillment: FulfillmentOrder, language: str, words: dict[str, str]) -> dict[str, Any]:
    """The lines in words, each with its ``number``; prices only of what was handed over."""
    order = fulfillment.order
    received = fulfillment.status == FulfillmentStatus.COMPLETED
    lines = []
    rows = fulfillment.lines.select_related("item", "order_line", "stands_for__item")
    for line in rows:
        units = line.handed_off if received else line.allocated
        grams = line.item.unit == "gram"
        amount = units * price_of(line)
        other = line.stands_for.item.name_in(language) if line.stands_for else ""
        lines.append(
            {
                "name": line.item.name_in(language),
                "units": units_in_words(units, line.item),
                "stands_for": words["stands_for"].format(name=other) if other else "",
                "short": words["not_available"].format(count=line.short) if line.short else "",
                "amount": money(amount, order.currency) if received and not grams else "",
            }
        )
    total = money(order.total_minor, order.currency) if received else ""
    incomplete = received and any(line["short"] for line in lines)
    return {"received": received, "lines": lines, "total": total, "incomplete": incomplete}
