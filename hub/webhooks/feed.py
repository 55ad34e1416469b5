"""GET /v1/order-events: what happened to a channel's orders, in order and without gaps."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Min
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller
from hub.api.errors import BadRequest, InvalidCursor
from hub.api.forms import Form, read_query
from hub.api.paging import decode_cursor, encode_cursor
from hub.api.views import HubView
from hub.stores.models import Store
from hub.webhooks.models import ChannelEvent, ChannelFeed

MOST_LOOKED_THROUGH = 20_000  # events of other stores, for one page of a limited key
_LARGEST_POSITION = 2**63 - 1


class CursorExpired(BadRequest):
    """Events after the cursor have been deleted already, so following it would skip some."""

    code = "cursor_expired"
    title = "The events after this cursor are no longer kept; start anew without a cursor"


class EventShape(serializers.Serializer[Any]):
    """One event, as a webhook tells it."""

    id = serializers.CharField(help_text="evt_…, the webhook-id of its calls")
    type = serializers.CharField(help_text="such as order.placed or fulfillment.ready_for_pickup")
    occurred_at = serializers.DateTimeField(help_text="UTC")
    position = serializers.IntegerField(help_text="counts up by one in each channel")
    data = serializers.DictField(help_text="public ids")  # type: ignore[assignment]


class EventsShape(serializers.Serializer[Any]):
    """A page of events. ``next_cursor`` is always there: keep it, and ask again with it."""

    events = EventShape(many=True)
    next_cursor = serializers.CharField()


class EventsQuery(Form):
    """From where, and how much."""

    cursor = serializers.CharField(
        required=False, max_length=500, help_text="the last next_cursor; absent: from the oldest"
    )
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class OrderEventsView(HubView):
    """The feed of the caller's channel."""

    scopes: ClassVar = {"GET": "events:read"}

    @extend_schema(
        operation_id="list_order_events", parameters=[EventsQuery], responses={200: EventsShape}
    )
    def get(self, request: Request) -> Response:
        """Events after the cursor, oldest first. A key limited to stores sees those stores' events.

        No event is ever skipped: positions become visible in their order. Once ``next_cursor`` is
        the cursor that was sent, nothing has happened since: ask again later with it.
        """
        wanted = read_query(EventsQuery, request)
        after = _position_of(wanted["cursor"]) if "cursor" in wanted else 0
        caller: Caller = request.auth  # type: ignore[assignment]
        rows, reached = events_after(caller=caller, position=after, limit=wanted["limit"])
        return Response(
            {"events": [_shape(row) for row in rows], "next_cursor": encode_cursor(reached)}
        )


def events_after(*, caller: Caller, position: int, limit: int) -> tuple[list[ChannelEvent], int]:
    """Up to ``limit`` events that the caller may see, and the position that this page reaches.

    The head of the feed is read first, so that nothing appended meanwhile can be passed over.
    Raises CursorExpired when events right after ``position`` have been deleted.
    """
    feed = ChannelFeed.objects.filter(channel=caller.channel).first()
    head = feed.last_position if feed else 0
    events = ChannelEvent.objects.filter(channel=caller.channel)
    if position < head:
        before = (events.aggregate(oldest=Min("position"))["oldest"] or head + 1) - 1
        if 0 < position < before:
            raise CursorExpired
        position = max(position, before)
    if caller.store_ids is not None:
        codes = Store.objects.filter(pk__in=caller.store_ids).values_list("code", flat=True)
        events = events.filter(data__store__in=list(codes))
        head = min(head, position + MOST_LOOKED_THROUGH)
    page = events.filter(position__gt=position, position__lte=head).order_by("position")[:limit]
    rows = list(page)
    return rows, rows[-1].position if len(rows) == limit else max(head, position)


def _position_of(cursor: str) -> int:
    position = decode_cursor(cursor)
    if type(position) is not int or not 0 <= position <= _LARGEST_POSITION:
        raise InvalidCursor
    return position


def _shape(event: ChannelEvent) -> dict[str, Any]:
    return {
        "id": event.public_id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "position": event.position,
        "data": event.data,
    }
