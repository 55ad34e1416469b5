"""Addresses of this part, relative to where ``hub.urls`` mounts it."""

from django.urls import URLPattern, path

from hub.webhooks.feed import OrderEventsView

urlpatterns: list[URLPattern] = [path("order-events", OrderEventsView.as_view())]
