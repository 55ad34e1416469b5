"""What the customer may change now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orders.curbside.changes import rules
from orders.curbside.changes.lines import LineChoice, lines_for
from orders.curbside.changes.stores import StoreChoice, stores_for
from orders.curbside.changes.waiting import extensions_left, later
from orders.curbside.changes.windows import windows_for
from orders.curbside.settings import curb_of
from orders.models import FulfillmentOrder
from orders.promise.windows import Window


@dataclass(frozen=True)
class Changes:
    """What is open to the customer, and what there is to choose from.

    The flags say whether a change is open at all; its choices may be empty all the same, and are
    when they were not asked for. ``keep_until`` is until when one more day would keep the goods,
    null when that cannot be had; ``days_left`` how many such days remain.
    """

    version: int
    window: bool = False
    store: bool = False
    lines: bool = False
    keep_until: datetime | None = None
    days_left: int = 0
    windows: tuple[Window, ...] = ()
    stores: tuple[StoreChoice, ...] = ()
    line_choices: tuple[LineChoice, ...] = ()


def offers_of(fulfillment: FulfillmentOrder, *, choices: bool = True) -> Changes:
    """What may be changed of the pickup now, honouring the store's switches.

    ``choices`` false leaves out what there is to choose from, which takes looking for it.
    """
    curb = curb_of(fulfillment.store)
    window, store, lines, extend = (
        rules.is_open(fulfillment, change, curb)
        for change in (rules.WINDOW, rules.STORE, rules.LINES, rules.EXTEND)
    )
    left = max(0, extensions_left(fulfillment, curb)) if extend else 0
    return Changes(
        version=fulfillment.version,
        window=window,
        store=store,
        lines=lines,
        keep_until=later(fulfillment) if left else None,
        days_left=left,
        windows=tuple(windows_for(fulfillment)) if window and choices else (),
        stores=tuple(stores_for(fulfillment)) if store and choices else (),
        line_choices=tuple(lines_for(fulfillment)) if lines and choices else (),
    )
