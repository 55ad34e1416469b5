"""The workspace's own tables, and what a new session carries."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "hub.staff"
    label = "staff"
    default_auto_field = "django.db.models.BigAutoField"
