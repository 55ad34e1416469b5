"""What a customer changes of a pickup, over HTTP, for sites with an app of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.errors import VersionMismatch
from hub.api.etag import etag_of, wanted_version
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.customers.models import Channel
from hub.customers.preferences import choose_channels, choose_language, ranked_channels
from hub.errors import Invalid, NotFound
from hub.stores.services import find_store
from orders.api.forms import MOST_LINES, MOST_UNITS, Count, Reference, WindowForm
from orders.api.replies import FulfillmentSummaryReply
from orders.api.shapes import part_json
from orders.curbside.api.reading import find_part
from orders.curbside.api.shapes import EmptyForm
from orders.curbside.changes import (
    Changes,
    cancel_lines,
    change_store,
    change_window,
    extend,
    offers_of,
)
from orders.errors import StaleVersion
from orders.models import FulfillmentOrder

SOURCE = "api"
_TAGS = ["customer's changes"]
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="the ETag as it was read; with another state the request is refused with 412",
)


class StoreForm(Form):
    store = Reference(max_length=40, help_text="the id or code of one of the offered stores")


class LessForm(Form):
    number = Count(min_value=1, max_value=MOST_LINES, help_text="the order line")
    quantity = Count(
        min_value=1, max_value=MOST_UNITS, help_text="units to cancel (grams for weighed goods)"
    )


class LinesForm(Form):
    lines = serializers.ListField(
        child=LessForm(), min_length=1, max_length=MOST_LINES, help_text="each line once"
    )


class PreferencesForm(Form):
    """What the customer chose; what is left out stays as it was."""

    channels = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.values),
        required=False,
        min_length=1,
        max_length=len(Channel.values),
        help_text="how he wants to be told, the dearest first",
    )
    locale = Reference(max_length=10, required=False, help_text="in which language, such as pl")


class OfferedSpanReply(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="UTC; name it to choose the window")
    end = serializers.DateTimeField(help_text="UTC; it ends just before")
    left = serializers.IntegerField(
        allow_null=True, help_text="how many more orders fit; null: as many as come"
    )


class OfferedStoreReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`str_…`")
    code = serializers.CharField(help_text="the chain's own store number")
    name = serializers.CharField(help_text="what customers call it")
    street = serializers.CharField(help_text="may be empty")
    city = serializers.CharField(help_text="with the postal code")
    metres = serializers.IntegerField(help_text="from the present store, as the crow flies")
    ready_at = serializers.DateTimeField(help_text="when it could be ready there, UTC")


class OfferedLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line")
    sku = serializers.CharField(help_text="what was bought")
    quantity = serializers.IntegerField(help_text="units that may be canceled")


class ChangesReply(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="of the part, as in its ETag")
    may_change_window = serializers.BooleanField(help_text="whether another time may be chosen")
    windows = OfferedSpanReply(many=True, help_text="with room, the earliest first")
    may_change_store = serializers.BooleanField(help_text="whether another store may be chosen")
    stores = OfferedStoreReply(many=True, help_text="that have all of it now, the nearest first")
    may_cancel_lines = serializers.BooleanField(help_text="whether goods may be taken off")
    lines = OfferedLineReply(many=True, help_text="of which units may be canceled")
    keep_until = serializers.DateTimeField(
        allow_null=True, help_text="until when one day more would keep it, UTC; null: no more"
    )
    days_left = serializers.IntegerField(help_text="how many more days may be asked for")


class PreferencesReply(serializers.Serializer[Any]):
    channels = serializers.ListField(
        child=serializers.CharField(), help_text="as chosen, the dearest first; may be empty"
    )
    locale = serializers.CharField(help_text="chosen by the customer; empty when he has not")


class ChangesView(HubView):
    """What the customer may change."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="list_changes", responses=ChangesReply, tags=_TAGS)
    def get(self, request: Request, fulfillment_id: str) -> Response:
        """Read what may be changed now, and what there is to choose from."""
        part = find_part(caller(request), fulfillment_id)
        return _answer(changes_json(offers_of(part)), part)


class WindowChangeView(HubView):
    """Another time."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="change_window",
        request=WindowForm,
        responses=FulfillmentSummaryReply,
        parameters=[_IF_MATCH],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Let the customer come in another of the store's pickup windows.

        The old place is free, the promise moves along. A window that is full, past or too early
        is refused, with the `next` ones.
        """
        start: datetime = read_body(WindowForm, request)["start"]
        return _changed(
            request,
            fulfillment_id,
            lambda part, version: change_window(fulfillment=part, start=start, version=version),
        )


