"""What any quantity that comes from outside has to be."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import Invalid

MOST_UNITS = 1_000_000_000


def ordered(lines: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """The item ids in the order in which their rows are locked, and their quantities.

    Raises Invalid when there is no line, or a quantity below 1 or beyond all reason.
    """
    if not lines:
        raise Invalid("at least one line is needed")
    if not all(0 < quantity <= MOST_UNITS for quantity in lines.values()):
        raise Invalid(f"quantities must lie between 1 and {MOST_UNITS}")
    items = sorted(lines)
    return items, [lines[item] for item in items]
