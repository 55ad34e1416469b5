"""Pickup windows over HTTP: which there are, and a place for a cart."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.errors import NotFound
from hub.stores.models import Stage, Store
from hub.stores.services import find_stores, require_live
from inventory.api.availability import in_reach, read_listed
from inventory.models import Hold
from inventory.services.catalog import find_items
from inventory.services.holds import find_hold
from orders.errors import PickupOff
from orders.promise.reckoning import Slot
from orders.promise.windows import DAYS, Window, hold_window, unbook, windows

MOST_SKUS = 500
MOST_DAYS = 14
_TAGS = ["pickup windows"]


class WindowsQuery(Form):
    """For which basket, and how far ahead."""

    sku = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=MOST_SKUS,
        help_text="What is to be prepared; some goods take longer. Repeat it for several.",
    )
    days = serializers.IntegerField(
        default=DAYS,
        min_value=1,
        max_value=MOST_DAYS,
        help_text="The store's; today is the first.",
    )


class OfferedWindowReply(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="UTC; name it to book the window")
    end = serializers.DateTimeField(help_text="UTC; the window ends just before")
    left = serializers.IntegerField(
        allow_null=True, help_text="how many more orders fit; null: as many as come"
    )


class WindowsReply(serializers.Serializer[Any]):
    store = serializers.CharField(help_text="its id")
    timezone = serializers.CharField(help_text="of the store, an IANA name")
    windows = OfferedWindowReply(many=True, help_text="with room, the earliest first")


class WindowHoldForm(Form):
    hold_id = serializers.CharField(max_length=30, help_text="the cart's hold (`hld_…`)")
    start = serializers.DateTimeField(help_text="of one of the store's windows")


class WindowHoldReply(serializers.Serializer[Any]):
    hold_id = serializers.CharField(help_text="`hld_…`")
    store = serializers.CharField(help_text="its id")
    start = serializers.DateTimeField(help_text="UTC")
    end = serializers.DateTimeField(help_text="UTC")
    expires_at = serializers.DateTimeField(
        help_text="with the hold; extending the hold extends it, too"
    )


class WindowsView(HubView):
    """The pickup windows of one store."""

    scopes = {"GET": "availability:read"}

    @extend_schema(
        operation_id="list_windows",
        parameters=[WindowsQuery],
        responses={200: WindowsReply},
        tags=_TAGS,
    )
    def get(self, request: Request, reference: str) -> Response:
        """Windows in which an order placed now could be collected.

        The first begins when everything can be ready: opening hours, the store's cut-off, the
        longest lead time in the basket and the work it has are counted in.
        """
        wanted = read_listed(WindowsQuery, request)
        store = _find_store(_caller(request), reference)
        items = find_items(wanted.get("sku", []))
        lead = max((item.lead_minutes for item in items.values()), default=0)
        found = windows(store=store, lead_minutes=lead, days=wanted["days"])
        reply = {
            "store": store.public_id,
            "timezone": store.timezone,
            "windows": [_window(one) for one in found],
        }
        return Response(reply)


class WindowHoldsView(HubView):
    """Places that carts have in pickup windows."""

    scopes = {"POST": "holds:write"}

    @extend_schema(
        operation_id="hold_window",
        request=WindowHoldForm,
        responses={201: WindowHoldReply},
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Keep a place in a window for a cart, exactly as long as its hold lasts.

        Another window that the cart had is given up. The order that is placed from the hold has
        the window without naming it.
        """
        wanted = read_body(WindowHoldForm, request)
        hold = _find_hold(_caller(request), wanted["hold_id"])
        slot = hold_window(hold=hold, start=wanted["start"])
        reply = Response(_held(hold, slot), status=201)
        reply["Location"] = f"/v1/window-holds/{hold.public_id}"
        return reply


class WindowHoldView(HubView):
    """The place that one cart has."""

    scopes = {"DELETE": "holds:write"}

    @extend_schema(operation_id="release_window", responses={204: None}, tags=_TAGS)
    def delete(self, request: Request, hold_id: str) -> Response:
        """Give the place up; the hold of the goods stays. Without a place nothing changes."""
        unbook(reference=_find_hold(_caller(request), hold_id).public_id)
        return Response(status=204)


def _find_store(caller: Caller, reference: str) -> Store:
    store = in_reach(caller, find_stores([reference]))[reference]
    require_live(store, is_test=caller.is_test)
    if not store.pickup_enabled and store.stage == Stage.LIVE:
        raise PickupOff(f"store {store.code} does not offer pickup", store=store.code)
    return store


def _find_hold(caller: Caller, reference: str) -> Hold:
    hold = find_hold(reference=reference, channel=caller.channel)
    if not caller.may_use(hold.store_id):
        raise NotFound("no such hold")
    return hold


def _window(window: Window) -> dict[str, Any]:
    return {"start": _utc(window.start), "end": _utc(window.end), "left": window.left}


def _held(hold: Hold, slot: Slot) -> dict[str, Any]:
    return {
        "hold_id": hold.public_id,
        "store": hold.store.public_id,
        "start": _utc(slot.start),
        "end": _utc(slot.end),
        "expires_at": _utc(hold.expires_at),
    }


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _caller(request: Request) -> Caller:
    return cast(Caller, request.auth)  # every view here asks for a key
