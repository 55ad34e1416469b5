"""What a day's order lines ask of the hub; pure.

Rules: an invoice that begins with ``C`` cancels; it becomes the cancel of an earlier order when
that order is the same customer's and consists of exactly the same goods and quantities. Every
other invoice becomes an order of its goods. A customer's home store is
``stores[crc32(customer) mod number of stores]``; an invoice without a customer is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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

    def contents(self) -> Counter[str]:
        """Units per stock code."""
        units: Counter[str] = Counter()
        for line in self.lines:
            units[line.stock_code] += line.quantity
        return units


@dataclass
class Plan:
    """A day. ``cancels`` names the invoice of the order to cancel; ``left_out`` counts, by
    reason, what is no order at all; ``unmatched`` counts cancellations without their order."""

    orders: list[PlannedOrder] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
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
    for invoice, group in groupby(lines, key=lambda line: line.invoice):
        goods = tuple(_goods(group, plan))
        if not goods:
            plan.left_out["invoice_without_goods"] += 1
            continue
        customer = goods[0].customer_id or f"guest-{invoice}"
        store = stores[crc32(customer.encode()) % len(stores)]
        order = PlannedOrder(invoice, customer, store, goods)
        if invoice.startswith("C"):
            _plan_cancel(order, plan)
        else:
            plan.orders.append(order)
    return plan


def _goods(group: Iterable[Line], plan: Plan) -> Iterable[Line]:
    for line in group:
        if is_goods(line.stock_code):
            yield line
        else:
            plan.left_out["line_that_is_no_goods"] += 1


def _plan_cancel(cancellation: PlannedOrder, plan: Plan) -> None:
    taken_back = Counter({code: -units for code, units in cancellation.contents().items()})
    for order in plan.orders:
        same = order.customer == cancellation.customer and order.contents() == taken_back
        if same and order.invoice not in plan.cancels:
            plan.cancels.append(order.invoice)
            return
    plan.unmatched += 1
