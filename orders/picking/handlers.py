"""Reactions that keep a store's POS in step, and its answers."""

from __future__ import annotations

from hub.events import retention
from hub.events.breakers import follow
from hub.events.catalog import (
    FulfillmentAmended,
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentProposed,
    FulfillmentRejected,
    InboundReceived,
    OfFulfillment,
    PosListRevised,
    PosOutOfStep,
    PosRepairAsked,
    StoreSwitched,
)
from hub.events.registry import handles
from hub.inbox.models import InboundCall
from hub.stores.models import PosConnection, StoreSwitch
from orders.models import FulfillmentOrder
from orders.picking.pos import purging, repairing
from orders.picking.pos.answers import match_waiting, take_answer
from orders.picking.pos.pick_lists import lane_of
from orders.picking.pos.stepping import bring_in_step

POS_SOURCE = "pos_"
# seconds between eight tries: an hour at most, then a person looks
WAITS = (5.0, 20.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)


def _lane(fact: OfFulfillment) -> str:
    if isinstance(fact, FulfillmentProposed) and fact.store_id:
        return lane_of(fact.store_id)
    rows = FulfillmentOrder.objects.filter(pk=fact.fulfillment_id)
    return lane_of(rows.values_list("store_id", flat=True).get())


def _key(fact: OfFulfillment) -> str:
    return f"fulfillment:{fact.fulfillment_id}"


def _store_lane(fact: PosRepairAsked) -> str:
    return lane_of(fact.store_id)


@handles(FulfillmentProposed, lane=_lane, key=_key, waits=WAITS)
def push_pick_list(fact: FulfillmentProposed) -> None:
    """Give the store's POS the pick list, and hear what it may have told of it before."""
    match_waiting(fulfillment_id=fact.fulfillment_id)
    bring_in_step(fact.fulfillment_id)


@handles(FulfillmentAmended, PosListRevised, PosOutOfStep, lane=_lane, key=_key, waits=WAITS)
def amend_pick_list(fact: OfFulfillment) -> None:
    """Give the store's POS the whole pick list as it is now."""
    bring_in_step(fact.fulfillment_id)


@handles(
    FulfillmentCanceled, FulfillmentRejected, FulfillmentExpired, lane=_lane, key=_key, waits=WAITS
)
def withdraw_pick_list(fact: OfFulfillment) -> None:
    """Tell the store's POS that nobody has to collect the goods any more, if it has the list."""
    bring_in_step(fact.fulfillment_id)


@handles(PosRepairAsked, lane=_store_lane, waits=WAITS)
def withdraw_unknown_list(fact: PosRepairAsked) -> None:
    """Let the POS forget a pick list that nobody here knows."""
    repairing.withdraw_unknown(fact.drift_id)


@handles(StoreSwitched)
def follow_after_switch(fact: StoreSwitched) -> None:
    """Once the POS counts as up again, what was put off follows at once, in its order."""
    if fact.kind == StoreSwitch.Kind.POS_DOWN and not fact.on:
        follow(lane_of(fact.store_id))


def _is_of_pos(fact: InboundReceived) -> bool:
    return fact.source.startswith(POS_SOURCE)


@handles(InboundReceived, only=_is_of_pos)
def take_pos_answer(fact: InboundReceived) -> None:
    """Do what a POS tells."""
    connection = PosConnection.objects.get(public_id=fact.source)
    take_answer(connection=connection, body=InboundCall.objects.get(pk=fact.call_id).body)


retention.register("pos_talk", purging.purge_rows)
retention.register("pos_files", purging.purge_files)
