"""Another store prepares what one store could not: chosen by rules, or by a person.

A part that has ended and that no other part replaces is work that nobody does. An order near a
point moves by itself, at most three times; one for a named store only with the customer's yes
(``orders.placing.moving``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from hub.errors import Conflict
from hub.events.catalog import FulfillmentProposed, FulfillmentRerouted
from hub.events.outbox import publish
from hub.ids import new_id
from hub.stores.models import Store
from inventory.models import Item
from inventory.services.allocations import allocate
from orders.blocks import lift_block, open_block
from orders.bringing import brought
from orders.models import (
    Block,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    Order,
    OrderStatus,
    RoutingDecision,
)
from orders.placing.cancel import close_if_over
from orders.placing.windows import Agreed, agree
from orders.routing.accepting import accept_deadline
from orders.routing.geography import Point
from orders.routing.services import RADIUS_METRES, named_store, reach_of, route
from orders.states import LIVE

MOST_REROUTES = 3


class MovedAlready(Conflict):
    """Another part has taken this one's place, or nothing is left to move."""

    code = "moved_already"
    title = "This part of the order does not wait for a store any more"


class TooManyMoves(Conflict):
    """Three other stores were tried: a person decides."""

    code = "too_many_moves"
    title = "The order has been moved three times"


class ConsentMissing(Conflict):
    """The customer named the store: the order leaves it only with the customer's yes."""

    code = "consent_missing"
    title = "The customer chose this store and has not agreed to another one"


@dataclass(frozen=True)
class Work:
    """What is left to prepare of a part: order line key → units, and what routing needs of it."""

    ended: FulfillmentOrder
    units: Mapping[int, int]
    items: Mapping[int, int]
    lead_minutes: int

    @property
    def goods(self) -> dict[int, int]:
        """Item id → units."""
        total: dict[int, int] = {}
        for line, units in self.units.items():
            total[self.items[line]] = total.get(self.items[line], 0) + units
        return total


def work_left(ended: FulfillmentOrder) -> Work:
    """What a part that ended was to prepare, less what was canceled since; raises MovedAlready.

    Never more than the customer still lacks beside what other parts bring of the same lines.
    Substitutes are forgotten: the other store may have what was ordered.
    """
    lines = ended.lines.filter(stands_for__isnull=True).select_related("order_line")
    elsewhere = brought(ended.order_id)
    units = {
        line.order_line_id: min(
            line.allocated,
            line.order_line.quantity
            - line.order_line.canceled
            - elsewhere.get(line.order_line_id, 0),
        )
        for line in lines
    }
    units = {key: count for key, count in units.items() if count > 0}
    items = {line.order_line_id: line.item_id for line in lines}
    if not units or ended.order.status != OrderStatus.OPEN or ended.replacements.exists():
        raise MovedAlready
    longest = Item.objects.filter(pk__in=items.values()).order_by("-lead_minutes").first()
    return Work(ended, units, items, longest.lead_minutes if longest else 0)


def undecided(order: Order) -> list[FulfillmentOrder]:
    """The parts of an open order that no store prepares and nobody has given up."""
    rejected = order.fulfillments.filter(status=FulfillmentStatus.REJECTED)
    found = []
    for part in rejected.filter(replacements__isnull=True).select_related("order", "store"):
        with suppress(MovedAlready):
            found.append(work_left(part).ended)
    return found


def close_unless_undecided(order: Order) -> None:
    """End an open order whose last part has just ended, unless another part is undecided: then a
    person is called. Part of a transaction that has locked the order's parts."""
    if waiting := undecided(order):
        wait_for_person(waiting[0], note="no store works on a part of it")
    elif order.status == OrderStatus.OPEN:
        close_if_over(order)


def moves_freely(order: Order) -> bool:
    """Whether the store was ours to choose: a customer who named one is asked first."""
    return order.near_latitude is not None and order.near_longitude is not None


