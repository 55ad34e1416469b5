"""Mounted at /v1/."""

from django.urls import path

from orders.api.views import CancelView, OrdersView, OrderView
from orders.api.windows import WindowHoldsView, WindowHoldView, WindowsView
from orders.returns.api import ReturnsView

urlpatterns = [
    path("orders", OrdersView.as_view()),
    path("orders/<str:order_id>", OrderView.as_view()),
    path("orders/<str:order_id>/cancel", CancelView.as_view()),
    path("orders/<str:order_id>/returns", ReturnsView.as_view()),
    path("stores/<str:reference>/windows", WindowsView.as_view()),
    path("window-holds", WindowHoldsView.as_view()),
    path("window-holds/<str:hold_id>", WindowHoldView.as_view()),
]
