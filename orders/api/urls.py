"""Addresses of this part, relative to where ``hub.urls`` mounts it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
