"""What customers say after the pickup, over HTTP: complaints and ratings."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from orders.api.forms import MOST_LINES, MOST_UNITS, Count, Reference, Text
from orders.curbside.api.hand_off import line_of, lines_of
from orders.curbside.api.reading import find_part
from orders.curbside.complaints import WORDS_CHARACTERS, complain
from orders.curbside.rating import MOST_STARS, rate
from orders.details import complaint_json
from orders.models import Complaint, Rating

_TAGS = ["after the pickup"]


class ComplaintForm(Form):
    """Something wrong with a line, or with all of it."""

    kind = serializers.ChoiceField(choices=Complaint.Kind.values, help_text="what is wrong")
    number = Count(
        min_value=1, max_value=MOST_LINES, required=False, help_text="the order line it is about"
    )
    sku = Reference(
        max_length=40,
        required=False,
        help_text="which item of the line; needed when a substitute was supplied beside it",
    )
    units = Count(
        min_value=1, max_value=MOST_UNITS, required=False, help_text="how many; 1 if left out"
    )
    words = Text(
        max_length=WORDS_CHARACTERS,
        required=False,
        allow_blank=True,
        help_text="the customer's own; needed for `other`, or without a line",
    )


class ComplaintReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`cmp_…`")
    kind = serializers.CharField(help_text="what is wrong")
    number = serializers.IntegerField(allow_null=True, help_text="the order line; null: all of it")
    sku = serializers.CharField(allow_null=True, help_text="the item")
    units = serializers.IntegerField(allow_null=True, help_text="how many")
    made_at = serializers.DateTimeField(help_text="UTC")
    answer = serializers.CharField(allow_null=True, help_text="the store's; null: not yet")
    answered_at = serializers.DateTimeField(allow_null=True, help_text="UTC")
    refunded = serializers.IntegerField(help_text="units that were paid back with the answer")


class RatingForm(Form):
    stars = Count(min_value=1, max_value=MOST_STARS, help_text="5 is the best")
    words = Text(max_length=WORDS_CHARACTERS, required=False, allow_blank=True, help_text="if any")


class RatingReply(serializers.Serializer[Any]):
    stars = serializers.IntegerField(help_text="1 to 5")
    words = serializers.CharField(help_text="may be empty")
    rated_at = serializers.DateTimeField(help_text="UTC")


class ComplaintsView(HubView):
    """What was wrong."""

    scopes = {"POST": "visits:write", "GET": "orders:read"}

    @extend_schema(
        operation_id="complain",
        request=ComplaintForm,
        responses={201: ComplaintReply},
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Tell the store what is wrong, within seven days; once per line and kind.

        Said again, the first complaint comes back as it is.
        """
        form = read_body(ComplaintForm, request)
        part = find_part(caller(request), fulfillment_id)
        line = line_of(lines_of(part), form) if "number" in form else None
        complaint = complain(
            fulfillment=part,
            kind=form["kind"],
            line=line,
            units=form.get("units", 1),
            words=form.get("words", ""),
        )
        return Response(complaint_json(complaint), status=201)

    @extend_schema(operation_id="list_complaints", responses=ComplaintReply(many=True), tags=_TAGS)
    def get(self, request: Request, fulfillment_id: str) -> Response:
        """Read the complaints about a part, with their answers."""
        part = find_part(caller(request), fulfillment_id)
        rows = part.complaints.select_related("line__order_line", "line__item").order_by("pk")
        return Response([complaint_json(row) for row in rows])


class RatingView(HubView):
    """How it was."""

    scopes = {"POST": "visits:write"}

    @extend_schema(operation_id="rate", request=RatingForm, responses=RatingReply, tags=_TAGS)
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Rate a pickup within seven days; said again, the newest word stands."""
        form = read_body(RatingForm, request)
        part = find_part(caller(request), fulfillment_id)
        rating = rate(fulfillment=part, stars=form["stars"], words=form.get("words", ""))
        return Response(_rating(rating))


def _rating(rating: Rating) -> dict[str, Any]:
    at = rating.rated_at.isoformat().replace("+00:00", "Z")
    return {"stars": rating.stars, "words": rating.words, "rated_at": at}
