"""The workspace's own tables, and that models speak the reader's language."""

from django.apps import AppConfig, apps

from hub.staff.model_words import translate_apps, translate_models


class StaffConfig(AppConfig):
    name = "hub.staff"
    label = "staff"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """All models are loaded: from now on they and their apps name themselves in the language in
        force."""
        translate_models(apps.get_models())
        translate_apps(apps.get_app_configs())
