"""Finding orders for a caller: his channel's, of his kind of key, with a part in his stores."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet

from hub.api.auth import Caller
from hub.api.errors import InvalidCursor
from hub.api.paging import decode_cursor, encode_cursor
from hub.errors import NotFound
from hub.stores.services import find_store
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    GoodsReturn,
    Order,
    OrderLine,
    Refund,
    ReturnedLine,
    SubstitutionOffer,
    SubstitutionRound,
)


def orders_of(caller: Caller) -> QuerySet[Order]:
    """What the caller may see. Test keys and live keys never see each other's orders."""
    orders = Order.objects.filter(channel_id=caller.channel.pk, is_test=caller.is_test)
    if caller.store_ids is None:
        return orders
    return orders.filter(_part_in(store__in=caller.store_ids))


def find_order(caller: Caller, public_id: str) -> Order:
    """The order with all that its JSON shows, in a fixed number of queries; raises NotFound."""
    order = with_details(orders_of(caller).filter(public_id=public_id)).first()
    if order is None:
        raise NotFound("no such order")
    return order


def with_details(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The orders with their lines, parts, the work on these, and blocks."""
    parts = FulfillmentOrder.objects.select_related("store", "settlement").order_by("pk")
    # one name each instead of whole items: an order may have a thousand lines
    lines = OrderLine.objects.annotate(sku=F("item__sku"), substitute_sku=F("substitute__sku"))
    work = FulfillmentLine.objects.annotate(
        sku=F("item__sku"),
        number=F("order_line__number"),
        stands_for_sku=F("stands_for__item__sku"),
    )
    offers = SubstitutionOffer.objects.select_related("line__order_line", "original", "item")
    returns = GoodsReturn.objects.select_related("refund").order_by("pk")
    returned = ReturnedLine.objects.select_related("line__order_line", "line__item")
    return orders.prefetch_related(
        Prefetch("lines", lines),
        Prefetch("fulfillments", parts),
        Prefetch("fulfillments__lines", work),
        Prefetch("fulfillments__rounds", SubstitutionRound.objects.order_by("pk")),
        Prefetch("fulfillments__rounds__offers", offers),
        Prefetch("fulfillments__refunds", Refund.objects.order_by("pk")),
        Prefetch("fulfillments__returns", returns),
        Prefetch("fulfillments__returns__lines", returned),
        "blocks",
    )


def page_of_orders(
    caller: Caller, *, limit: int, cursor: str = "", store: str = "", **filters: str
) -> tuple[list[Order], str | None]:
    """A page of orders, newest first, and the cursor of the next one (None after the last).

    ``filters`` are ``external_id`` and ``status``. A store that is not the caller's has no orders.
    """
    orders = orders_of(caller).filter(**filters)
    if store:
        orders = orders.filter(_part_in(store=_store_of(caller, store)))
    if cursor:
        orders = orders.filter(pk__lt=_position(cursor))
    parts = FulfillmentOrder.objects.select_related("store").order_by("pk")
    rows = list(
        orders.order_by("-pk").prefetch_related(Prefetch("fulfillments", parts))[: limit + 1]
    )
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], encode_cursor(rows[limit - 1].pk)


def _part_in(**stores: Any) -> Exists:
    return Exists(FulfillmentOrder.objects.filter(order=OuterRef("pk"), **stores))


def _store_of(caller: Caller, reference: str) -> int:
    store = find_store(reference)
    if not caller.may_use(store.pk):
        raise NotFound("no such store")
    return store.pk


def _position(cursor: str) -> int:
    position = decode_cursor(cursor)
    if type(position) is not int or not 0 < position < 2**63:
        raise InvalidCursor
    return position
