"""The hand-off over HTTP, for sites whose own staff gives the goods; the receipt; the delegate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.errors import IdempotencyKeyMissing
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from orders.api.forms import MOST_LINES, MOST_UNITS, Count, Reference, Text
from orders.api.replies import RefundReply
from orders.curbside.api.reading import find_part
from orders.curbside.delegates import NAME_CHARACTERS, name_delegate, revoke_delegate
from orders.curbside.errors import LinesUnaccounted
from orders.curbside.handing import Known, LineOutcome, Told, give, identify, receipt_of
from orders.curbside.handing.giving import MOST_BAGS, REASON_CHARACTERS
from orders.curbside.pins import qr_text
from orders.models import Delegate, FulfillmentLine, FulfillmentOrder, FulfillmentStatus

CODE_CHARACTERS = 60
_TAGS = ["hand-off"]


def _units(what: str) -> Count:
    return Count(min_value=0, max_value=MOST_UNITS, required=False, help_text=f"units {what}")


class KeptLineForm(Form):
    """Units of one line that the customer does not get now; the others are given."""

    number = Count(min_value=1, max_value=MOST_LINES, help_text="the order line")
    sku = Reference(
        max_length=40,
        required=False,
        help_text="which item of the line; needed when a substitute was supplied beside it",
    )
    refused = _units("that are not wanted")
    damaged = _units("that are damaged")
    age_refused = _units("that are kept for want of a proof of age")
    later = _units("that are collected another time")
    reason = Text(max_length=REASON_CHARACTERS, required=False, allow_blank=True, help_text="why")


class HandOffForm(Form):
    """Who came with which code, how many bags were given, and what was not."""

    pin = Text(
        max_length=CODE_CHARACTERS, help_text="six digits, or the text of the QR code that has them"
    )
    receiver = serializers.ChoiceField(
        choices=["customer", "delegate"],
        required=False,
        help_text="whose code it is; the customer's if left out",
    )
    bags = Count(
        min_value=0, max_value=MOST_BAGS, required=False, help_text="as counted; all if left out"
    )
    bags_reason = Text(
        max_length=REASON_CHARACTERS,
        required=False,
        allow_blank=True,
        help_text="why these are not as many as were packed",
    )
    age_checked = serializers.BooleanField(
        required=False, help_text="whether somebody looked at a proof of age"
    )
    lines = serializers.ListField(
        child=KeptLineForm(),
        required=False,
        max_length=MOST_LINES,
        help_text="the lines of which not all was given",
    )


class DelegateForm(Form):
    name = Text(max_length=NAME_CHARACTERS, help_text="who may collect, as an ID would say")


class DelegateReply(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="who may collect")
    code = serializers.CharField(help_text="six digits, only for this person")
    qr = serializers.CharField(help_text="what a QR code of it has to say")


class ReceiptStoreReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`str_…`")
    code = serializers.CharField(help_text="the chain's own store number")
    name = serializers.CharField(help_text="what customers call it")


class ReceiptLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line")
    sku = serializers.CharField(help_text="the item")
    name = serializers.CharField(help_text="in the order's language")
    unit = serializers.CharField(help_text="`each` or `gram`")
    stands_for = serializers.CharField(allow_null=True, help_text="the SKU bought, of a substitute")
    given = serializers.IntegerField(help_text="units that the customer has")
    refused = serializers.IntegerField(help_text="units that were not wanted")
    damaged = serializers.IntegerField(help_text="units that were damaged")
    age_refused = serializers.IntegerField(help_text="units kept for want of a proof of age")
    later = serializers.IntegerField(help_text="units that are collected another time")
    unit_price_minor = serializers.IntegerField(help_text="of a unit (a gram of weighed goods)")
    amount_minor = serializers.IntegerField(help_text="of the units given")


class ReceiptReply(serializers.Serializer[Any]):
    fulfillment_id = serializers.CharField(help_text="`ful_…`")
    order_id = serializers.CharField(help_text="`ord_…`")
    external_id = serializers.CharField(help_text="the site's order number")
    store = ReceiptStoreReply(help_text="who gave it")
    handed_over_at = serializers.DateTimeField(help_text="UTC")
    receiver = serializers.CharField(help_text="`customer` or `delegate`")
    method = serializers.CharField(help_text="`pin`, `delegate`, `id` or `override`")
    bags = serializers.IntegerField(help_text="as counted")
    age_checked = serializers.BooleanField(help_text="whether a proof of age was looked at")
    currency = serializers.CharField(help_text="ISO 4217")
    lines = ReceiptLineReply(many=True, help_text="what was given, and what was not")
    amount_minor = serializers.IntegerField(help_text="of all that was given")
    refunds = RefundReply(many=True, help_text="what the site owes its customer")
    rest_id = serializers.CharField(
        allow_null=True, help_text="the part (`ful_…`) that keeps what is collected later"
    )
    complaints_until = serializers.DateTimeField(help_text="UTC; and ratings")


class HandOffView(HubView):
    """Giving the goods."""

    scopes = {"POST": "visits:write"}

    @extend_schema(operation_id="hand_off", request=HandOffForm, responses=ReceiptReply, tags=_TAGS)
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Give the goods to whoever has the PIN, and answer with the receipt.

        A wrong PIN uses up one of five tries, whatever becomes of the request. What is not given
        is refunded or, when it is collected later, becomes a part of its own (`rest_id`).
        """
        form = read_body(HandOffForm, request)
        if not request.META.get("HTTP_IDEMPOTENCY_KEY"):
            raise IdempotencyKeyMissing
        part = find_part(caller(request), fulfillment_id)
        known = None
        # outside of the key's transaction: a try stays used up when the request is refused
        if part.status == FulfillmentStatus.READY:
            receiver = form.get("receiver", "customer")
            known = identify(fulfillment=part, pin=form["pin"], receiver=receiver)
        return self._give(request, fulfillment_id, known, form)  # type: ignore[return-value]

    post.needs_idempotency_key = True  # type: ignore[attr-defined]  # the API's description asks

    @idempotent
    def _give(
        self, request: Request, fulfillment_id: str, known: Known | None, form: dict[str, Any]
    ) -> Response:
        part = find_part(caller(request), fulfillment_id)
        told = _told(part, form)
        # nobody was asked for a PIN when there was nothing to give: then this refuses
        give(fulfillment=part, known=known or Known(method="pin"), by=None, **told)
        return Response(receipt_of(part, locale=part.order.locale))


