"""Mounted at /v1/."""

from django.urls import path

from orders.api.views import CancelView, OrdersView, OrderView

urlpatterns = [
    path("orders", OrdersView.as_view()),
    path("orders/<str:order_id>", OrderView.as_view()),
    path("orders/<str:order_id>/cancel", CancelView.as_view()),
]
