from django.apps import AppConfig


class IntegrationConfig(AppConfig):
    name = "hub.integration"
    label = "integration"
