"""What was bought, what each store prepares, and the visit that collects it."""

from orders.models.action import ActionRecord
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
from orders.models.recall import RecalledPart
from orders.models.visit import Spot, Visit, VisitPickup, VisitStatus

__all__ = [
    "ActionRecord",
    "Block",
    "FulfillmentLine",
    "FulfillmentOrder",
    "FulfillmentStatus",
    "HandOff",
    "Order",
    "OrderLine",
    "OrderStatus",
    "PickupCode",
    "PutBack",
    "RecalledPart",
    "RoutingDecision",
    "Spot",
    "Visit",
    "VisitPickup",
    "VisitStatus",
]
