"""PUT and GET /v1/stock/incoming/{reference}: what a delivery brings to a store."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller, caller
from hub.api.forms import Form, read_body
from hub.api.views import HubView
from hub.errors import Invalid, NotFound
from hub.stores.services import find_stores
from inventory.api.availability import in_reach
from inventory.api.counts import TestKeyRefused
from inventory.lines import MOST_UNITS
from inventory.models import IncomingUnits
from inventory.services.catalog import find_items
from inventory.services.explaining import source_of
from inventory.services.incoming import expect

MOST_LINES = 1_000


class ListedTwice(Invalid):
    code = "listed_twice"
    title = "A SKU is listed twice"


class IncomingLineForm(Form):
    """One item of the delivery."""

    sku = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(
        min_value=0, max_value=MOST_UNITS, help_text="Units; 0 says that none come any more."
    )


class IncomingForm(Form):
    """All that the delivery brings to one store."""

    store = serializers.CharField(max_length=40, help_text="Id or code of the store.")
    expected_at = serializers.DateTimeField(help_text="When it should be there.")
    lines = serializers.ListField(
        child=IncomingLineForm(),
        max_length=MOST_LINES,
        help_text="Items that are not named do not come; empty: nothing does.",
    )


class IncomingLineShape(serializers.Serializer[Any]):
    """One item that has not come yet."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()


class IncomingStoreShape(serializers.Serializer[Any]):
    """What has not come yet to one store."""

    store = serializers.CharField(help_text="Code of the store.")
    expected_at = serializers.DateTimeField()
    lines = IncomingLineShape(many=True)


class IncomingShape(serializers.Serializer[Any]):
    """A delivery, with the stores that still wait for some of it."""

    reference = serializers.CharField()
    stores = IncomingStoreShape(many=True)


class IncomingView(HubView):
    """One delivery, as the caller announced it."""

    scopes: ClassVar = {"PUT": "stock:write", "GET": "stock:write"}

    @extend_schema(
        operation_id="expect_stock", request=IncomingForm, responses={200: IncomingShape}
    )
    def put(self, request: Request, reference: str) -> Response:
        """Announce what a delivery brings to a store, replacing what was said of it before.

        Sites are shown these units with ``explain=1``; they are not sold before they are there.
        The stock event that says so (an adjustment ``received`` or a transfer, with this
        reference) takes them off. What is two weeks late is forgotten. The same call again
        changes nothing, so it needs no Idempotency-Key.
        """
        site = caller(request)
        if site.is_test:
            raise TestKeyRefused
        wanted = read_body(IncomingForm, request)
        counts = {line["sku"]: line["quantity"] for line in wanted["lines"]}
        if len(counts) < len(wanted["lines"]):
            raise ListedTwice
        items = find_items(counts)
        expect(
            source=source_of(site.channel),
            reference=reference,
            store=in_reach(site, find_stores([wanted["store"]]))[wanted["store"]],
            expected_at=wanted["expected_at"],
            units={items[sku].pk: count for sku, count in counts.items()},
        )
        return Response(_shape(site, reference))

    @extend_schema(operation_id="read_expected_stock", responses={200: IncomingShape})
    def get(self, request: Request, reference: str) -> Response:
        """What of a delivery has not come yet, by store."""
        shape = _shape(caller(request), reference)
        if not shape["stores"]:
            raise NotFound("no such delivery is on its way")
        return Response(shape)


def _shape(site: Caller, reference: str) -> dict[str, Any]:
    rows = IncomingUnits.objects.filter(source=source_of(site.channel), reference=reference)
    if site.store_ids is not None:
        rows = rows.filter(store_id__in=site.store_ids)
    rows = rows.select_related("store", "item").order_by("store__code", "item__sku")
    return {
        "reference": reference,
        "stores": [
            {"store": code, "expected_at": when, "lines": [_line(row) for row in some]}
            for (code, when), some in groupby(rows, key=_place)
        ],
    }


def _place(row: IncomingUnits) -> tuple[str, datetime]:
    return row.store.code, row.expected_at


def _line(row: IncomingUnits) -> dict[str, Any]:
    return {"sku": row.item.sku, "quantity": row.units}
