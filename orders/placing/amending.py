"""Buying less than was ordered, line by line, while the goods are not ready; and giving up what no
store prepares."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from hub.events.catalog import FulfillmentAmended, OrderAmended
from hub.events.outbox import publish_all
from inventory.services.allocations import release
from orders.actions import lock_parts
from orders.errors import LinesWrong, TooLate
from orders.models import FulfillmentLine, FulfillmentOrder, Order, OrderLine, Refund
from orders.placing.cancel import cancel_locked, check_open
from orders.placing.moving import withdraw_offers
from orders.placing.rerouting import close_unless_undecided, lift_waiting, undecided, work_left
from orders.putting_back import ask_put_back
from orders.refunds import refund_due
from orders.states import BEFORE_READY, LIVE

REASON = "canceled by the customer"


@dataclass(frozen=True)
class Totals:
    """The site's figures for what is left, in minor units; None: they stay as they were."""

    total_minor: int | None = None
    tax_minor: int | None = None


@transaction.atomic
def amend_order(
    *,
    order: Order,
    quantities: Mapping[int, int],
    totals: Totals = Totals(),
    reason: str = REASON,
    version: int | None = None,
) -> Order:
    """Leave so many units of each of these lines (by number); zero cancels a line.

    What nobody has picked yet is on sale again at once; for what was picked there are tasks to
    put it back. A part, or an order, of which nothing is left is canceled. A customer who was
    asked whether another store may prepare these lines is asked no more: a person decides. Asking
    for what is so already changes nothing. ``version`` is the order's revision as the caller read
    it.

    Raises LinesWrong for unknown lines and for more units than are left, TooLate when the units
    are ready or handed over, and StaleVersion or IllegalMove as ``cancel_order`` does; then
    nothing has changed.
    """
    lock_parts(order.pk)
    order.refresh_from_db()
    parts = list(order.fulfillments.order_by("pk"))
    check_open(order, parts, version)
    cuts = _cuts(order, quantities)
    if not cuts:
        return order
    if _is_everything(order, cuts):
        return cancel_locked(order, parts, reason)
    if any(work_left(ended).units.keys() & cuts.keys() for ended in undecided(order)):
        withdraw_offers(order)  # more is held for the customer's yes than is wanted now
        lift_waiting(order)
    touched = _cut_parts(order, cuts, reason)
    _write(order, cuts, totals)
    publish_all([OrderAmended(order_id=order.pk), *_amended(touched)])
    if not order.fulfillments.filter(status__in=LIVE).exists():
        close_unless_undecided(order)
    return order


@transaction.atomic
def give_up(*, ended: FulfillmentOrder) -> None:
    """Cancel what a part that ended was to prepare: the customer gets it back, nobody brings it.

    Nor is the customer asked about another store any more. The order ends when nothing else is
    under way. Raises MovedAlready.
    """
    lock_parts(ended.order_id)
    work = work_left(ended)
    withdraw_offers(ended.order)
    lines = {line.order_line_id: line for line in ended.lines.filter(stands_for__isnull=True)}
    for key, units in sorted(work.units.items()):
        OrderLine.objects.filter(pk=key).update(canceled=F("canceled") + units)
    owed = {lines[key].pk: units for key, units in work.units.items()}
    refund_due(fulfillment=ended, reason=Refund.Reason.CANCELED, units=owed)
    lift_waiting(ended.order)
    close_unless_undecided(ended.order)


def _cuts(order: Order, quantities: Mapping[int, int]) -> dict[int, int]:
    """How many units of each line (by its key) go; lines that stay as they are are left out."""
    lines = {line.number: line for line in order.lines.all()}
    wrong = {
        number: lines[number].quantity - lines[number].canceled if number in lines else None
        for number, left in quantities.items()
        if number not in lines or left > lines[number].quantity - lines[number].canceled
    }
    if wrong:
        told = [{"number": number, "left": left} for number, left in sorted(wrong.items())]
        raise LinesWrong("an order can be amended downward only", lines=told)
    cuts = {
        lines[number].pk: lines[number].quantity - lines[number].canceled - left
        for number, left in quantities.items()
    }
    return {key: units for key, units in cuts.items() if units}


