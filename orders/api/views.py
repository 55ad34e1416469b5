"""The order endpoints: parse, call one service, render."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller
from hub.api.errors import VersionMismatch
from hub.api.etag import etag_of, wanted_version
from hub.api.forms import read_body, read_query
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.errors import Forbidden
from orders.api.forms import CancelForm, ListForm, PlaceOrderForm
from orders.api.reading import find_order, page_of_orders
from orders.api.replies import OrderReply, OrdersReply
from orders.api.shapes import order_json, order_summary
from orders.errors import StaleVersion
from orders.models import Order
from orders.placing.asked import Asked
from orders.placing.cancel import cancel_order
from orders.placing.drafts import Desk
from orders.placing.services import place_order

_TAGS = ["orders"]
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="the ETag as it was read; with another state the request is refused with 412",
)


class OrdersView(HubView):
    """All orders of the key's channel."""

    scopes = {"GET": "orders:read", "POST": "orders:write"}

    @extend_schema(
        operation_id="list_orders", parameters=[ListForm], responses=OrdersReply, tags=_TAGS
    )
    def get(self, request: Request) -> Response:
        """List orders, newest first; those placed while you page stand before the first page."""
        orders, next_cursor = page_of_orders(_caller(request), **read_query(ListForm, request))
        page = {
            "orders": [order_summary(order) for order in orders],
            "next_cursor": next_cursor,
        }
        return Response(page)

    @extend_schema(
        operation_id="place_order",
        request=PlaceOrderForm,
        responses={201: OrderReply},
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Place an order for pickup, in a named store or in the nearest one that has everything.

        When the reply is 201, the goods are set aside, the order stands in the store's queue, and
        the customer will be told. Any refusal means that nothing has happened.
        """
        asked = cast(Asked, read_body(PlaceOrderForm, request))
        order = place_order(desk=_desk(request), asked=asked)
        reply = _shown(order, status=201)
        reply["Location"] = f"/v1/orders/{order.public_id}"
        return reply


class OrderView(HubView):
    """One order."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="get_order", responses=OrderReply, tags=_TAGS)
    def get(self, request: Request, order_id: str) -> Response:
        """Read an order. The ETag changes whenever anything of it does."""
        return _reply(_caller(request), order_id)


class CancelView(HubView):
    """Ending an order."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="cancel_order",
        request=CancelForm,
        responses=OrderReply,
        parameters=[_IF_MATCH],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, order_id: str) -> Response:
        """Cancel the whole order while no part of it is ready; its goods go back on sale.

        Canceling a canceled order changes nothing and succeeds.
        """
        caller = _caller(request)
        form = read_body(CancelForm, request)
        order = find_order(caller, order_id)
        if not all(caller.may_use(part.store_id) for part in order.fulfillments.all()):
            raise Forbidden("a part of this order is in a store that the key does not reach")
        try:
            cancel_order(
                order=order, reason=form.get("reason", ""), version=wanted_version(request)
            )
        except StaleVersion as stale:
            raise VersionMismatch(stale.detail, **stale.extra) from None
        return _reply(caller, order_id)


def _reply(caller: Caller, order_id: str, *, status: int = 200) -> Response:
    return _shown(find_order(caller, order_id), status=status)


def _shown(order: Order, *, status: int) -> Response:
    shown = order_json(order)
    return Response(shown, status=status, headers={"ETag": etag_of(shown["version"])})


def _desk(request: Request) -> Desk:
    caller = _caller(request)
    return Desk(caller.channel, caller.is_test, caller.store_ids)


def _caller(request: Request) -> Caller:
    return cast(Caller, request.auth)  # every view here asks for a key
