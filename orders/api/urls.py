"""Mounted at /v1/."""

from django.urls import path

from orders.api.changing import AmendView, BlocksView, CancelView, LiftView
from orders.api.views import BatchView, OrdersView, OrderView
from orders.api.windows import WindowHoldsView, WindowHoldView, WindowsView
from orders.curbside.api.changes import (
    ChangesView,
    ExtensionView,
    LinesChangeView,
    PreferencesView,
    StoreChangeView,
    WindowChangeView,
)
from orders.curbside.api.hand_off import DelegateView, HandOffView, ReceiptView
from orders.curbside.api.telling import ComplaintsView, RatingView
from orders.curbside.api.visits import (
    ArrivalView,
    LeaveView,
    LocationView,
    PickupVisitView,
    SpotsView,
    VisitView,
)
from orders.returns.api import ReturnsView

urlpatterns = [
    path("orders", OrdersView.as_view()),
    path("orders/batch", BatchView.as_view()),
    path("orders/<str:order_id>", OrderView.as_view()),
    path("orders/<str:order_id>/cancel", CancelView.as_view()),
    path("orders/<str:order_id>/amend", AmendView.as_view()),
    path("orders/<str:order_id>/blocks", BlocksView.as_view()),
    path("orders/<str:order_id>/blocks/<str:reason>/lift", LiftView.as_view()),
    path("orders/<str:order_id>/returns", ReturnsView.as_view()),
    path("fulfillments/<str:fulfillment_id>/visit", PickupVisitView.as_view()),
    path("fulfillments/<str:fulfillment_id>/changes", ChangesView.as_view()),
    path("fulfillments/<str:fulfillment_id>/changes/window", WindowChangeView.as_view()),
    path("fulfillments/<str:fulfillment_id>/changes/store", StoreChangeView.as_view()),
    path("fulfillments/<str:fulfillment_id>/changes/lines", LinesChangeView.as_view()),
    path("fulfillments/<str:fulfillment_id>/changes/extension", ExtensionView.as_view()),
    path("fulfillments/<str:fulfillment_id>/preferences", PreferencesView.as_view()),
    path("fulfillments/<str:fulfillment_id>/hand-off", HandOffView.as_view()),
    path("fulfillments/<str:fulfillment_id>/delegate", DelegateView.as_view()),
    path("fulfillments/<str:fulfillment_id>/receipt", ReceiptView.as_view()),
    path("fulfillments/<str:fulfillment_id>/complaints", ComplaintsView.as_view()),
    path("fulfillments/<str:fulfillment_id>/rating", RatingView.as_view()),
    path("visits/<str:visit_id>", VisitView.as_view()),
    path("visits/<str:visit_id>/location", LocationView.as_view()),
    path("visits/<str:visit_id>/arrival", ArrivalView.as_view()),
    path("visits/<str:visit_id>/leave", LeaveView.as_view()),
    path("stores/<str:reference>/spots", SpotsView.as_view()),
    path("stores/<str:reference>/windows", WindowsView.as_view()),
    path("window-holds", WindowHoldsView.as_view()),
    path("window-holds/<str:hold_id>", WindowHoldView.as_view()),
]
