"""What the stock core refuses, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from hub.errors import Conflict, Invalid


class Short(TypedDict):
    """One line that cannot be served: what was asked for and what is left to promise."""

    sku: str
    requested: int
    available: int


class InsufficientStock(Conflict):
    """Fewer units are left than asked for; ``lines`` names every short line."""

    code = "insufficient_stock"
    title = "There is not enough stock"

    def __init__(self, lines: Sequence[Short]) -> None:
        words = ", ".join(f"{s['sku']} ({s['available']} of {s['requested']})" for s in lines)
        detail = f"not enough stock of {words}" if lines else "stock is changing hands too fast"
        super().__init__(detail, lines=list(lines))
        self.lines = list(lines)


class UnknownSku(Invalid):
    """Codes that stand for nothing sold here; ``skus`` names them all."""

    code = "unknown_sku"
    title = "A SKU is not known"

    def __init__(self, skus: Iterable[str]) -> None:
        self.skus = sorted(skus)
        super().__init__(f"no such item: {', '.join(self.skus)}", skus=self.skus)


class HoldExpired(Conflict):
    """The hold is over: lapsed, released or already used; ``hold_status`` says which."""

    code = "hold_expired"
    title = "The hold is over"


class HoldMismatch(Conflict):
    """The order wants something else than the hold set aside."""

    code = "hold_mismatch"
    title = "The hold is for something else"


class AlreadyAllocated(Conflict):
    """The reference has units of one of these items already."""

    code = "already_allocated"
    title = "These units are already set aside"


class OverRelease(Conflict):
    """More units given back or handed off than the reference still has."""

    code = "over_release"
    title = "So many units are not set aside"


class ClockOff(Invalid):
    """The sender's clock is more than a day away from the hub's: nothing it dates can be used."""

    code = "clock_off"
    title = "The sender's clock is off by more than a day"


class ItemsRecalled(Conflict):
    """Goods of the hold have been called back since; ``skus`` names them."""

    code = "recalled"
    title = "Some of these goods have been recalled"


class RecallOver(Conflict):
    """The recall has been closed: nothing is pulled for it any more."""

    code = "recall_closed"
    title = "The recall is closed"


class PullDone(Conflict):
    """The store has answered already, and otherwise; ``units_pulled`` is what it said."""

    code = "pull_done"
    title = "This store's pull is done"


class NotThatMany(Conflict):
    """More units pulled than are on hand; ``on_hand`` are those that can be."""

    code = "not_on_hand"
    title = "So many units are not on hand"
