"""/v1/holds: units set aside for a cart."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub import clock
from hub.api.auth import Caller, caller
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.errors import NotFound
from hub.stores.services import find_stores, require_live
from inventory.api.availability import in_reach
from inventory.errors import HoldExpired
from inventory.lines import MOST_UNITS
from inventory.models import Hold
from inventory.services.catalog import find_items
from inventory.services.holds import (
    DEFAULT_MINUTES,
    MOST_MINUTES,
    extend_hold,
    find_hold,
    place_hold,
    release_hold,
)

MOST_LINES = 500


class LineForm(Form):
    """Units of one item."""

    sku = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)


class HoldForm(Form):
    """What to set aside, and for how long. Lines of the same SKU are summed; a bundle is held as
    its parts."""

    store = serializers.CharField(max_length=40, help_text="Id or code of the store.")
    lines = serializers.ListField(child=LineForm(), allow_empty=False, max_length=MOST_LINES)
    minutes = serializers.IntegerField(default=DEFAULT_MINUTES, min_value=1, max_value=MOST_MINUTES)


class ExtendForm(Form):
    """For how much longer."""

    minutes = serializers.IntegerField(
        default=DEFAULT_MINUTES, min_value=1, max_value=MOST_MINUTES, help_text="From now."
    )


class HeldLineShape(serializers.Serializer[Any]):
    """Units of one item."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()


class HeldStoreShape(serializers.Serializer[Any]):
    """The store that keeps the units."""

    id = serializers.CharField()
    code = serializers.CharField()


class HoldShape(serializers.Serializer[Any]):
    """A hold. Only an active one can become an order."""

    id = serializers.CharField()
    store = HeldStoreShape()
    status = serializers.ChoiceField(choices=Hold.Status.choices)
    expires_at = serializers.DateTimeField()
    lines = HeldLineShape(many=True)


class HoldsView(HubView):
    """Holds of this sales channel."""

    scopes: ClassVar = {"POST": "holds:write"}

    @extend_schema(operation_id="place_hold", request=HoldForm, responses={201: HoldShape})
    @idempotent
    def post(self, request: Request) -> Response:
        """Set units of several items aside in one store, all of them or none."""
        wanted = read_body(HoldForm, request)
        site = caller(request)
        store = in_reach(site, find_stores([wanted["store"]]))[wanted["store"]]
        require_live(store, is_test=site.is_test)
        units: Counter[str] = Counter()
        for line in wanted["lines"]:
            units[line["sku"]] += line["quantity"]
        items = find_items(units)
        hold = place_hold(
            channel=site.channel,
            store=store,
            lines={items[sku].pk: quantity for sku, quantity in units.items()},
            minutes=wanted["minutes"],
        )
        reply = Response(_shape(hold), status=201)
        reply["Location"] = f"/v1/holds/{hold.public_id}"
        return reply


class HoldView(HubView):
    """One hold."""

    scopes: ClassVar = {"GET": "holds:write", "PATCH": "holds:write", "DELETE": "holds:write"}

    @extend_schema(operation_id="read_hold", responses={200: HoldShape})
    def get(self, request: Request, reference: str) -> Response:
        """A hold and what has become of it."""
        return Response(_shape(_find(caller(request), reference)))

    @extend_schema(operation_id="extend_hold", request=ExtendForm, responses={200: HoldShape})
    def patch(self, request: Request, reference: str) -> Response:
        """Let the hold last longer: never shorter, never beyond two hours in all."""
        wanted = read_body(ExtendForm, request)
        hold = _find(caller(request), reference)
        extend_hold(hold=hold, minutes=wanted["minutes"])
        return Response(_shape(hold))

    @extend_schema(operation_id="release_hold", responses={204: None})
    def delete(self, request: Request, reference: str) -> Response:
        """Put the units back on sale. Releasing again, or after the end, changes nothing."""
        hold = _find(caller(request), reference)
        if not release_hold(hold=hold) and hold.status == Hold.Status.CONVERTED:
            raise HoldExpired("the units belong to an order now", hold_status=hold.status)
        return Response(status=204)


def _find(site: Caller, reference: str) -> Hold:
    hold = find_hold(reference=reference, channel=site.channel)
    if not site.may_use(hold.store_id):
        raise NotFound("no such hold")
    return hold


def _shape(hold: Hold) -> dict[str, Any]:
    lines = sorted((line.item.sku, line.quantity) for line in hold.lines.all())
    return {
        "id": hold.public_id,
        "store": {"id": hold.store.public_id, "code": hold.store.code},
        "status": _status(hold),
        "expires_at": hold.expires_at,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
    }


def _status(hold: Hold) -> str:
    """What the hold is worth: one whose time is over is expired, swept or not."""
    lapsed = hold.status == Hold.Status.ACTIVE and hold.expires_at <= clock.now()
    return str(Hold.Status.EXPIRED if lapsed else hold.status)
