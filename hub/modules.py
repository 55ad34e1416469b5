"""Finding what our apps add to the hub: modules of one name, in whichever app has one."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

_OWN = {"hub", "inventory", "orders", "notifications"}


def modules(name: str) -> list[Any]:
    """The module of that name in each of our apps that has one: no app is named here."""
    places = [f"{config.name}.{name}" for config in apps.get_app_configs()]
    own = [place for place in places if place.split(".")[0] in _OWN and find_spec(place)]
    return [import_module(place) for place in own]