def _is_everything(order: Order, cuts: Mapping[int, int]) -> bool:
    lines = order.lines.all()
    return all(line.quantity - line.canceled == cuts.get(line.pk, 0) for line in lines)


def _cut_parts(order: Order, cuts: Mapping[int, int], reason: str) -> list[FulfillmentOrder]:
    """Take the units off the parts; those that were touched come back, ended ones as CANCELED."""
    left, touched = Counter(cuts), []
    for part in order.fulfillments.filter(status__in=BEFORE_READY).order_by("pk"):
        taken = _cut(part, left, reason)
        if not taken:
            continue
        touched.append(part)
        if not part.lines.filter(allocated__gt=F("short")).exists():
            cancel_locked(order, [part], reason, whole=False)
        else:
            rows = FulfillmentOrder.objects.filter(pk=part.pk)
            rows.update(version=F("version") + 1)
            part.refresh_from_db(fields=["version"])
    _cut_undecided(order, left)
    if late := [key for key, units in left.items() if units]:
        numbers = sorted(OrderLine.objects.filter(pk__in=late).values_list("number", flat=True))
        raise TooLate("these lines are ready or handed over", lines=numbers)
    return touched


def _cut_undecided(order: Order, left: Counter[int]) -> None:
    """Units that no store prepares at present need no cutting: whoever will, is asked for less."""
    for ended in undecided(order):
        for key, units in work_left(ended).units.items():
            left[key] -= min(left[key], units)


def _cut(part: FulfillmentOrder, left: Counter[int], reason: str) -> bool:
    """Take from one part what it has of the cuts: substitutes first, then what is missing, then
    what waits, and last what was picked."""
    free: Counter[int] = Counter()
    picked: dict[int, int] = {}
    changes: dict[int, dict[str, object]] = defaultdict(dict)
    lines = sorted(part.lines.filter(order_line__in=[*left]), key=_substitutes_first)
    supplied: Counter[int | None] = Counter()  # by substitutes, which are no longer missing
    for line in lines:
        supplied[line.stands_for_id] += line.allocated
    for line in lines:
        missing = _take(left, line, max(0, line.short - supplied[line.pk]))
        waiting = _take(left, line, line.allocated - line.short - line.picked)
        picked[line.pk] = _take(left, line, line.picked)
        free[line.item_id] += waiting
        if missing or waiting:
            changes[line.pk] = {
                "allocated": F("allocated") - missing - waiting,
                "short": F("short") - missing,
            }
    for key, change in changes.items():
        FulfillmentLine.objects.filter(pk=key).update(**change)
    if units := {item: count for item, count in free.items() if count}:
        release(reference=part.public_id, lines=units)
    ask_put_back(fulfillment=part, units=picked, reason=reason)
    return bool(changes) or any(picked.values())


def _substitutes_first(line: FulfillmentLine) -> tuple[bool, int]:
    return line.stands_for_id is None, line.pk


def _take(left: Counter[int], line: FulfillmentLine, most: int) -> int:
    taken = min(left[line.order_line_id], most)
    left[line.order_line_id] -= taken
    return taken


def _write(order: Order, cuts: Mapping[int, int], totals: Totals) -> None:
    for key, units in cuts.items():
        OrderLine.objects.filter(pk=key).update(canceled=F("canceled") + units)
    figures = {name: value for name, value in vars(totals).items() if value is not None}
    Order.objects.filter(pk=order.pk).update(version=F("version") + 1, **figures)
    order.refresh_from_db()


def _amended(parts: Iterable[FulfillmentOrder]) -> list[FulfillmentAmended]:
    return [
        FulfillmentAmended(order_id=part.order_id, fulfillment_id=part.pk)
        for part in parts
        if part.status in BEFORE_READY
    ]
