"""What stock events mean: how each kind changes a shelf, and which cannot be. Pure values.

The stock of a shelf is a function of the set of its events, whatever order they arrive in: the
units of the latest count plus all that came and went after it. Where that falls below zero (sold
before the delivery was booked), the shelf is empty and the rest is its ``deficit``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from inventory.lines import MOST_UNITS
from inventory.models import EventKind, UnavailableState

KINDS = (
    EventKind.ADJUSTMENT,
    EventKind.SALE,
    EventKind.RETURN,
    EventKind.TRANSFER,
    EventKind.MOVE,
)
BOTH, IN, OUT = 0, 1, -1
# why stock is adjusted, and in which direction that can only go
REASONS = {
    "received": IN,
    "found": IN,
    "vendor_return": OUT,
    "damaged": OUT,
    "theft": OUT,
    "lost": OUT,
    "spoilage": OUT,
    "sample": OUT,
    "internal_use": OUT,
    "production_waste": OUT,
    "recount": BOTH,
    "correction": BOTH,
    "other": BOTH,
}
_FUTURE = "it cannot come from the future; if the sender's clock is fast, tell it as sent_at"
_STATES = frozenset(UnavailableState.values)


@dataclass(frozen=True, kw_only=True)
class StockEvent:
    """One thing that happened to an item's stock in a store.

    ``quantity`` is in units: of a sale or a return what went over the counter (above zero); of
    the others signed, below zero for what leaves. A ``move`` puts units on hand into an
    unavailable ``state`` or, below zero, back on sale; with a state, an adjustment or a return
    is of such units.
    """

    event_id: str
    kind: str
    store_id: int
    item_id: int
    quantity: int
    occurred_at: datetime
    reason: str = ""
    reference: str = ""
    state: str = ""

    @property
    def on_hand_units(self) -> int:
        """The units that came (or, below zero, left)."""
        if self.kind == EventKind.MOVE:
            return 0
        return -self.quantity if self.kind == EventKind.SALE else self.quantity

    @property
    def unavailable_units(self) -> int:
        """The units that ``state`` gains (or, below zero, loses)."""
        return self.quantity if self.state else 0

    @property
    def ledger_quantity(self) -> int:
        """The quantity as the ledger keeps it: signed by direction."""
        return self.quantity if self.kind == EventKind.MOVE else self.on_hand_units


@dataclass(frozen=True)
class Refusal:
    """Why an event cannot be."""

    code: str
    detail: str


def refusal_of(event: StockEvent, *, latest: datetime) -> Refusal | None:
    """What is wrong with the event by itself; None when it is sound. ``latest``: no later one."""
    if event.kind not in KINDS:
        return Refusal("unknown_kind", f"a kind is one of {', '.join(KINDS)}")
    if not 0 < abs(event.quantity) <= MOST_UNITS:
        return Refusal("invalid_quantity", f"1 to {MOST_UNITS} units, below zero for those leaving")
    if event.kind in (EventKind.SALE, EventKind.RETURN) and event.quantity < 0:
        return Refusal("invalid_quantity", f"the quantity of a {event.kind} is above zero")
    if event.occurred_at > latest:
        return Refusal("in_the_future", _FUTURE)
    return _refused_reason(event) or _refused_state(event)


def _refused_reason(event: StockEvent) -> Refusal | None:
    if event.kind != EventKind.ADJUSTMENT:
        return None
    direction = REASONS.get(event.reason)
    if direction is None:
        return Refusal("unknown_reason", f"a reason is one of {', '.join(REASONS)}")
    if direction * event.quantity < 0:
        return Refusal("wrong_direction", f"{event.reason} goes the other way")
    return None


def _refused_state(event: StockEvent) -> Refusal | None:
    if event.kind == EventKind.MOVE and not event.state:
        return Refusal("state_needed", f"a move names a state: {', '.join(sorted(_STATES))}")
    if event.state and event.kind in (EventKind.SALE, EventKind.TRANSFER):
        return Refusal("state_not_allowed", f"a {event.kind} is of units on sale")
    if event.state and event.state not in _STATES:
        return Refusal("unknown_state", f"a state is one of {', '.join(sorted(_STATES))}")
    return None


@dataclass(kw_only=True)
class Shelf:
    """A stock level while events are applied to it.

    ``states`` are its unavailable units by state, below zero where the news of their coming is
    still missing. ``counted_at`` is when the count in force was true.
    """

    level_id: int
    item_id: int
    on_hand: int
    deficit: int
    counted_at: datetime | None
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def unavailable(self) -> int:
        """Units that cannot be sold, over all states."""
        return sum(max(0, units) for units in self.states.values())

    def holds(self, event: StockEvent) -> bool:
        """Whether the event is younger than the count in force, which replaced all before."""
        return self.counted_at is None or event.occurred_at > self.counted_at

    def overflows(self, event: StockEvent) -> bool:
        """Whether there would be more (or a larger deficit) than any shelf can have."""
        stock = self.on_hand - self.deficit + event.on_hand_units
        state = self.states[event.state] + event.unavailable_units if event.state else 0
        return max(abs(stock), abs(state)) > MOST_UNITS

    def come(self, units: int) -> int:
        """Let units come (or leave); return by how much that changed what is on hand."""
        stock = self.on_hand - self.deficit + units
        before, self.on_hand = self.on_hand, max(0, stock)
        self.deficit = max(0, -stock)
        return self.on_hand - before

    def set_aside(self, state: str, units: int) -> int:
        """Let a state gain (or lose) units; return by how much ``unavailable`` changed."""
        before = self.unavailable
        self.states[state] += units
        return self.unavailable - before
