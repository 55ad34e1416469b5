from django.apps import AppConfig


class LinksConfig(AppConfig):
    name = "hub.links"
    label = "links"
