"""What a day's order lines ask of the hub; pure.

Rules: an invoice that begins with ``C`` cancels; it takes its goods off the customer's latest
order before it that still has all of them: on the day of that order before they are collected,
later by bringing them back. Every other invoice becomes an order of its goods. A
customer's home store is
``stores[crc32(customer) mod number of stores]``; an invoice without a customer is its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from zlib import crc32

from orders.chain.retail import Line, is_goods


@dataclass(frozen=True)
class PlannedOrder:
    """One invoice as an order: ``store`` is a store code, prices are pence."""

    invoice: str
    customer: str
    store: str
    lines: tuple[Line, ...]

    @property
    def day(self) -> str:
        """When it was invoiced, YYYY-MM-DD."""
        return self.lines[0].invoiced_at[:10]

    def contents(self) -> Counter[str]:
        """Units per stock code."""
        units: Counter[str] = Counter()
        for line in self.lines:
            units[line.stock_code] += line.quantity
        return units


@dataclass(frozen=True)
class PlannedCut:
    """What a cancellation leaves of an order: line number → units, of the lines it changes.

    ``left`` is empty when nothing is left of the whole order. ``brought`` are the units (by line
    number) that come back after the goods were collected; empty: they never were.
    """

    invoice: str
    left: dict[int, int]
    brought: dict[int, int] = field(default_factory=dict)


@dataclass
class Plan:
    """A day. ``cuts`` are the cancellations that found their order, in their order; ``left_out``
    counts, by reason, what is no order at all; ``unmatched`` counts the other cancellations."""

    orders: list[PlannedOrder] = field(default_factory=list)
    cuts: list[PlannedCut] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unmatched: int = 0

    def demand(self) -> dict[str, Counter[str]]:
        """Units wanted per store and stock code over the whole day."""
        wanted: dict[str, Counter[str]] = {}
        for order in self.orders:
            units = wanted.setdefault(order.store, Counter())
            for line in order.lines:
                units[line.stock_code] += max(0, line.quantity)
        return wanted


def plan_day(lines: Iterable[Line], *, stores: Sequence[str]) -> Plan:
    """The plan of lines that come in time order, an invoice's lines together."""
    plan = Plan()
    bought: dict[str, list[_Bought]] = defaultdict(list)
    for invoice, group in groupby(lines, key=lambda line: line.invoice):
        goods = tuple(_goods(group, plan))
        if not goods:
            plan.left_out["invoice_without_goods"] += 1
            continue
        customer = goods[0].customer_id or f"guest-{invoice}"
        store = stores[crc32(customer.encode()) % len(stores)]
        order = PlannedOrder(invoice, customer, store, goods)
        if invoice.startswith("C"):
            _plan_cut(order, bought[customer], plan)
        else:
            plan.orders.append(order)
            bought[customer].append(_Bought(order))
    return plan


class _Bought:
    """An order with what is left of each of its lines."""

    def __init__(self, order: PlannedOrder) -> None:
        self.order = order
        self.left = [line.quantity for line in order.lines]

    def has(self, wanted: Mapping[str, int]) -> bool:
        there: Counter[str] = Counter()
        for line, units in zip(self.order.lines, self.left, strict=True):
            there[line.stock_code] += units
        return all(there[code] >= units for code, units in wanted.items())

    def cut(self, wanted: Mapping[str, int], *, day: str) -> PlannedCut:
        """Take the units off, the last lines first; say what is left of the lines it changed."""
        missing, changed, taken_off = Counter(wanted), dict[int, int](), dict[int, int]()
        for place in reversed(range(len(self.left))):
            code = self.order.lines[place].stock_code
            taken = min(self.left[place], missing[code])
            if taken > 0:
                missing[code] -= taken
                self.left[place] -= taken
                changed[place + 1] = self.left[place]
                taken_off[place + 1] = taken
        was_collected = day > self.order.day
        left = changed if any(self.left) else {}
        return PlannedCut(self.order.invoice, left, taken_off if was_collected else {})


def _goods(group: Iterable[Line], plan: Plan) -> Iterable[Line]:
    for line in group:
        if is_goods(line.stock_code):
            yield line
        else:
            plan.left_out["line_that_is_no_goods"] += 1


def _plan_cut(cancellation: PlannedOrder, bought: Sequence[_Bought], plan: Plan) -> None:
    wanted = {code: -units for code, units in cancellation.contents().items()}
    if all(units > 0 for units in wanted.values()):
        for earlier in reversed(bought):
            if earlier.has(wanted):
                plan.cuts.append(earlier.cut(wanted, day=cancellation.day))
                return
    plan.unmatched += 1
