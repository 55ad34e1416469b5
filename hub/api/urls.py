"""Addresses of what belongs to no single app, relative to where ``hub.urls`` mounts them."""

from django.urls import URLPattern, path

from hub.api import stores

urlpatterns: list[URLPattern] = [
    path("stores", stores.StoresView.as_view()),
    path("stores/<str:reference>", stores.StoreView.as_view()),
]
