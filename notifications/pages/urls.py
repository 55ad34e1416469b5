"""How a customer is told, below ``/n/``; the links are made in hub.customers.letters."""

from django.urls import path

from notifications.pages import stopping, views

urlpatterns = [
    path("stop/<str:token>", stopping.unsubscribe, name="unsubscribe"),
    path("<str:token>", views.preference_page, name="preference-page"),
    path("<str:token>/<str:name>", views.act, name="preference-act"),
]
