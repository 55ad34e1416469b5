"""Stock, recalls and the switches of stores."""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.catalog.orders import OfFulfillment
from hub.events.happening import Happening


@dataclass(frozen=True, kw_only=True)
class ShortfallOpened(Happening):
    """A truthful count fell below what is promised."""

    name = "inventory.shortfall_opened"
    case_id: int


@dataclass(frozen=True, kw_only=True)
class StockThresholdCrossed(Happening):
    """What a sales channel may promise of an item in a store became in_stock, low, out or back."""

    name = "inventory.threshold_crossed"
    channel_id: int
    store_id: int
    item_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class StockFileParked(Happening):
    """A stock file waits for a person, because it would cut too much."""

    name = "inventory.stock_file_parked"
    file_id: int


@dataclass(frozen=True, kw_only=True)
class ItemRecalled(Happening):
    """A product, or a lot of it, is not sold any more."""

    name = "inventory.item_recalled"
    recall_id: int


@dataclass(frozen=True, kw_only=True)
class RecallClosed(Happening):
    name = "inventory.recall_closed"
    recall_id: int


@dataclass(frozen=True, kw_only=True)
class CollectedGoodsRecalled(OfFulfillment):
    """Somebody has collected what is now called back."""

    name = "fulfillment.collected_goods_recalled"
    recall_id: int


@dataclass(frozen=True, kw_only=True)
class StoreSwitched(Happening):
    """A switch of a store (``hub.stores.switches``) was turned on, or off again."""

    name = "store.switched"
    store_id: int
    kind: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class StoreStageChanged(Happening):
    """A store went from one stage to another; the change says who, why and how ready it was."""

    name = "store.stage_changed"
    store_id: int
    change_id: int

    @property
    def subject(self) -> str:
        """The store."""
        return f"store:{self.store_id}"