class StoreChangeView(HubView):
    """Another store."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="change_store",
        request=StoreForm,
        responses=FulfillmentSummaryReply,
        parameters=[_IF_MATCH],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Have another store prepare the whole part, before anybody picks it.

        The reply is that store's part, with an id of its own; the old one is `rejected`.
        """
        reference = read_body(StoreForm, request)["store"]
        site = caller(request)

        def change(part: FulfillmentOrder, version: int | None) -> FulfillmentOrder:
            store = find_store(reference)
            if not site.may_use(store.pk):
                raise NotFound("no such store")
            return change_store(fulfillment=part, store=store, version=version)

        return _changed(request, fulfillment_id, change)


class LinesChangeView(HubView):
    """Fewer goods."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="cancel_lines",
        request=LinesForm,
        responses=FulfillmentSummaryReply,
        parameters=[_IF_MATCH],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Take units off lines that are not ready, as the customer wishes.

        `order.refund_due` then tells what the site owes for them; `POST /v1/orders/{id}/amend`
        is for what the site decides and settles itself.
        """
        rows = read_body(LinesForm, request)["lines"]
        units = {row["number"]: row["quantity"] for row in rows}
        if len(units) < len(rows):
            raise Invalid("name each line once")
        return _changed(
            request,
            fulfillment_id,
            lambda part, version: cancel_lines(fulfillment=part, units=units, version=version),
        )


class ExtensionView(HubView):
    """One more day."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="extend_wait",
        request=EmptyForm,
        responses=FulfillmentSummaryReply,
        parameters=[_IF_MATCH],
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Keep ready goods a day longer; the store says how often, and fresh goods never."""
        read_body(EmptyForm, request)

        def change(part: FulfillmentOrder, version: int | None) -> FulfillmentOrder:
            extend(fulfillment=part, version=version)
            return part

        return _changed(request, fulfillment_id, change)


class PreferencesView(HubView):
    """How the customer of a part wants to be told."""

    scopes = {"PUT": "visits:write"}

    @extend_schema(
        operation_id="choose_preferences",
        request=PreferencesForm,
        responses=PreferencesReply,
        tags=_TAGS,
    )
    def put(self, request: Request, fulfillment_id: str) -> Response:
        """Take over the customer's own choice; it outranks what orders say from then on.

        It is no consent: an address that refused a channel is not written to by it.
        """
        form = read_body(PreferencesForm, request)
        profile = find_part(caller(request), fulfillment_id).order.profile
        if "locale" in form:
            choose_language(profile=profile, locale=form["locale"], source=SOURCE)
        if "channels" in form:
            choose_channels(profile=profile, channels=form["channels"], source=SOURCE)
        told = {"channels": ranked_channels(profile), "locale": profile.chosen_locale}
        return Response(told)


def changes_json(offers: Changes) -> dict[str, Any]:
    """The offers as plain JSON values."""
    return {
        "version": offers.version,
        "may_change_window": offers.window,
        "windows": [
            {"start": _utc(one.start), "end": _utc(one.end), "left": one.left}
            for one in offers.windows
        ],
        "may_change_store": offers.store,
        "stores": [vars(one) | {"ready_at": _utc(one.ready_at)} for one in offers.stores],
        "may_cancel_lines": offers.lines,
        "lines": [
            {"number": one.number, "sku": one.item.sku, "quantity": one.units}
            for one in offers.line_choices
        ],
        "keep_until": _utc(offers.keep_until) if offers.keep_until else None,
        "days_left": offers.days_left,
    }


def _changed(
    request: Request,
    fulfillment_id: str,
    change: Callable[[FulfillmentOrder, int | None], FulfillmentOrder],
) -> Response:
    """The part that there is after the change."""
    version = wanted_version(request)
    part = find_part(caller(request), fulfillment_id)
    try:
        part = change(part, version)
    except StaleVersion as stale:
        raise VersionMismatch(stale.detail, **stale.extra) from None
    return _answer(part_json(part), part)


def _answer(told: dict[str, Any], part: FulfillmentOrder) -> Response:
    return Response(told, headers={"ETag": etag_of(part.version)})


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
