"""GET /v1/availability/why: what became of the units of one item in one store."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.forms import Form, read_query
from hub.api.views import HubView
from hub.stores.services import visible_stores
from inventory.api.availability import REASONS, TERMS, TermsShape, in_reach
from inventory.services.catalog import find_items
from inventory.services.explaining import Consumer, Explanation, explain


class WhyQuery(Form):
    """One item in one store."""

    store = serializers.CharField(max_length=40, help_text="Id or code of the store.")
    sku = serializers.CharField(max_length=40)


class HoldingShape(serializers.Serializer[Any]):
    """A cart that has units set aside; ``id`` is null when it is another site's."""

    id = serializers.CharField(allow_null=True)
    sku = serializers.CharField(help_text="The item, or the bundle's part.")
    quantity = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class OrderingShape(serializers.Serializer[Any]):
    """A store's part of an order that has units; ``id`` is null when it is another site's."""

    id = serializers.CharField(allow_null=True, help_text="ful_…")
    sku = serializers.CharField(help_text="The item, or the bundle's part.")
    quantity = serializers.IntegerField()
    since = serializers.DateTimeField()


class ComingShape(serializers.Serializer[Any]):
    """Units on their way; ``reference`` is null when another source announced them."""

    reference = serializers.CharField(allow_null=True)
    sku = serializers.CharField(help_text="The item, or the bundle's part.")
    quantity = serializers.IntegerField()
    expected_at = serializers.DateTimeField()


class WhyShape(serializers.Serializer[Any]):
    """The number, its terms, and who has the units (at most 100 holds and 100 orders).

    Of a bundle, the terms are those of its scarcest part; holds, orders, unavailable and incoming
    units are those of all its parts.
    """

    store = serializers.CharField(help_text="As it was asked for.")
    sku = serializers.CharField()
    available = serializers.IntegerField()
    counted_at = serializers.DateTimeField(allow_null=True)
    terms = TermsShape()
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=REASONS))
    unavailable = serializers.DictField(
        child=serializers.IntegerField(), help_text="Units by state: damaged, display, …"
    )
    holds = HoldingShape(many=True, help_text="In the order in which they lapse.")
    orders = OrderingShape(many=True, help_text="The oldest first.")
    next_hold_lapses_at = serializers.DateTimeField(allow_null=True)
    incoming = ComingShape(
        many=True, help_text="On the way, the soonest first (at most 100); no part of the number."
    )


class WhyView(HubView):
    """The story behind one number."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="explain_availability", parameters=[WhyQuery], responses={200: WhyShape}
    )
    def get(self, request: Request) -> Response:
        """Why so many, or none, can be promised: holds, orders, rules, the age of the count."""
        wanted = read_query(WhyQuery, request)
        site = caller(request)
        story = explain(
            channel=site.channel,
            store=in_reach(site, visible_stores([wanted["store"]]))[wanted["store"]],
            item=find_items([wanted["sku"]])[wanted["sku"]],
        )
        return Response(wanted | _shape(story))


def _shape(story: Explanation) -> dict[str, Any]:
    position = story.position
    return {
        "available": position.atp,
        "counted_at": position.counted_at,
        "terms": {name: getattr(position, name) for name in TERMS},
        "reasons": position.reasons,
        "unavailable": story.unavailable,
        "holds": [_consumer(hold) | {"expires_at": hold.until} for hold in story.holds],
        "orders": [_consumer(order) | {"since": order.since} for order in story.orders],
        "next_hold_lapses_at": story.next_lapse,
        "incoming": [
            {
                "reference": row.reference or None,
                "sku": row.sku,
                "quantity": row.units,
                "expected_at": row.expected_at,
            }
            for row in story.incoming
        ],
    }


def _consumer(consumer: Consumer) -> dict[str, Any]:
    return {
        "id": consumer.reference or None,
        "sku": consumer.sku,
        "quantity": consumer.units,
    }
