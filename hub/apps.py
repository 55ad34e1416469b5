"""The project's own app: on start-up it finds every app's reactions to facts."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class HubConfig(AppConfig):
    name = "hub"
    label = "hub"

    def ready(self) -> None:
        """Import each app's ``checks`` and ``handlers``, which register themselves."""
        autodiscover_modules("checks", "handlers")
