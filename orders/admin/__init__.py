"""The staff pages of orders: the order and its story, the store's boards, the work on one order."""

from orders.admin import effects
from orders.admin.batches import PickBatchAdmin
from orders.admin.complaints import ComplaintAdmin, RatingAdmin
from orders.admin.curb_settings import CurbSettingsAdmin
from orders.admin.customers import ProfileAdmin
from orders.admin.fulfillments import FulfillmentOrderAdmin
from orders.admin.hand_off import HandOffAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.picking import PickEntryAdmin, ZonePickAdmin
from orders.admin.pos import PosConnectionAdmin
from orders.admin.promise import SlotCapacityAdmin, WindowBookingAdmin
from orders.admin.put_backs import PutBackAdmin
from orders.admin.recalls import PullTaskAdmin, RecallAdmin
from orders.admin.reports import DayFiguresAdmin
from orders.admin.returns import GoodsReturnAdmin
from orders.admin.routing import (
    RoutingDecisionAdmin,
    RoutingRuleSetAdmin,
    RoutingSimulationAdmin,
)
from orders.admin.sandbox import SandboxRunAdmin
from orders.admin.signs import SignAdmin
from orders.admin.spots import SpotAdmin
from orders.admin.staging import BagAdmin, StagingLocationAdmin
from orders.admin.substitutes import SubstitutionRoundAdmin
from orders.admin.switches import StoreSwitchAdmin

__all__ = [
    "BagAdmin",
    "ComplaintAdmin",
    "CurbSettingsAdmin",
    "DayFiguresAdmin",
    "FulfillmentOrderAdmin",
    "GoodsReturnAdmin",
    "HandOffAdmin",
    "OrderAdmin",
    "PickBatchAdmin",
    "PickEntryAdmin",
    "PosConnectionAdmin",
    "ProfileAdmin",
    "PullTaskAdmin",
    "PutBackAdmin",
    "RatingAdmin",
    "RecallAdmin",
    "RoutingDecisionAdmin",
    "RoutingRuleSetAdmin",
    "RoutingSimulationAdmin",
    "SandboxRunAdmin",
    "SignAdmin",
    "SlotCapacityAdmin",
    "SpotAdmin",
    "StagingLocationAdmin",
    "StoreSwitchAdmin",
    "SubstitutionRoundAdmin",
    "WindowBookingAdmin",
    "ZonePickAdmin",
    "effects",
]
