"""The goods that are there go ahead; what was put off becomes a part of its own.

Why a second part, and not a part that is ready in parts: a part has one status, one place, one
PIN and one deadline, and everything that reads them stays simple and true. The customer is told
of each part when it is ready, and the order is complete when the last one has been collected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db import transaction
from django.db.models import F

from hub.events.catalog import FulfillmentAmended, FulfillmentProposed
from hub.events.outbox import publish
from inventory.services.regrouping import split_allocation
from orders.actions import is_first, lock_parts
from orders.models import FulfillmentLine, FulfillmentOrder
from orders.picking.errors import LinesOpen, NothingPicked
from orders.picking.services import accept, close_pick
from orders.picking.working import blocks_finish, is_later, left
from orders.promise.services import promises


@transaction.atomic
def complete_picking(
    *, fulfillment: FulfillmentOrder, token: str = "", version: int | None = None
) -> FulfillmentOrder | None:
    """Make a part PICKED with the counts its lines have; the new part with what was put off.

    That part is ACCEPTED in the same store, promised for when it could be ready if it were placed
    now; its stock stays set aside throughout. None when nothing was put off. Raises LinesOpen when
    a line is neither picked nor reported short nor put off, NothingPicked, and as ``move``.
    """
    if not is_first(fulfillment=fulfillment, action="complete", token=token):
        return None
    lock_parts(fulfillment.order_id)
    lines = list(fulfillment.lines.select_related("item", "order_line"))
    if missing := blocks_finish(lines):
        raise LinesOpen(f"{len(missing)} lines are still open", lines=missing)
    if not any(line.picked for line in lines):
        raise NothingPicked
    later = [line for line in lines if is_later(line)]
    rest = _split(fulfillment, later) if later else None
    if rest:
        lines = list(fulfillment.lines.select_related("item", "order_line"))
    picked = {line.pk: line.picked for line in lines}
    close_pick(fulfillment=fulfillment, lines=lines, picked=picked, version=version)
    return rest


def _split(part: FulfillmentOrder, later: Collection[FulfillmentLine]) -> FulfillmentOrder:
    soonest = promises(stores=[part.store_id])[part.store_id]
    promised = soonest or part.promised_at  # a store that takes no orders still owes this one
    rest = FulfillmentOrder.objects.create(
        order_id=part.order_id,
        store_id=part.store_id,
        promised_at=promised,
        promised_first=promised,
    )
    units: Counter[int] = Counter()
    for line in later:
        _move_line(line, rest, left(line))
        units[line.item_id] += left(line)
    split_allocation(reference=part.public_id, target=rest.public_id, lines=units)
    publish(FulfillmentAmended(order_id=part.order_id, fulfillment_id=part.pk))
    publish(FulfillmentProposed(order_id=rest.order_id, fulfillment_id=rest.pk))
    accept(fulfillment=rest)
    return rest


def _move_line(line: FulfillmentLine, rest: FulfillmentOrder, units: int) -> None:
    """The rest works on the same order line; a line of which nothing stays keeps its zeros."""
    FulfillmentLine.objects.create(
        fulfillment=rest,
        order_line_id=line.order_line_id,
        item_id=line.item_id,
        stands_for_id=line.stands_for_id,
        unit_price_minor=line.unit_price_minor,
        allocated=units,
    )
    lines = FulfillmentLine.objects.filter(pk=line.pk)
    lines.update(allocated=F("allocated") - units, short_reason="")
