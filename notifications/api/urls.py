"""Mounted at /v1/."""

from django.urls import path

from notifications.api.consents import ConsentsView
from notifications.api.preferences import CustomerPreferencesView

urlpatterns = [
    path("customers/<str:customer_id>/preferences", CustomerPreferencesView.as_view()),
    path("customers/<str:customer_id>/consents", ConsentsView.as_view()),
]
