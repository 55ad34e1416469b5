"""The staff pages of orders: the order and its story, the store's boards, the work on one order."""

from orders.admin.customers import ProfileAdmin
from orders.admin.fulfillments import FulfillmentOrderAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.promise import SlotCapacityAdmin, WindowBookingAdmin
from orders.admin.recalls import PullTaskAdmin, RecallAdmin
from orders.admin.spots import SpotAdmin
from orders.admin.switches import StoreSwitchAdmin

__all__ = [
    "FulfillmentOrderAdmin",
    "OrderAdmin",
    "ProfileAdmin",
    "PullTaskAdmin",
    "RecallAdmin",
    "SlotCapacityAdmin",
    "SpotAdmin",
    "StoreSwitchAdmin",
    "WindowBookingAdmin",
]
