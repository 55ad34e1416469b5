"""GET /v1/recalls: what was called back, so that sites need not go on showing it."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.errors import InvalidCursor
from hub.api.forms import Form, read_query
from hub.api.paging import decode_cursor, encode_cursor
from hub.api.views import HubView
from inventory.models import Recall

_LARGEST = 2**63 - 1


class RecallsQuery(Form):
    """Which recalls, and how much of the list."""

    state = serializers.ChoiceField(choices=["open", "all"], default="open")
    cursor = serializers.CharField(required=False, max_length=500)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class RecallShape(serializers.Serializer[Any]):
    """A product, or one lot of it, that is called back."""

    id = serializers.CharField(help_text="rcl_…")
    sku = serializers.CharField()
    lot = serializers.CharField(allow_null=True, help_text="Null: every unit.")
    reason = serializers.CharField()
    suspect_since = serializers.DateTimeField(
        allow_null=True, help_text="Goods collected earlier are fine; null: none are."
    )
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class RecallsShape(serializers.Serializer[Any]):
    """A page of recalls; ``next_cursor`` is null on the last one."""

    recalls = RecallShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RecallsView(HubView):
    """Recalls of the whole chain."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="list_recalls", parameters=[RecallsQuery], responses={200: RecallsShape}
    )
    def get(self, request: Request) -> Response:
        """Recalls, the latest first: those that are open, or all."""
        wanted = read_query(RecallsQuery, request)
        rows = Recall.objects.select_related("item").order_by("-pk")
        if wanted["state"] == "open":
            rows = rows.filter(closed_at__isnull=True)
        if "cursor" in wanted:
            rows = rows.filter(pk__lt=_key_of(wanted["cursor"]))
        page = list(rows[: wanted["limit"] + 1])
        more, page = len(page) > wanted["limit"], page[: wanted["limit"]]
        cursor = encode_cursor(page[-1].pk) if more else None
        return Response({"recalls": [_shape(row) for row in page], "next_cursor": cursor})


def _key_of(cursor: str) -> int:
    key = decode_cursor(cursor)
    if type(key) is not int or not 0 <= key <= _LARGEST:
        raise InvalidCursor
    return key


def _shape(recall: Recall) -> dict[str, Any]:
    return {
        "id": recall.public_id,
        "sku": recall.item.sku,
        "lot": recall.lot or None,
        "reason": recall.reason,
        "suspect_since": recall.sold_since,
        "opened_at": recall.opened_at,
        "closed_at": recall.closed_at,
    }
