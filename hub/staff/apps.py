from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "hub.staff"
    label = "staff"
