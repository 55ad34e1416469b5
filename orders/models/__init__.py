"""What was bought, what each store prepares, and the visit that collects it."""

from orders.models.action import ActionRecord
from orders.models.bulk import BulkResult, BulkRun
from orders.models.curb import (
    Complaint,
    CurbSettings,
    Delegate,
    HandOffLine,
    Rating,
)
from orders.models.fulfillment import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    HandOff,
    PickupCode,
    PutBack,
    RoutingDecision,
)
from orders.models.order import Block, Order, OrderLine, OrderStatus
from orders.models.picking import Bag, PickBatch, PickEntry, StagingLocation, ZonePick
from orders.models.pos import PosCheck, PosDrift, PosFeed, PosList, PosReceipt, PosWaiting
from orders.models.recall import RecalledPart
from orders.models.reporting import DayFigures, DayReason, DayTimes, RollupMark, Stretch
from orders.models.returns import (
    GoodsReturn,
    PriceAdjustment,
    Refund,
    ReturnedLine,
    Settlement,
)
from orders.models.routing import (
    ClockMark,
    MoveOffer,
    RejectedItem,
    Rejection,
    RejectReason,
    RoutingRule,
    RoutingRuleSet,
    RoutingSimulation,
)
from orders.models.sandbox import SandboxRun
from orders.models.substitution import SubstitutionOffer, SubstitutionRound
from orders.models.visit import (
    Placement,
    Sign,
    Spot,
    StrayArrival,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.models.window import SlotCapacity, WindowBooking

__all__ = [
    "ActionRecord",
    "Bag",
    "Block",
    "BulkResult",
    "BulkRun",
    "ClockMark",
    "Complaint",
    "CurbSettings",
    "DayFigures",
    "DayReason",
    "DayTimes",
    "Delegate",
    "FulfillmentLine",
    "FulfillmentOrder",
    "FulfillmentStatus",
    "GoodsReturn",
    "HandOff",
    "HandOffLine",
    "MoveOffer",
    "Order",
    "OrderLine",
    "OrderStatus",
    "PickBatch",
    "PickEntry",
    "PickupCode",
    "Placement",
    "PosCheck",
    "PosDrift",
    "PosFeed",
    "PosList",
    "PosReceipt",
    "PosWaiting",
    "PriceAdjustment",
    "PutBack",
    "Rating",
    "RecalledPart",
    "Refund",
    "RejectReason",
    "RejectedItem",
    "Rejection",
    "ReturnedLine",
    "RollupMark",
    "RoutingDecision",
    "RoutingRule",
    "RoutingRuleSet",
    "RoutingSimulation",
    "SandboxRun",
    "Settlement",
    "Sign",
    "SlotCapacity",
    "Spot",
    "StagingLocation",
    "StrayArrival",
    "Stretch",
    "SubstitutionOffer",
    "SubstitutionRound",
    "Visit",
    "VisitPickup",
    "VisitStatus",
    "WindowBooking",
    "ZonePick",
]
