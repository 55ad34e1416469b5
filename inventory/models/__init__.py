"""Stock per store: what is there, what is set aside, and every event that changed it."""

from inventory.models.case import PullTask, Recall, ShortfallCase
from inventory.models.change import SignalRule, StockChange, StockSignal, StockTouch
from inventory.models.feed import FeedLayout, RefusedLine, StockFile, StoreFeed, UnmappedCode
from inventory.models.item import BundlePart, Item, ItemCode, Zone
from inventory.models.ledger import EventKind, InventoryEvent, SourceClock
from inventory.models.level import IncomingUnits, StockLevel, UnavailableState, UnavailableUnits
from inventory.models.place import ShelfPlace
from inventory.models.reservation import Allocation, Hold, HoldLine
from inventory.models.rule import ChannelBuffer, SafetyStock, SalesStop

__all__ = [
    "Allocation",
    "BundlePart",
    "ChannelBuffer",
    "EventKind",
    "FeedLayout",
    "Hold",
    "HoldLine",
    "IncomingUnits",
    "InventoryEvent",
    "Item",
    "ItemCode",
    "PullTask",
    "Recall",
    "RefusedLine",
    "SafetyStock",
    "SalesStop",
    "ShelfPlace",
    "ShortfallCase",
    "SignalRule",
    "SourceClock",
    "StockChange",
    "StockFile",
    "StockLevel",
    "StockSignal",
    "StockTouch",
    "StoreFeed",
    "UnavailableState",
    "UnavailableUnits",
    "UnmappedCode",
    "Zone",
]
