"""The customer's page and its acts, below ``/p/``."""

from django.urls import path

from orders.curbside.pages import assets, views

urlpatterns = [
    path("files/<str:name>", assets.pickup_asset, name="pickup-asset"),
    path("<str:token>", views.pickup_page, name="pickup-page"),
    path("<str:token>/state", views.page_state, name="pickup-state"),
    path("<str:token>/state.json", views.page_json, name="pickup-json"),
    path("<str:token>/changes", views.changes_page, name="pickup-changes"),
    path("<str:token>/preferences", views.preferences, name="pickup-preferences"),
    path("<str:token>/<str:name>", views.act, name="pickup-act"),
]
