"""Placing an order: everything or nothing, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from hub import clock
from hub.customers.services import land_record, profile_of
from hub.events.catalog import FulfillmentProposed, OrderPlaced
from hub.events.outbox import publish
from hub.ids import new_id
from hub.stores.models import SalesChannel, Store
from inventory.models import Item
from inventory.services.allocations import allocate, convert_hold
from inventory.services.catalog import find_items
from inventory.services.holds import find_hold
from orders.errors import DuplicateOrder, HoldElsewhere, WrongCurrency
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    Order,
    OrderLine,
    RoutingDecision,
)
from orders.placing.asked import Customer, Line, Pickup, customer_values, units_per_item
from orders.routing.geography import Point
from orders.routing.services import RADIUS_METRES, Routed, explain_named, named_store, route

ONE_PER_CHANNEL = "order_once_per_channel_and_kind"


@dataclass(frozen=True)
class Errand:
    """What routing needs to find a store and to set the goods aside there.

    ``reference`` is the public id that the fulfillment order will have.
    """

    channel: SalesChannel
    reference: str
    units: Mapping[int, int]
    allowed_store_ids: Collection[int] | None


def place_order(
    *,
    channel: SalesChannel,
    external_id: str,
    pickup: Pickup,
    customer: Customer,
    currency: str,
    total_minor: int,
    lines: Sequence[Line],
    tax_minor: int = 0,
    hold_id: str = "",
    note: str = "",
    metadata: Mapping[str, Any] | None = None,
    is_test: bool = False,
    allowed_store_ids: Collection[int] | None = None,
) -> Order:
    """Take the order in: goods set aside, one PROPOSED fulfillment order, both facts published.

    The store is the named one, the hold's, or the nearest with the whole basket; only those of
    ``allowed_store_ids`` count (None allows all). Raises DuplicateOrder, WrongCurrency,
    UnknownSku, InsufficientStock, NoStore, PickupOff, NeverOpen, NotFound (store or hold), what
    converting a hold raises, and what ``land_record`` raises; then nothing has happened.
    """
    try:
        return _place(
            channel=channel,
            is_test=is_test,
            allowed_store_ids=allowed_store_ids,
            external_id=external_id,
            pickup=pickup,
            customer=customer,
            currency=currency,
            total_minor=total_minor,
            tax_minor=tax_minor,
            lines=lines,
            hold_id=hold_id,
            note=note,
            metadata=dict(metadata or {}),
        )
    except IntegrityError as error:
        if ONE_PER_CHANNEL not in str(error):
            raise
        known = Order.objects.get(channel=channel, is_test=is_test, external_id=external_id)
        detail = f"order {external_id} has been placed already"
        raise DuplicateOrder(detail, id=known.public_id) from None


@transaction.atomic
def _place(
    *,
    channel: SalesChannel,
    is_test: bool,
    allowed_store_ids: Collection[int] | None,
    pickup: Pickup,
    customer: Customer,
    lines: Sequence[Line],
    hold_id: str,
    **values: Any,
) -> Order:
    """Customer first, then the order's number, stock last: hot rows are locked the shortest."""
    if values["currency"] != channel.currency:
        raise WrongCurrency(f"this channel sells in {channel.currency}", currency=channel.currency)
    items = find_items(line["sku"] for line in lines)
    order = _write_order(channel=channel, is_test=is_test, customer=customer, **values)
    order_lines = _write_lines(order, lines, items)
    errand = Errand(
        channel=channel,
        reference=new_id("ful"),
        units=units_per_item(lines, items),
        allowed_store_ids=allowed_store_ids,
    )
    routed = _route_held(errand, pickup, hold_id) if hold_id else _route_asked(errand, pickup)
    fulfillment = _write_fulfillment(order, order_lines, errand.reference, routed)
    publish(OrderPlaced(order_id=order.pk))
    publish(FulfillmentProposed(order_id=order.pk, fulfillment_id=fulfillment.pk))
    return order


def _write_order(
    *, channel: SalesChannel, is_test: bool, customer: Customer, external_id: str, **values: Any
) -> Order:
    record = land_record(
        source=f"channel:{channel.code}" + (":test" if is_test else ""),
        source_id=external_id,
        **customer_values(customer),
    )
    return Order.objects.create(
        channel=channel,
        external_id=external_id,
        contact=record.contact,
        profile=profile_of(record),
        locale=customer.get("locale", ""),
        is_test=is_test,
        placed_at=clock.now(),
        **values,
    )


def _write_lines(order: Order, lines: Sequence[Line], items: Mapping[str, Item]) -> list[OrderLine]:
    return OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            number=number,
            item=items[line["sku"]],
            quantity=line["quantity"],
            unit_price_minor=line["unit_price_minor"],
        )
        for number, line in enumerate(lines, start=1)
    )


def _route_asked(errand: Errand, pickup: Pickup) -> Routed:
    """Set the goods aside in the named store, or in the best one near the point."""
    if "near" in pickup:
        near = pickup["near"]
        return route(
            channel=errand.channel,
            reference=errand.reference,
            lines=errand.units,
            near=Point(near["latitude"], near["longitude"]),
            radius_metres=near.get("radius_metres", RADIUS_METRES),
            allowed_store_ids=errand.allowed_store_ids,
        )
    store, promised_at = named_store(
        reference=pickup["store"], allowed_store_ids=errand.allowed_store_ids
    )
    allocate(
        reference=errand.reference,
        channel=errand.channel,
        store=store,
        lines=errand.units,
        promised_at=promised_at,
    )
    return Routed(store, promised_at, explain_named(store, asked="store"))


def _route_held(errand: Errand, pickup: Pickup, hold_id: str) -> Routed:
    """Turn the hold into the order's allocation, in the hold's store."""
    hold = find_hold(reference=hold_id, channel=errand.channel)
    store, promised_at = named_store(
        reference=hold.store.code, allowed_store_ids=errand.allowed_store_ids
    )
    _check_same_store(store, pickup)
    convert_hold(hold=hold, reference=errand.reference, lines=errand.units, promised_at=promised_at)
    return Routed(store, promised_at, explain_named(store, asked="hold"))


def _check_same_store(store: Store, pickup: Pickup) -> None:
    if "store" in pickup and pickup["store"] not in (store.public_id, store.code):
        raise HoldElsewhere(f"the hold is in store {store.code}", store=store.code)


def _write_fulfillment(
    order: Order, order_lines: Sequence[OrderLine], reference: str, routed: Routed
) -> FulfillmentOrder:
    fulfillment = FulfillmentOrder.objects.create(
        public_id=reference,
        order=order,
        store=routed.store,
        promised_at=routed.promised_at,
    )
    FulfillmentLine.objects.bulk_create(
        FulfillmentLine(
            fulfillment=fulfillment,
            order_line=line,
            item_id=line.item_id,
            allocated=line.quantity,
        )
        for line in order_lines
    )
    RoutingDecision.objects.create(order=order, store=routed.store, explanation=routed.explanation)
    return fulfillment
