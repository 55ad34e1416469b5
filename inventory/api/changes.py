"""GET /v1/availability/changes and /export: how a site keeps its own copy of what it may sell."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller, caller
from hub.api.errors import InvalidCursor
from hub.api.forms import Form, read_query
from hub.api.paging import decode_cursor, encode_cursor
from hub.api.views import HubView
from hub.stores.models import HIDDEN_STAGES, Store
from hub.stores.services import visible_stores
from inventory.api.availability import in_reach
from inventory.services.availability import Availability
from inventory.services.changes import Changed, changes_after, export, head

_LARGEST = 2**63 - 1
_LINES = 500  # compressed together


class ChangesQuery(Form):
    """From where, and how much."""

    cursor = serializers.CharField(
        required=False, max_length=500, help_text="the last next_cursor; absent: from the beginning"
    )
    limit = serializers.IntegerField(default=200, min_value=1, max_value=500)


class ChangeShape(serializers.Serializer[Any]):
    """A position as it is now, or a scope in which anything may have changed.

    In a scope, null means all: every store, every SKU, every category.
    """

    type = serializers.ChoiceField(choices=["position", "scope"])
    store = serializers.CharField(allow_null=True, help_text="Code of the store.")
    sku = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True, help_text="Of a scope only.")
    available = serializers.IntegerField(required=False, help_text="Of a position only.")
    counted_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Of a position only."
    )


class ChangesShape(serializers.Serializer[Any]):
    """A page. ``next_cursor`` is always there: keep it, and ask again with it."""

    changes = ChangeShape(many=True)
    next_cursor = serializers.CharField()


class ChangesView(HubView):
    """The change feed of availability."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="list_availability_changes",
        parameters=[ChangesQuery],
        responses={200: ChangesShape},
    )
    def get(self, request: Request) -> Response:
        """Positions and scopes that changed after the cursor, each with its availability now.

        Nothing is ever skipped, whatever order changes commit in; several changes of a position
        are told as one. An empty page means that nothing has changed since. To begin with a copy
        of everything, take the export and follow from its cursor.
        """
        wanted = read_query(ChangesQuery, request)
        site = caller(request)
        rows, reached = changes_after(
            channel=site.channel,
            position=_position_of(wanted["cursor"]) if "cursor" in wanted else 0,
            limit=wanted["limit"],
            reach=site.store_ids,
        )
        return Response(
            {"changes": [_shape(row) for row in rows], "next_cursor": encode_cursor(reached)}
        )


class ExportQuery(Form):
    """Which stores."""

    store = serializers.CharField(
        required=False, max_length=40, help_text="Id or code; absent: every store in reach."
    )


class ExportView(HubView):
    """A copy of everything."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="export_availability",
        parameters=[ExportQuery],
        responses={
            (200, "application/gzip"): OpenApiResponse(
                OpenApiTypes.BINARY,
                description='NDJSON, compressed: first {"cursor"}, then {"store", "sku", '
                '"available"} for every item in every store, last {"end": rows}.',
            )
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All availability as lines of JSON, with the cursor from which to follow the changes.

        The cursor is older than every line, so that a change which the lines missed comes after
        it. A file without its last line was cut off.
        """
        wanted = read_query(ExportQuery, request)
        site = caller(request)
        stores = _stores(site, wanted.get("store"))
        lines = _lines(encode_cursor(head()), export(channel=site.channel, stores=stores))
        return StreamingHttpResponse(_gzipped(lines), content_type="application/gzip")


def _stores(site: Caller, reference: str | None) -> list[Store]:
    if reference is not None:
        return list(in_reach(site, visible_stores([reference])).values())
    stores = Store.objects.filter(active=True).exclude(stage__in=HIDDEN_STAGES).order_by("code")
    return list(stores if site.store_ids is None else stores.filter(pk__in=site.store_ids))


def _lines(cursor: str, rows: Iterable[tuple[str, str, Availability]]) -> Iterator[bytes]:
    yield _line({"cursor": cursor})
    count = 0
    for store, sku, position in rows:
        count += 1
        yield _line({"store": store, "sku": sku, "available": position.atp})
    yield _line({"end": count})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _gzipped(lines: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=6, wbits=zlib.MAX_WBITS | 16)
    waiting: list[bytes] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) == _LINES:
            yield packer.compress(b"".join(waiting))
            waiting.clear()
    yield packer.compress(b"".join(waiting)) + packer.flush()


def _position_of(cursor: str) -> int:
    position = decode_cursor(cursor)
    if type(position) is not int or not 0 <= position <= _LARGEST:
        raise InvalidCursor
    return position


def _shape(row: Changed) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "type": "scope" if row.availability is None else "position",
        "store": row.store or None,
        "sku": row.sku or None,
        "category": row.category or None,
    }
    if row.availability is not None:
        shape["available"] = row.availability.atp
        shape["counted_at"] = row.availability.counted_at
    return shape
