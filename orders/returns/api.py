"""POST /v1/orders/{id}/returns: goods that came back, told by the site or its service desk."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller
from hub.api.etag import etag_of
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.errors import Forbidden, NotFound
from orders.api.forms import MOST_LINES, MOST_UNITS, Count, Reference, Text
from orders.api.reading import find_order
from orders.api.replies import OrderReply
from orders.api.shapes import order_json
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus, Order, ReturnedLine
from orders.returns.errors import NotHandedOver, UnknownLine
from orders.returns.services import REASON_CHARACTERS, Brought, take_back


class ReturnedLineForm(Form):
    """Units of one line that came back."""

    number = Count(min_value=1, max_value=MOST_LINES, help_text="the order line")
    sku = Reference(
        max_length=40,
        required=False,
        help_text="which item of the line; needed when a substitute was supplied beside it",
    )
    quantity = Count(min_value=1, max_value=MOST_UNITS, help_text="units (grams for weighed goods)")
    disposition = serializers.ChoiceField(
        choices=ReturnedLine.Disposition.values,
        help_text="`restock`: on sale again; `damaged`: kept apart",
    )


class ReturnForm(Form):
    """What a customer brought back, and why."""

    fulfillment_id = Reference(
        max_length=30,
        required=False,
        help_text="the part (`ful_…`) the goods are of; needed when several were handed over",
    )
    reason = Text(max_length=REASON_CHARACTERS, help_text="the customer's reason")
    lines = serializers.ListField(
        child=ReturnedLineForm(),
        min_length=1,
        max_length=MOST_LINES,
        help_text="what came back; each line once per disposition",
    )


class ReturnsView(HubView):
    """Goods that come back after the hand-off."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="return_goods",
        request=ReturnForm,
        responses={201: OrderReply},
        tags=["orders"],
    )
    @idempotent
    def post(self, request: Request, order_id: str) -> Response:
        """Take handed-over goods back into their store, line by line.

        When the reply is 201, the stock of the store is right, and `order.refund_due` tells what
        the site owes; the order's `returns` and `refunds` list both.
        """
        caller = cast(Caller, request.auth)
        form = read_body(ReturnForm, request)
        order = find_order(caller, order_id)
        part = _part(order, form.get("fulfillment_id"))
        if not caller.may_use(part.store_id):
            raise Forbidden("these goods were handed over in a store that the key does not reach")
        brought = [_brought(part, row) for row in form["lines"]]
        take_back(fulfillment=part, brought=brought, reason=form["reason"])
        shown = order_json(find_order(caller, order_id))
        return Response(shown, status=201, headers={"ETag": etag_of(shown["version"])})


def _part(order: Order, public_id: str | None) -> FulfillmentOrder:
    parts = list(order.fulfillments.all())
    if public_id is not None:
        named = [part for part in parts if part.public_id == public_id]
        if not named:
            raise NotFound("the order has no such part")
        return named[0]
    given = [part for part in parts if part.status == FulfillmentStatus.COMPLETED]
    if len(given) != 1:
        raise NotHandedOver("name the part that was handed over" if given else "")
    return given[0]


def _brought(part: FulfillmentOrder, row: dict[str, Any]) -> Brought:
    """The line that is meant; raises UnknownLine when there is none, or more than one."""
    lines = [line for line in part.lines.all() if _is_meant(line, row)]
    if len(lines) != 1:
        raise UnknownLine(number=row["number"], sku=row.get("sku"))
    return Brought(line_id=lines[0].pk, units=row["quantity"], disposition=row["disposition"])


def _is_meant(line: FulfillmentLine, row: dict[str, Any]) -> bool:
    """``number`` and ``sku`` stand beside the lines that ``find_order`` reads."""
    found: Any = line
    named = row.get("sku") in (None, found.sku)
    return bool(found.number == row["number"] and named and line.handed_off)