def reroute(*, ended: FulfillmentOrder, limited: bool = True) -> FulfillmentOrder:
    """Have the next best store prepare what ``ended`` was to prepare; return its new part.

    Part of a transaction that has locked the order's parts and called ``one_at_a_time``. Stores
    that turned the order down are out. Raises NoStore, TooManyMoves after three moves (unless not
    ``limited``), and MovedAlready; then nothing has changed.
    """
    order = ended.order
    if limited and sum(1 for _ in before(ended)) >= MOST_REROUTES:
        raise TooManyMoves
    work = work_left(ended)
    with transaction.atomic():
        routed = route(
            channel=order.channel,
            reference=new_id("ful"),
            lines=work.goods,
            near=Point(order.near_latitude or 0.0, order.near_longitude or 0.0),
            radius_metres=order.radius_metres or RADIUS_METRES,
            allowed_store_ids=reach_of(order),
            lead_minutes=work.lead_minutes,
            excluded=turned_down_by(order),
        )
        told = routed.explanation | {"after": ended.public_id}
        agreed = agree(ended, routed.store, routed.reference, routed.promised_at, work.lead_minutes)
        return hand_over(work, store=routed.store, agreed=agreed, told=told)


def send_to(
    *, ended: FulfillmentOrder, store: Store, by: str, consent: bool = False
) -> FulfillmentOrder:
    """Have this store prepare what ``ended`` was to prepare, because a person says so.

    As ``reroute``, but any store will do. Raises ConsentMissing for a store that the customer
    chose unless the person vouches for the customer's yes (``consent``), InsufficientStock, what
    ``named_store`` raises, and MovedAlready.
    """
    order = ended.order
    if not (moves_freely(order) or consent):
        raise ConsentMissing
    work = work_left(ended)
    reference = new_id("ful")
    with transaction.atomic():
        store, promised_at = named_store(reference=store.code, lead_minutes=work.lead_minutes)
        allocate(
            reference=reference,
            channel=order.channel,
            store=store,
            lines=work.goods,
            promised_at=promised_at,
        )
        told = chosen_by(by, store) | {"after": ended.public_id, "consent": consent}
        agreed = agree(ended, store, reference, promised_at, work.lead_minutes)
        return hand_over(work, store=store, agreed=agreed, told=told)


def hand_over(
    work: Work, *, store: Store, agreed: Agreed, told: dict[str, Any]
) -> FulfillmentOrder:
    """Write the part of ``store`` whose goods are set aside already, and tell of it.

    Whatever stopped the order because no store worked on it does so no longer.
    """
    ended = work.ended
    part = FulfillmentOrder.objects.create(
        public_id=agreed.reference,
        order=ended.order,
        store=store,
        replaces=ended,
        promised_at=agreed.promised_at,
        promised_first=ended.promised_first or ended.promised_at,
        window_start=agreed.window_start,
        window_end=agreed.window_end,
        accept_by=accept_deadline(store, agreed.at),
    )
    FulfillmentLine.objects.bulk_create(
        FulfillmentLine(
            fulfillment=part, order_line_id=line, item_id=work.items[line], allocated=units
        )
        for line, units in work.units.items()
    )
    RoutingDecision.objects.create(order=ended.order, store=store, explanation=told)
    lift_waiting(ended.order)
    ids = {"order_id": part.order_id, "fulfillment_id": part.pk}
    publish(FulfillmentProposed(**ids))
    publish(FulfillmentRerouted(**ids, replaces=ended.pk))
    return part


def chosen_by(who: str, store: Store) -> dict[str, Any]:
    """Why this store: a person, or the customer, said so."""
    candidates = [{"store": store.code, "metres": None, "result": "chosen"}]
    return {"asked": who, "candidates": candidates, "counts": {"chosen": 1}}


def wait_for_person(ended: FulfillmentOrder, *, note: str) -> None:
    """Stop the order with a note, when no other store works on it, until somebody decides."""
    order = ended.order
    if not FulfillmentOrder.objects.filter(order=order, status__in=LIVE).exists():
        open_block(order=order, reason=Block.Reason.MOVE, note=note)


def lift_waiting(order: Order) -> None:
    """The order has a store, or will have none: nothing waits for one any more."""
    waiting = Block.objects.filter(order=order, reason=Block.Reason.MOVE, lifted_at__isnull=True)
    for block in waiting.order_by("pk"):
        lift_block(block=block)


def before(part: FulfillmentOrder) -> Iterator[FulfillmentOrder]:
    """The parts in whose place this one came to stand, the last one first."""
    while part.replaces is not None:
        part = part.replaces
        yield part


def turned_down_by(order: Order) -> Collection[int]:
    """The stores that have rejected a part of the order."""
    rejected = order.fulfillments.filter(status=FulfillmentStatus.REJECTED)
    return set(rejected.values_list("store_id", flat=True))
