"""What was ordered here; after the hand-off the receipt: what was given, what was not and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orders.curbside.handing import receipt_of
from orders.curbside.pages.money import money
from orders.curbside.pages.questions import units_in_words
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus

KEPT_BACK = ["refused", "damaged", "age_refused", "later"]


def lines_of(fulfillment: FulfillmentOrder) -> list[FulfillmentLine]:
    """The lines with what is needed to name them."""
    return list(fulfillment.lines.select_related("item", "order_line", "stands_for__item"))


def goods_of(
    fulfillment: FulfillmentOrder,
    rows: Sequence[FulfillmentLine],
    language: str,
    words: dict[str, str],
) -> dict[str, Any]:
    """The lines in words; prices and their sum only of what was handed over."""
    if fulfillment.status == FulfillmentStatus.COMPLETED:
        return _received(fulfillment, rows, language, words)
    lines = []
    for line in rows:
        if not line.allocated and not line.short:
            continue  # everything of it went elsewhere
        other = line.stands_for.item.name_in(language) if line.stands_for else ""
        lines.append(
            {
                "name": line.item.name_in(language),
                "units": units_in_words(line.allocated, line.item),
                "stands_for": words["stands_for"].format(name=other) if other else "",
                "notes": [words["not_available"].format(count=line.short)] if line.short else [],
            }
        )
    return {"received": False, "lines": lines}


def _received(
    fulfillment: FulfillmentOrder,
    rows: Sequence[FulfillmentLine],
    language: str,
    words: dict[str, str],
) -> dict[str, Any]:
    receipt = receipt_of(fulfillment, locale=language)
    names = {row.item.sku: row.item.name_in(language) for row in rows}
    short = {(row.order_line.number, row.item.sku): row.short for row in rows}
    return {
        "received": True,
        "lines": [
            _told(line, names, short.get((line["number"], line["sku"]), 0), receipt, words)
            for line in receipt["lines"]
        ],
        "total": money(receipt["amount_minor"], receipt["currency"]),
        "rest": words["rest_note"] if receipt["rest_id"] else "",
    }


def _told(
    line: dict[str, Any],
    names: dict[str, str],
    missing: int,
    receipt: dict[str, Any],
    words: dict[str, str],
) -> dict[str, Any]:
    given, gram = line["given"], line["unit"] == "gram"
    notes = [words["not_available"].format(count=missing)] if missing else []
    notes += [words[f"out_{kind}"].format(count=line[kind]) for kind in KEPT_BACK if line[kind]]
    other = names.get(line["stands_for"] or "", "")
    return {
        "name": line["name"],
        "units": f"{given} g" if gram else f"{given} ×",
        "stands_for": words["stands_for"].format(name=other) if other else "",
        "notes": notes,
        "amount": money(line["amount_minor"], receipt["currency"]),
    }
