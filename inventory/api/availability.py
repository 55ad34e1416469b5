"""GET /v1/availability: what a site may sell, where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from hub.api.auth import Caller, caller
from hub.api.errors import InvalidFields
from hub.api.forms import Form
from hub.api.views import HubView
from hub.errors import NotFound
from hub.stores.models import Store
from hub.stores.services import visible_stores
from inventory.api.conditional import IF_NONE_MATCH, NOT_MODIFIED, conditional
from inventory.services.availability import (
    Availability,
    available_by_reference,
    promised_by_reference,
)
from inventory.services.catalog import find_items
from inventory.services.incoming import Coming, coming

MOST = 100
TERMS = (
    "on_hand",
    "unavailable",
    "allocated",
    "held",
    "safety_stock",
    "channel_buffer",
    "feed_buffer",
)
REASONS = (
    "store_closed_to_pickup",
    "stale_feed",
    "not_for_pickup",
    "suppressed_for_channel",
    "recalled",
    "short_pick",
    "never_counted",
    "no_stock",
    "unavailable",
    "allocated",
    "held",
    "safety_stock",
    "buffer",
)
REPLICA = "replica"


def _references(**options: Any) -> serializers.ListField:
    child = serializers.CharField(max_length=40)
    return serializers.ListField(child=child, min_length=1, max_length=MOST, **options)


class AvailabilityQuery(Form):
    """Which items in which stores; ``store`` and ``sku`` are repeated for several."""

    store = _references(help_text="Id or code of a store; repeat it for several.")
    sku = _references(help_text="Repeat it for several.")
    explain = serializers.BooleanField(
        default=False, help_text="Also tell the terms and, for zeroes, the reasons."
    )


class TermsShape(serializers.Serializer[Any]):
    """What the number is made of, in units; ``available`` is never below zero."""

    on_hand = serializers.IntegerField()
    unavailable = serializers.IntegerField()
    allocated = serializers.IntegerField()
    held = serializers.IntegerField()
    safety_stock = serializers.IntegerField()
    channel_buffer = serializers.IntegerField()
    feed_buffer = serializers.IntegerField(help_text="Hidden because the store's feed is late.")


class OnTheWayShape(serializers.Serializer[Any]):
    """Units that wait to come; shown, never sold."""

    quantity = serializers.IntegerField()
    expected_at = serializers.DateTimeField(help_text="When the first of them should be there.")


class PositionShape(serializers.Serializer[Any]):
    """One item in one store. ``counted_at`` is null when nobody ever counted it."""

    store = serializers.CharField(help_text="As it was asked for.")
    sku = serializers.CharField()
    available = serializers.IntegerField(help_text="Units that can be promised now.")
    counted_at = serializers.DateTimeField(allow_null=True)
    terms = TermsShape(required=False, help_text="Only with explain=1.")
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=REASONS),
        required=False,
        help_text="Why there is nothing to promise; only with explain=1, empty above zero.",
    )
    incoming = OnTheWayShape(
        required=False,
        allow_null=True,
        help_text="Only with explain=1: no part of the number; null when nothing is on its way.",
    )


class AvailabilityShape(serializers.Serializer[Any]):
    """Every item asked for in every store asked for, in the order of the question."""

    items = PositionShape(many=True)


class AvailabilityView(HubView):
    """What can be promised now, to this sales channel."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="read_availability",
        parameters=[AvailabilityQuery, IF_NONE_MATCH],
        responses={200: AvailabilityShape, 304: NOT_MODIFIED},
    )
    def get(self, request: Request) -> HttpResponse:
        """The availability of up to 100 items in up to 100 stores."""
        wanted = read_listed(AvailabilityQuery, request)
        stores, skus = list(dict.fromkeys(wanted["store"])), list(dict.fromkeys(wanted["sku"]))
        site = caller(request)
        items = (_explained if wanted["explain"] else _told)(site, stores, skus)
        return conditional(request, {"items": items})


def _told(site: Caller, stores: list[str], skus: list[str]) -> list[dict[str, Any]]:
    """Every position's number; raises NotFound and UnknownSku, naming what there is not."""
    found = promised_by_reference(channel=site.channel, stores=stores, skus=skus, using=database())
    _check_all_found(site, stores, skus, {store for _, _, store in found.values()}, len(found))
    told = {moment: _rfc3339(moment) for moment in {moment for _, moment, _ in found.values()}}
    return [
        {"store": store, "sku": sku, "available": units, "counted_at": told[moment]}
        for store in stores
        for sku in skus
        for units, moment, _ in (found[store, sku],)
    ]


def _rfc3339(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _explained(site: Caller, stores: list[str], skus: list[str]) -> list[dict[str, Any]]:
    """Every position with its terms, reasons and what is on its way; raises as ``_told``."""
    found = available_by_reference(channel=site.channel, stores=stores, skus=skus, using=database())
    _check_all_found(site, stores, skus, {row.store_id for row in found.values()}, len(found))
    waiting = coming(
        store_ids={row.store_id for row in found.values()}, skus=skus, using=database()
    )
    return [_position(store, sku, found[store, sku], waiting) for store in stores for sku in skus]


def _check_all_found(
    site: Caller, stores: list[str], skus: list[str], reached: set[int], positions: int
) -> None:
    within_reach = all(site.may_use(store_id) for store_id in reached)
    if not within_reach or positions < len(stores) * len(skus):
        in_reach(site, visible_stores(stores))
        find_items(skus)
        raise NotFound("a store or an item has just gone")


def database() -> str:
    """The database to read availability from: the replica, where one is named."""
    return REPLICA if REPLICA in settings.DATABASES else DEFAULT_DB_ALIAS


def in_reach(site: Caller, stores: dict[str, Store]) -> dict[str, Store]:
    """The stores, if the caller's key reaches all of them; raises NotFound."""
    missing = [reference for reference, store in stores.items() if not site.may_use(store.pk)]
    if missing:
        raise NotFound(f"no such store: {', '.join(sorted(missing))}")
    return stores


def read_listed(form: type[Form], request: Request) -> dict[str, Any]:
    """The query as ``form`` checked it; parameters that are lists may be repeated."""
    checked = form(data=request.query_params)
    if not checked.is_valid():
        raise InvalidFields(
            [
                {"parameter": name, "code": getattr(reason, "code", "invalid"), "detail": reason}
                for name, reasons in checked.errors.items()
                for reason in _flat(reasons)
            ]
        )
    return dict(checked.validated_data)


def _flat(reasons: Any) -> list[Any]:
    if isinstance(reasons, dict):
        return [reason for inner in reasons.values() for reason in _flat(inner)]
    return list(reasons)


def _position(
    store: str, sku: str, terms: Availability, waiting: Mapping[tuple[int, str], Coming]
) -> dict[str, Any]:
    coming_in = waiting.get((terms.store_id, sku))
    return {
        "store": store,
        "sku": sku,
        "available": terms.atp,
        "counted_at": terms.counted_at,
        "terms": {name: getattr(terms, name) for name in TERMS},
        "reasons": terms.reasons,
        "incoming": coming_in
        and {"quantity": coming_in.units, "expected_at": coming_in.expected_at},
    }
