"""Calls from outside, the till of a store, and the simulators."""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.catalog.orders import OfFulfillment
from hub.events.happening import Happening


@dataclass(frozen=True, kw_only=True)
class InboundReceived(Happening):
    """An authentic call from outside lies in the inbox; ``source`` says whose, ``kind`` what."""

    name = "inbound.received"
    call_id: int
    source: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class PosUnacknowledged(OfFulfillment):
    """Five open minutes have gone by, and the store's POS has not said that it has the list."""

    name = "pos.unacknowledged"


@dataclass(frozen=True, kw_only=True)
class PosReceiptTaken(OfFulfillment):
    """The store's POS printed a receipt for the goods."""

    name = "pos.receipt_taken"
    receipt_id: int


@dataclass(frozen=True, kw_only=True)
class PosOutOfStep(OfFulfillment):
    """Somebody asked that the store's POS gets the pick list as it is now."""

    name = "pos.out_of_step"


@dataclass(frozen=True, kw_only=True)
class PosListRevised(OfFulfillment):
    """A person asked that the store's POS gets its pick list as a new revision."""

    name = "pos.list_revised"


@dataclass(frozen=True, kw_only=True)
class PosRepairAsked(Happening):
    """Somebody asked that the store's POS forgets a pick list that the hub does not know."""

    name = "pos.repair_asked"
    drift_id: int
    store_id: int


@dataclass(frozen=True, kw_only=True)
class SimulatedPickListReceived(Happening):
    name = "simulator.pick_list_received"
    pick_list_id: int


@dataclass(frozen=True, kw_only=True)
class SimulatedTextReceived(Happening):
    name = "simulator.text_received"
    text_id: int
