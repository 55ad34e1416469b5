"""What the order endpoints answer, member by member; ``orders.api.shapes`` builds it.

These describe the replies for the API's reference. They never run on a request: rendering a
thousand-line order through them would cost more than reading it.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from orders.models import (
    Block,
    FulfillmentStatus,
    OrderStatus,
    Refund,
    ReturnedLine,
    SubstitutionOffer,
)
from orders.states import ACTIONS


class ActionReply(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=list(ACTIONS), help_text="the step")
    allowed = serializers.BooleanField(help_text="whether it may be taken now")
    reason = serializers.CharField(help_text="why not; empty when it may")


class OrderActionReply(ActionReply):
    name = serializers.ChoiceField(choices=["cancel", "amend"], help_text="the step")


class StoreReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`str_…`")
    code = serializers.CharField(help_text="the chain's own store number")
    name = serializers.CharField(help_text="what customers call it")


class FulfillmentLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line it works on")
    sku = serializers.CharField(help_text="the item supplied")
    stands_for = serializers.CharField(
        allow_null=True, help_text="the SKU bought, when this is a substitute for it"
    )
    unit_price_minor = serializers.IntegerField(
        allow_null=True, help_text="what a unit costs when not the order line's price"
    )
    allocated = serializers.IntegerField(help_text="units set aside for it")
    picked = serializers.IntegerField(help_text="units found")
    short = serializers.IntegerField(help_text="units not found")
    handed_off = serializers.IntegerField(help_text="units given to the customer")


class WindowReply(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="UTC")
    end = serializers.DateTimeField(help_text="UTC; it ends just before")


class FulfillmentSummaryReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`ful_…`")
    store = StoreReply(help_text="the store that prepares it")
    status = serializers.ChoiceField(choices=FulfillmentStatus.values, help_text="its status")
    version = serializers.IntegerField(help_text="grows with each change of this part")
    promised_at = serializers.DateTimeField(help_text="when it shall be ready, UTC")
    window = WindowReply(allow_null=True, help_text="when the customer comes, if that was said")
    ready_at = serializers.DateTimeField(allow_null=True, help_text="when it was ready, UTC")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="until when it waits, UTC")


class SuppliedLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line")
    sku = serializers.CharField(help_text="the item supplied")
    units = serializers.IntegerField(help_text="how many; grams of weighed goods")
    unit = serializers.ChoiceField(choices=["each", "gram"], help_text="what a unit is")
    unit_price_minor = serializers.IntegerField(help_text="the price of one unit")
    amount_minor = serializers.IntegerField(help_text="units times the price of one")
    stands_for = serializers.CharField(required=False, help_text="the SKU bought instead")


class SuppliedReply(serializers.Serializer[Any]):
    ordered_minor = serializers.IntegerField(help_text="the sum of the lines as ordered")
    amount_minor = serializers.IntegerField(
        help_text="the sum of the lines as supplied; when it differs, the block `amount` waits "
        "for the site"
    )
    lines = SuppliedLineReply(many=True, help_text="what was supplied")


class OfferReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line of which units are missing")
    sku = serializers.CharField(help_text="the item bought")
    substitute_sku = serializers.CharField(help_text="the item offered")
    units = serializers.IntegerField(help_text="how many of them")
    unit_price_minor = serializers.IntegerField(help_text="what a unit of it costs")
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="such as `allergen:milk`, `diet:vegan`, `age:18`, `allergens_unknown`",
    )
    on_silence = serializers.ChoiceField(
        choices=SubstitutionOffer.Silence.values, help_text="what counts without an answer"
    )
    outcome = serializers.ChoiceField(
        choices=SubstitutionOffer.Outcome.values,
        allow_null=True,
        help_text="what came of it; null while it is open",
    )


class RefundLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line")
    sku = serializers.CharField(help_text="the item")
    units = serializers.IntegerField(help_text="how many; below zero for a substitute's")
    amount_minor = serializers.IntegerField(help_text="below zero for a substitute's")


class RefundReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`rfd_…`; due once under this id")
    reason = serializers.ChoiceField(choices=Refund.Reason.values, help_text="why")
    amount_minor = serializers.IntegerField(help_text="what the site owes its customer")
    lines = RefundLineReply(many=True, help_text="for what")


class ReturnedLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="the order line")
    sku = serializers.CharField(help_text="the item")
    units = serializers.IntegerField(help_text="how many came back")
    disposition = serializers.ChoiceField(
        choices=ReturnedLine.Disposition.values, help_text="on sale again, or damaged"
    )
    amount_minor = serializers.IntegerField(help_text="what they cost")


class ReturnReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`ret_…`")
    reason = serializers.CharField(help_text="the customer's, as staff or the site wrote it")
    refund_id = serializers.CharField(allow_null=True, help_text="the refund due for it")
    lines = ReturnedLineReply(many=True, help_text="what came back")


class FulfillmentReply(FulfillmentSummaryReply):
    lines = FulfillmentLineReply(many=True, help_text="the work on each line")
    supplied = SuppliedReply(allow_null=True, help_text="what it came to; null before it is ready")
    offers = OfferReply(many=True, help_text="substitutes the customer was asked about")
    refunds = RefundReply(many=True, help_text="what the site owes its customer")
    returns = ReturnReply(many=True, help_text="what came back")
    allowed_actions = ActionReply(many=True, help_text="every step, with why it is refused")


class SubstitutionReply(serializers.Serializer[Any]):
    allow = serializers.ChoiceField(choices=["no", "ask", "yes"], help_text="as it was sent")
    sku = serializers.CharField(allow_null=True, help_text="what is wanted best instead")
    price_cap_minor = serializers.IntegerField(
        allow_null=True, help_text="the most that one unit may cost"
    )


class OrderLineReply(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="1, 2, … in the order they were sent")
    sku = serializers.CharField(help_text="the item bought")
    quantity = serializers.IntegerField(help_text="units bought")
    canceled = serializers.IntegerField(help_text="units that will not be supplied")
    unit_price_minor = serializers.IntegerField(help_text="the site's price, in minor units")
    tax_minor = serializers.IntegerField(help_text="the tax in the whole line")
    substitution = SubstitutionReply(help_text="whether something else may be supplied")


class OrderSummaryReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`ord_…`")
    external_id = serializers.CharField(help_text="the site's order number")
    status = serializers.ChoiceField(choices=OrderStatus.values, help_text="the order's status")
    version = serializers.IntegerField(
        help_text="grows with each change of the order or of any part; the ETag carries it"
    )
    currency = serializers.CharField(help_text="ISO 4217")
    total_minor = serializers.IntegerField(help_text="what the customer pays, in minor units")
    tax_minor = serializers.IntegerField(help_text="the tax in it, in minor units")
    placed_at = serializers.DateTimeField(help_text="when the hub took it in, UTC")
    is_test = serializers.BooleanField(help_text="placed with a test key")
    fulfillments = FulfillmentSummaryReply(many=True, help_text="one part for each store")


class BlockReply(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Block.Reason.values, help_text="why it stands")
    note = serializers.CharField(help_text="in somebody's words")
    opened_at = serializers.DateTimeField(help_text="UTC")


class OrderReply(OrderSummaryReply):
    note = serializers.CharField(help_text="the customer's words to the store")
    metadata = serializers.DictField(help_text="the site's own object, as it was sent")
    lines = OrderLineReply(many=True, help_text="what was bought")
    fulfillments = FulfillmentReply(many=True, help_text="one part for each store")
    blocks = BlockReply(many=True, help_text="the open ones: what keeps it from moving on")
    allowed_actions = OrderActionReply(many=True, help_text="what the site may do with the order")


class OrdersReply(serializers.Serializer[Any]):
    orders = OrderSummaryReply(many=True, help_text="newest first")
    next_cursor = serializers.CharField(
        allow_null=True, help_text="send it as `cursor` for the next page; null on the last"
    )


class ResultReply(serializers.Serializer[Any]):
    external_id = serializers.CharField(allow_null=True, help_text="as sent, if it was a text")
    status = serializers.IntegerField(help_text="201, or the status of the refusal")
    order = OrderSummaryReply(required=False, help_text="what was placed")
    problem = serializers.DictField(required=False, help_text="why it was refused, as problem+json")


class BatchReply(serializers.Serializer[Any]):
    results = ResultReply(many=True, help_text="one per order, in the order sent")
