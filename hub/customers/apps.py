from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "hub.customers"
    label = "customers"
