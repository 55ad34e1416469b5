"""Placing and reading orders over HTTP: parse, call one service, render."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller
from hub.api.forms import read, read_body, read_query
from hub.api.idempotency import idempotent
from hub.api.problems import as_hub_error, document
from hub.api.views import HubView
from hub.errors import HubError
from orders.api.forms import BatchEnvelope, BatchForm, ListForm, PlaceOrderForm
from orders.api.reading import find_order, page_of_orders
from orders.api.replies import BatchReply, OrderReply, OrdersReply
from orders.api.shapes import order_summary
from orders.api.showing import shown_order
from orders.models import Order
from orders.placing.asked import Asked
from orders.placing.drafts import Desk
from orders.placing.services import place, place_orders

_TAGS = ["orders"]


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
        """Place an order for pickup, in a named store or in the best one around a point.

        Which one is best is for the channel's routing rules to say: without any, the nearest that
        has everything. Where they allow it, several stores share an order.

        When the reply is 201, the goods are set aside, the order stands in the store's queue, and
        the customer will be told. Any refusal means that nothing has happened.
        """
        asked = cast(Asked, read_body(PlaceOrderForm, request))
        order = place(desk=_desk(request), asked=asked)
        reply = shown_order(order, status=201)
        reply["Location"] = f"/v1/orders/{order.public_id}"
        return reply


class OrderView(HubView):
    """One order."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="get_order", responses=OrderReply, tags=_TAGS)
    def get(self, request: Request, order_id: str) -> Response:
        """Read an order. The ETag changes whenever anything of it does."""
        return shown_order(find_order(_caller(request), order_id))


class BatchView(HubView):
    """Many orders at once."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="place_orders",
        request=BatchForm,
        responses={200: BatchReply},
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Place up to 100 orders; each stands or falls alone, and the reply says which did.

        Where stock is short, those that stand first are served first.
        """
        rows = read_body(BatchEnvelope, request)["orders"]
        read = [_read(row) for row in rows]
        good = [one for one in read if not isinstance(one, HubError)]
        placed = iter(place_orders(desk=_desk(request), asked=good) if good else ())
        results = [one if isinstance(one, HubError) else next(placed) for one in read]
        told = [_result(row, result) for row, result in zip(rows, results, strict=True)]
        return Response({"results": told})


def _read(row: Any) -> Asked | HubError:
    """The order as the form read it, or why it cannot be read."""
    try:
        return cast(Asked, read(PlaceOrderForm, row))
    except ValidationError as error:
        return as_hub_error(error)


def _result(row: Any, result: Order | HubError) -> dict[str, Any]:
    sent = row.get("external_id") if isinstance(row, dict) else None
    told: dict[str, Any] = {"external_id": sent if isinstance(sent, str) else None}
    if isinstance(result, HubError):
        return told | {"status": result.status, "problem": document(result)}
    return told | {"status": 201, "order": order_summary(result)}


def _desk(request: Request) -> Desk:
    caller = _caller(request)
    return Desk(caller.channel, caller.is_test, caller.store_ids)


def _caller(request: Request) -> Caller:
    return cast(Caller, request.auth)  # every view here asks for a key
