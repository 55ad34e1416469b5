"""POST /v1/stock/events: what happened to stock in the stores."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller, caller
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.stores.models import Store
from inventory.api.counts import TestKeyRefused
from inventory.api.sending import SentView, sent_at_field, takes_sent_at
from inventory.ledger import KINDS, REASONS, StockEvent
from inventory.lines import MOST_UNITS
from inventory.models import Item, UnavailableState
from inventory.services.stock_events import Outcome, record_stock_events

MOST_EVENTS = 1_000


class StockEventForm(Form):
    """One event. Moves and adjustments say why by ``state`` and ``reason``."""

    id = serializers.CharField(max_length=120, help_text="The sender's own, the same on repeats.")
    store = serializers.CharField(max_length=40, help_text="Id or code of the store.")
    sku = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(choices=[str(kind) for kind in KINDS])
    quantity = serializers.IntegerField(
        min_value=-MOST_UNITS,
        max_value=MOST_UNITS,
        help_text="Units sold or returned; else signed, below zero for what leaves.",
    )
    occurred_at = serializers.DateTimeField(help_text="When it happened; not in the future.")
    reason = serializers.ChoiceField(
        choices=list(REASONS), required=False, help_text="Of an adjustment."
    )
    reference = serializers.CharField(
        max_length=120, default="", allow_blank=True, help_text="Receipt, delivery note, order id."
    )
    state = serializers.ChoiceField(
        choices=UnavailableState.choices,
        required=False,
        help_text="Of a move: what the units are now; else: of what units it was.",
    )


class StockEventsForm(Form):
    """Events of any stores, in any order."""

    sent_at = sent_at_field()
    events = serializers.ListField(
        child=StockEventForm(), allow_empty=False, max_length=MOST_EVENTS
    )


class _EventsEnvelope(Form):
    """The same with the events unread: each is judged by itself."""

    events = serializers.ListField(
        child=serializers.JSONField(), allow_empty=False, max_length=MOST_EVENTS
    )


class OutcomeShape(serializers.Serializer[Any]):
    """What became of one event."""

    id = serializers.CharField(allow_null=True, help_text="As sent; null when it has none.")
    status = serializers.ChoiceField(
        choices=["applied", "superseded", "repeats_order", "duplicate", "refused"],
        help_text=(
            "superseded: a younger count was there; repeats_order: a receipt for goods that the "
            "hub hands off itself; both are kept on record and change nothing."
        ),
    )
    code = serializers.CharField(required=False, help_text="Why it was refused.")
    detail = serializers.CharField(required=False)


class OutcomesShape(serializers.Serializer[Any]):
    """One outcome per event, in the order sent. Refused ones leave the others alone."""

    results = OutcomeShape(many=True)


class StockEventsView(SentView):
    """Deltas of stock."""

    scopes: ClassVar = {"POST": "stock:write"}

    @extend_schema(
        operation_id="record_stock_events",
        request=StockEventsForm,
        responses={200: OutcomesShape},
    )
    @takes_sent_at
    @idempotent
    def post(self, request: Request) -> Response:
        """Record up to 1,000 sales, returns, adjustments, transfers and moves.

        They may come late, twice and in any order: the same events end in the same stock.
        """
        site = caller(request)
        if site.is_test:
            raise TestKeyRefused
        rows = read_body(_EventsEnvelope, request)["events"]
        read = [_read(row) for row in rows]
        events = _resolved(site, read)
        told = iter(
            record_stock_events(
                source=f"api:{site.channel.code}",
                events=[event for event in events if isinstance(event, StockEvent)],
                sent_at=self.sent_at,
            )
        )
        outcomes = [next(told) if isinstance(event, StockEvent) else event for event in events]
        return Response({"results": [_shape(outcome) for outcome in outcomes]})


def _read(row: Any) -> dict[str, Any] | Outcome:
    """The event as the form read it, or why it cannot be read."""
    form = StockEventForm(data=row)
    if form.is_valid():
        return dict(form.validated_data)
    name, reasons = next(iter(form.errors.items()))
    reason = reasons[0]
    found = row.get("id") if isinstance(row, dict) else None
    return Outcome(
        event_id=found if isinstance(found, str) else "",
        status="refused",
        code=str(getattr(reason, "code", "invalid")),
        detail=f"{name}: {reason}",
    )


def _resolved(site: Caller, rows: list[dict[str, Any] | Outcome]) -> list[StockEvent | Outcome]:
    """The events with their store and item, or why they have none, in order."""
    read = [row for row in rows if isinstance(row, dict)]
    stores = _stores(site, {row["store"] for row in read})
    skus = {row["sku"] for row in read}
    items = dict(Item.objects.filter(sku__in=skus, active=True).values_list("sku", "pk"))
    return [row if isinstance(row, Outcome) else _event(row, stores, items) for row in rows]


def _stores(site: Caller, references: set[str]) -> dict[str, int]:
    """The ids of the stores within the caller's reach, by public id and by code."""
    rows = Store.objects.filter(active=True)
    found = rows.filter(code__in=references) | rows.filter(public_id__in=references)
    reached = [row for row in found if site.may_use(row.pk)]
    return {row.code: row.pk for row in reached} | {row.public_id: row.pk for row in reached}


def _event(
    row: dict[str, Any], stores: dict[str, int], items: dict[str, int]
) -> StockEvent | Outcome:
    store, item = stores.get(row["store"]), items.get(row["sku"])
    if store is None or item is None:
        code = "unknown_store" if store is None else "unknown_sku"
        what = "no such store" if store is None else "no such item"
        return Outcome(event_id=row["id"], status="refused", code=code, detail=what)
    return StockEvent(
        event_id=row["id"],
        kind=row["kind"],
        store_id=store,
        item_id=item,
        quantity=row["quantity"],
        occurred_at=row["occurred_at"],
        reason=row.get("reason", ""),
        reference=row["reference"],
        state=row.get("state", ""),
    )


def _shape(outcome: Outcome) -> dict[str, Any]:
    shape = {"id": outcome.event_id or None, "status": outcome.status}
    if outcome.code:
        shape |= {"code": outcome.code, "detail": outcome.detail}
    return shape