class ReceiptView(HubView):
    """What was given."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="read_receipt", responses=ReceiptReply, tags=_TAGS)
    def get(self, request: Request, fulfillment_id: str) -> Response:
        """Read the receipt of a part that was handed over."""
        part = find_part(caller(request), fulfillment_id)
        return Response(receipt_of(part, locale=part.order.locale))


class DelegateView(HubView):
    """Somebody else who may collect."""

    scopes = {"PUT": "visits:write", "DELETE": "visits:write"}

    @extend_schema(
        operation_id="name_delegate", request=DelegateForm, responses=DelegateReply, tags=_TAGS
    )
    def put(self, request: Request, fulfillment_id: str) -> Response:
        """Let this person collect, with a code of his own; whoever was named before may not."""
        form = read_body(DelegateForm, request)
        part = find_part(caller(request), fulfillment_id)
        return Response(_delegate(name_delegate(fulfillment=part, name=form["name"])))

    @extend_schema(operation_id="revoke_delegate", responses={204: None}, tags=_TAGS)
    def delete(self, request: Request, fulfillment_id: str) -> Response:
        """Only the customer may collect. When nobody was named, nothing changes."""
        revoke_delegate(fulfillment=find_part(caller(request), fulfillment_id))
        return Response(status=204)


def line_of(lines: Sequence[FulfillmentLine], row: Mapping[str, Any]) -> FulfillmentLine:
    """The line of that number (and SKU) in a part; raises LinesUnaccounted when it is not one."""
    found = [
        line
        for line in lines
        if line.order_line.number == row["number"]
        and row.get("sku") in (None, line.item.sku)
        and (line.picked or row.get("sku"))
    ]
    if len(found) != 1:
        raise LinesUnaccounted(
            "name the item of the line, too" if found else "the part has no such line",
            lines=[row["number"]],
        )
    return found[0]


def lines_of(part: FulfillmentOrder) -> list[FulfillmentLine]:
    """The lines of a part with what names them."""
    return list(part.lines.select_related("item", "order_line"))


def _told(part: FulfillmentOrder, form: Mapping[str, Any]) -> Told:
    lines, kept = lines_of(part), {}
    for row in form.get("lines", []):
        counts = {name: row[name] for name in row if name not in ("number", "sku")}
        line = line_of(lines, row)
        if line.pk in kept:
            raise LinesUnaccounted("a line is named twice", lines=[row["number"]])
        kept[line.pk] = LineOutcome(**counts)
    return Told(
        bags=form.get("bags"),
        bags_reason=form.get("bags_reason", ""),
        age_checked=form.get("age_checked", False),
        lines=kept,
    )


def _delegate(delegate: Delegate) -> dict[str, str]:
    qr = qr_text(delegate.fulfillment, delegate.code, delegate=True)
    return {"name": delegate.name, "code": delegate.code, "qr": qr}
