"""What a store's POS is told: the pick list, and its withdrawal."""

from __future__ import annotations

from dataclasses import dataclass

from hub.connectors.pos.base import PickLine, PickList, PosConnector
from hub.connectors.registry import pos_connector
from hub.stores.models import PosConnection
from orders.models import FulfillmentOrder, FulfillmentStatus

WAITING = frozenset({FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED})


@dataclass(frozen=True)
class PosWork:
    """A fulfillment order whose store has a POS, and the connector that reaches it."""

    fulfillment: FulfillmentOrder
    pos: PosConnector


def work_at_pos(fulfillment_id: int) -> PosWork | None:
    """The fulfillment order with its store's POS; None when the store has no active one."""
    rows = FulfillmentOrder.objects.select_related("order", "store")
    fulfillment = rows.get(pk=fulfillment_id)
    connection = PosConnection.objects.filter(store_id=fulfillment.store_id, active=True).first()
    if connection is None:
        return None
    return PosWork(fulfillment, pos_connector(connection, is_test=fulfillment.order.is_test))


def push(work: PosWork) -> str:
    """Give the POS the pick list and keep its reference. Harmless when it has the list already."""
    fulfillment = work.fulfillment
    reference = work.pos.queue(pick_list_of(fulfillment))
    rows = FulfillmentOrder.objects.filter(pk=fulfillment.pk, pos_reference="")
    rows.update(pos_reference=reference)
    return reference


def pick_list_of(fulfillment: FulfillmentOrder) -> PickList:
    """The pick list in plain values, names in the store's language; nothing about the customer."""
    order, store = fulfillment.order, fulfillment.store
    lines = fulfillment.lines.select_related("item", "order_line")
    return PickList(
        fulfillment_id=fulfillment.public_id,
        order_id=order.public_id,
        order_reference=order.external_id,
        store=store.code,
        promised_at=fulfillment.promised_at.isoformat(),
        lines=tuple(
            PickLine(
                line_id=str(line.order_line.number),
                sku=line.item.sku,
                name=line.item.name_in(store.locale),
                quantity=line.allocated,
            )
            for line in lines
        ),
    )
