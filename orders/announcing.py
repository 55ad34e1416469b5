"""What the sites are told about their orders: one event for each fact that concerns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.events.catalog import (
    AcceptOverdue,
    AmountChanged,
    CollectedGoodsRecalled,
    ComplaintAnswered,
    ComplaintMade,
    CustomerArrived,
    CustomerBeingServed,
    CustomerMissing,
    CustomerNearby,
    CustomerOnTheWay,
    CustomerTexted,
    DelegateNamed,
    FulfillmentAccepted,
    FulfillmentAcknowledged,
    FulfillmentCanceled,
    FulfillmentDelayed,
    FulfillmentExpired,
    FulfillmentExpiring,
    FulfillmentHandedOff,
    FulfillmentPicked,
    FulfillmentProposed,
    FulfillmentRejected,
    FulfillmentRerouted,
    GoodsRefused,
    GoodsReturned,
    MoveAnswered,
    MoveOffered,
    OfFulfillment,
    OfVisit,
    OrderCanceled,
    OrderCompleted,
    OrderPlaced,
    PartlyHandedOff,
    PickingStarted,
    PickupRated,
    PickupReminded,
    PriceAdjusted,
    ReadyForPickup,
    RefundDue,
    SpotAsked,
    StoreClosingEarly,
    SubstitutesAnswered,
    SubstitutesOffered,
    VisitChanged,
    VisitEnded,
    WaitEscalated,
    WaitExtended,
    WindowChanged,
    WrongStoreReached,
)
from hub.events.happening import Happening
from hub.events.models import Fact
from hub.events.registry import handles
from hub.webhooks.models import ChannelEvent
from hub.webhooks.services import announce_all
from orders.details import details_of
from orders.models import FulfillmentOrder, FulfillmentStatus, Order, OrderStatus, Visit

OfOrder = OrderPlaced | OrderCanceled | OrderCompleted

# The status that each fact brought about. Read from the row it might be a later one, and the
# site would see "ready" before it was told so.
BROUGHT: dict[str, str] = {
    OrderPlaced.name: OrderStatus.OPEN,
    OrderCanceled.name: OrderStatus.CANCELED,
    OrderCompleted.name: OrderStatus.COMPLETED,
    FulfillmentProposed.name: FulfillmentStatus.PROPOSED,
    FulfillmentAccepted.name: FulfillmentStatus.ACCEPTED,
    PickingStarted.name: FulfillmentStatus.PICKING,
    FulfillmentPicked.name: FulfillmentStatus.PICKED,
    ReadyForPickup.name: FulfillmentStatus.READY,
    FulfillmentHandedOff.name: FulfillmentStatus.COMPLETED,
    FulfillmentRejected.name: FulfillmentStatus.REJECTED,
    FulfillmentCanceled.name: FulfillmentStatus.CANCELED,
    FulfillmentExpired.name: FulfillmentStatus.EXPIRED,
}


def _key(fact: Happening) -> str:
    """Events of one order reach the feed in the order of their facts."""
    return fact.subject


@handles(OrderPlaced, OrderCanceled, OrderCompleted, key=_key, together=True)
def announce_order(facts: Sequence[OfOrder], rows: Sequence[Fact]) -> None:
    """Tell the sites what became of their orders."""
    orders = Order.objects.in_bulk([fact.order_id for fact in facts])
    announce_all(
        [
            _event(orders[fact.order_id], row, status=BROUGHT[fact.name])
            for fact, row in zip(facts, rows, strict=True)
        ]
    )


@handles(
    FulfillmentProposed,
    FulfillmentAcknowledged,
    FulfillmentAccepted,
    PickingStarted,
    FulfillmentPicked,
    ReadyForPickup,
    FulfillmentHandedOff,
    FulfillmentRejected,
    FulfillmentCanceled,
    FulfillmentDelayed,
    FulfillmentExpired,
    CollectedGoodsRecalled,
    AmountChanged,
    SubstitutesOffered,
    SubstitutesAnswered,
    GoodsReturned,
    PriceAdjusted,
    RefundDue,
    StoreClosingEarly,
    FulfillmentRerouted,
    AcceptOverdue,
    FulfillmentExpiring,
    WaitExtended,
    MoveOffered,
    MoveAnswered,
    PartlyHandedOff,
    GoodsRefused,
    DelegateNamed,
    PickupReminded,
    WindowChanged,
    ComplaintMade,
    ComplaintAnswered,
    PickupRated,
    key=_key,
    together=True,
)
def announce_fulfillment(facts: Sequence[OfFulfillment], rows: Sequence[Fact]) -> None:
    """Tell the sites what became of stores' parts; an acknowledgement, a recall, or whatever has
    details of its own beside its status changes none."""
    parts = _PARTS.in_bulk([fact.fulfillment_id for fact in facts])
    announce_all(
        [
            _of_fact(parts[fact.fulfillment_id], fact, row)
            for fact, row in zip(facts, rows, strict=True)
        ]
    )


def _of_fact(part: FulfillmentOrder, fact: OfFulfillment, row: Fact) -> ChannelEvent:
    more = _of_part(part) | details_of(fact)
    return _event(part.order, row, status=BROUGHT.get(fact.name), **more)


@handles(
    CustomerOnTheWay,
    CustomerNearby,
    CustomerArrived,
    VisitChanged,
    WrongStoreReached,
    SpotAsked,
    CustomerMissing,
    CustomerTexted,
    WaitEscalated,
    CustomerBeingServed,
    VisitEnded,
    key=_key,
    envelope=True,
)
def announce_visit(fact: OfVisit, envelope: Fact) -> None:
    """Tell the site where its customer is; ``status`` is the visit's when the event is made."""
    part, visit = _PARTS.get(pk=fact.fulfillment_id), Visit.objects.get(pk=fact.visit_id)
    where = {**_of_part(part), "visit_id": visit.public_id, **details_of(fact)}
    announce_all([_event(part.order, envelope, status=visit.status, **where)])


_PARTS = FulfillmentOrder.objects.select_related("order", "store")


def _event(order: Order, row: Fact, *, status: str | None, **more: Any) -> ChannelEvent:
    data = {"order_id": order.public_id, "external_id": order.external_id, **more}
    data |= {"is_test": order.is_test} | ({"status": str(status)} if status else {})
    return ChannelEvent(
        public_id=row.public_id,
        channel_id=order.channel_id,
        type=row.name,
        occurred_at=row.occurred_at,
        data=data,
    )


def _of_part(part: FulfillmentOrder) -> dict[str, Any]:
    return {"fulfillment_id": part.public_id, "store": part.store.code}
