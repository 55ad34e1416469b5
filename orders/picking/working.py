"""What is left to do on the lines of a part. Pure: reads rows, changes none."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from orders.models import FulfillmentLine
from orders.picking.errors import NothingPicked, PickMismatch

# By how many percent goods by weight may miss what was asked for.
TOLERANCE_PERCENT = 10
PERCENT = 100

SHORTAGE, DAMAGED, LATER, WEIGHT = "shortage", "damaged", "later", "weight"
SHORT_REASONS = {SHORTAGE: "not on the shelf", DAMAGED: "damaged"}


def is_by_weight(line: FulfillmentLine) -> bool:
    """Whether its units are grams."""
    return line.item.unit == "gram"


def left(line: FulfillmentLine) -> int:
    """Units that were neither picked nor reported as not found."""
    return line.allocated - line.short - line.picked


def most(line: FulfillmentLine) -> int:
    """How many units may be picked in all: of goods by weight a tenth more than was bought.

    Once what was asked for is there, nothing more may be added. Reads the item and order line.
    """
    asked = line.allocated - line.short
    if not is_by_weight(line) or left(line) <= 0:
        return asked
    bought = asked
    if line.stands_for_id is None:
        bought = min(asked, line.order_line.quantity - line.order_line.canceled)
    return max(asked, bought * (PERCENT + TOLERANCE_PERCENT) // PERCENT)


def is_open(line: FulfillmentLine) -> bool:
    """Whether somebody has to look for more of it; grams that lack only a little do not count."""
    missing = left(line)
    if is_by_weight(line) and line.picked:
        return missing * PERCENT > (line.allocated - line.short) * TOLERANCE_PERCENT
    return missing > 0


def is_later(line: FulfillmentLine) -> bool:
    """Whether the picker put the rest of it off, so that the other goods can go ahead."""
    return line.short_reason == LATER and is_open(line)


def blocks_finish(lines: Iterable[FulfillmentLine]) -> list[int]:
    """The keys of the lines that somebody still has to pick or report."""
    return [line.pk for line in lines if is_open(line) and not is_later(line)]


def check_counts(lines: Collection[FulfillmentLine], picked: dict[int, int]) -> None:
    """Raise PickMismatch unless every line has its count within bounds; NothingPicked for none."""
    asked = {line.pk: most(line) for line in lines}
    for line in lines:  # a line that is full already may stay as it is
        asked[line.pk] = max(asked[line.pk], line.picked)
    wrong = asked.keys() ^ picked.keys()
    wrong |= {key for key in asked.keys() & picked.keys() if not 0 <= picked[key] <= asked[key]}
    if wrong:
        raise PickMismatch(
            "give every line its count, between none and what was asked for", lines=sorted(wrong)
        )
    if not any(picked.values()):
        raise NothingPicked
