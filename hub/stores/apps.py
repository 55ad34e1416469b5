from django.apps import AppConfig


class StoresConfig(AppConfig):
    name = "hub.stores"
    label = "stores"
