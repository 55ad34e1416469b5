"""The reply that shows an order."""

from __future__ import annotations

from rest_framework.response import Response

from hub.api.etag import etag_of
from orders.api.shapes import order_json
from orders.models import Order


def shown_order(order: Order, *, status: int = 200) -> Response:
    """The whole order; its ETag changes whenever anything of it does."""
    shown = order_json(order)
    return Response(shown, status=status, headers={"ETag": etag_of(shown["version"])})
