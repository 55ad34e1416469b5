"""Changing placed orders over HTTP: canceling, amending, blocking."""

from __future__ import annotations

from collections.abc import Callable

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.errors import VersionMismatch
from hub.api.etag import wanted_version
from hub.api.forms import read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.errors import Forbidden, NotFound
from orders.api.forms import AmendForm, BlockForm, CancelForm
from orders.api.reading import find_order
from orders.api.replies import OrderReply
from orders.api.showing import shown_order
from orders.blocks import lift_block, open_block_once
from orders.errors import StaleVersion
from orders.models import Block, Order
from orders.placing.amending import REASON, Totals, amend_order
from orders.placing.cancel import cancel_order

_TAGS = ["orders"]
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="the ETag as it was read; with another state the request is refused with 412",
)
# Others are lifted by what they wait for: an answer about substitutes or a move, or a person.
LIFTABLE = [
    Block.Reason.PAYMENT,
    Block.Reason.FRAUD,
    Block.Reason.AGE_CHECK,
    Block.Reason.AMOUNT,
]


class CancelView(HubView):
    """Ending an order, or some of its lines."""

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
        """Cancel the whole order, or some lines, while they are not ready.

        The goods go back on sale; those that were picked already when they have been put back.
        Canceling what is canceled changes nothing and succeeds.
        """
        form = read_body(CancelForm, request)
        version, reason = wanted_version(request), form.get("reason", "")

        def cancel(order: Order) -> None:
            if "lines" in form:
                none_left = dict.fromkeys(form["lines"], 0)
                amend_order(
                    order=order, quantities=none_left, reason=reason or REASON, version=version
                )
            else:
                cancel_order(order=order, reason=reason, version=version)

        return _changed(request, order_id, cancel)


class AmendView(HubView):
    """Buying less."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="amend_order",
        request=AmendForm,
        responses=OrderReply,
        parameters=[_IF_MATCH],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, order_id: str) -> Response:
        """Leave fewer units of some lines, while they are not ready.

        More units, or other items, are a new order. An order of which nothing is left is
        canceled.
        """
        form = read_body(AmendForm, request)
        version = wanted_version(request)

        def amend(order: Order) -> None:
            amend_order(
                order=order,
                quantities={line["number"]: line["quantity"] for line in form["lines"]},
                totals=Totals(form.get("total_minor"), form.get("tax_minor")),
                reason=form.get("reason", "") or REASON,
                version=version,
            )

        return _changed(request, order_id, amend)


class BlocksView(HubView):
    """Reasons why an order may not move on."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="block_order", request=BlockForm, responses={201: OrderReply}, tags=_TAGS
    )
    @idempotent
    def post(self, request: Request, order_id: str) -> Response:
        """Stop every further step on the order until the block is lifted.

        A block of the same reason that is open already stays the only one.
        """
        form = read_body(BlockForm, request)

        def block(order: Order) -> None:
            open_block_once(order=order, reason=form["reason"], note=form.get("note", ""))

        return _changed(request, order_id, block, status=201)


class LiftView(HubView):
    """Letting an order move on."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="lift_block",
        request=None,
        responses=OrderReply,
        parameters=[
            OpenApiParameter(
                "reason", str, OpenApiParameter.PATH, enum=[str(reason) for reason in LIFTABLE]
            )
        ],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, order_id: str, reason: str) -> Response:
        """Lift the order's blocks of that reason; ``amount`` once the new amount is settled.

        Without such a block nothing changes.
        """
        if reason not in LIFTABLE:
            raise NotFound("no such block")

        def lift(order: Order) -> None:
            for block in order.blocks.all():
                if block.reason == reason and block.lifted_at is None:
                    lift_block(block=block)

        return _changed(request, order_id, lift)


def _changed(
    request: Request, order_id: str, change: Callable[[Order], None], *, status: int = 200
) -> Response:
    """The order after the change. A key must reach all of its stores."""
    site = caller(request)
    order = find_order(site, order_id)
    if not all(site.may_use(part.store_id) for part in order.fulfillments.all()):
        raise Forbidden("a part of this order is in a store that the key does not reach")
    try:
        change(order)
    except StaleVersion as stale:
        raise VersionMismatch(stale.detail, **stale.extra) from None
    return shown_order(find_order(site, order_id), status=status)
