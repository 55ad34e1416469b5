"""Reactions that keep a store's POS in step, and its answers."""

from __future__ import annotations

import json
from typing import Any

from hub import clock
from hub.errors import ConnectorError
from hub.events.catalog import (
    FulfillmentAcknowledged,
    FulfillmentCanceled,
    FulfillmentProposed,
    FulfillmentRejected,
    InboundReceived,
    OfFulfillment,
)
from hub.events.outbox import publish
from hub.events.registry import handles
from hub.inbox.models import InboundCall
from hub.stores.models import PosConnection
from orders.models import FulfillmentOrder
from orders.picking.pick_lists import WAITING, push, work_at_pos
from orders.states import LIVE

POS_SOURCE = "pos_"


def _lane(fact: OfFulfillment) -> str:
    """One lane per store, so that a dead POS delays nobody else."""
    rows = FulfillmentOrder.objects.filter(pk=fact.fulfillment_id)
    return f"pos:{rows.values_list('store_id', flat=True).get()}"


def _key(fact: OfFulfillment) -> str:
    return f"fulfillment:{fact.fulfillment_id}"


@handles(FulfillmentProposed, lane=_lane, key=_key)
def push_pick_list(fact: FulfillmentProposed) -> None:
    """Give the store's POS the pick list, if somebody still has to collect the goods."""
    work = work_at_pos(fact.fulfillment_id)
    if work and work.fulfillment.status in WAITING and not work.fulfillment.pos_reference:
        push(work)


@handles(FulfillmentCanceled, FulfillmentRejected, lane=_lane, key=_key)
def withdraw_pick_list(fact: FulfillmentCanceled | FulfillmentRejected) -> None:
    """Tell the store's POS that nobody has to collect the goods any more.

    Without a reference it is unknown whether the POS has the list: the answer to the push may
    have been lost. Pushing it once more tells its reference and makes no second list.
    """
    work = work_at_pos(fact.fulfillment_id)
    if work:
        reference = work.fulfillment.pos_reference or push(work)
        work.pos.cancel(reference, work.fulfillment.public_id)


@handles(InboundReceived)
def take_pos_answer(fact: InboundReceived) -> None:
    """Note that a POS has a pick list. Calls from elsewhere and of other types are not ours.

    A call that names no fulfillment order of that POS's store is parked for a person to see.
    """
    if not fact.source.startswith(POS_SOURCE):
        return
    body = _parsed(InboundCall.objects.get(pk=fact.call_id).body)
    if body.get("type") == "pick_list.acknowledged":
        _acknowledge(fact.source, body.get("data"))


def _acknowledge(source: str, data: Any) -> None:
    data = data if isinstance(data, dict) else {}
    fulfillment = _named(source, data.get("fulfillment_id"))
    reference = data.get("pos_reference")
    if fulfillment.pos_reference and reference != fulfillment.pos_reference:
        raise ConnectorError("the POS acknowledged another reference", permanent=True)
    rows = FulfillmentOrder.objects.filter(pk=fulfillment.pk, pos_acknowledged_at__isnull=True)
    if rows.update(pos_acknowledged_at=clock.now()) and fulfillment.status in LIVE:
        publish(
            FulfillmentAcknowledged(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk)
        )


def _named(source: str, public_id: Any) -> FulfillmentOrder:
    """The fulfillment order of that id, if it belongs to the store of that connection."""
    named = public_id if isinstance(public_id, str) and public_id.isprintable() else ""
    store_ids = PosConnection.objects.filter(public_id=source).values("store_id")
    rows = FulfillmentOrder.objects.filter(public_id=named, store_id__in=store_ids)
    fulfillment = rows.first()
    if fulfillment is None:
        raise ConnectorError("the POS named no pick list of its store", permanent=True)
    return fulfillment


def _parsed(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ConnectorError("the POS sent no JSON object", permanent=True)
    return body
