"""Every address of the workspace, read from the URL map, and which row of the world it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from hub.staff.scope import ScopedAdmin
from tests.hub.staff.world import World

NOT_THERE = 10**9
NO_SUCH = "nothing-there"
WORKSPACE = "admin/"
STANDARD = ("object_id", "id", "pk")

# Which table an address names where its own name and route do not say it.
ROWS: dict[str, dict[str, str]] = {
    "admin:events_breaker_lane": {"lane": "events.Breaker.key"},
    "admin:events_breaker_replay": {"lane": "events.Breaker.key"},
    "admin:events_breaker_reset": {"lane": "events.Breaker.key"},
    "admin:events_breaker_edit": {"lane": "events.Breaker.key"},
    "admin:customers_consentevent_proof": {"address": "customers.ConsentEvent.address_hash"},
    "admin:customers_preference_of": {"customer": "customers.Profile.public_id"},
    "admin:customers_preference_stop": {"customer": "customers.Profile.public_id"},
    "admin:customers_preference_start": {"customer": "customers.Profile.public_id"},
    "admin:customers_preference_proof": {"customer": "customers.Profile.public_id"},
    "admin:integration_stagechange_store": {"pk": "stores.Store"},
    "admin:notifications_message_order": {"pk": "orders.Order"},
    "admin:orders_fulfillmentorder_arrivals_tap": {"pk": "orders.Visit"},
    "admin:orders_fulfillmentorder_arrivals_stray": {"pk": "orders.StrayArrival"},
    "admin:orders_zonepick_several_run": {"pk": "orders.BulkRun"},
    "admin:orders_order_lift": {"pk": "orders.Order", "block": "orders.Block"},
    "admin:staff_staffkey_issue": {"pk": "auth.User"},
    "admin:staff_staffkey_take_back": {"pk": "auth.User"},
    "admin:stores_posconnection_drift": {"row": "orders.PosDrift"},
    "admin:stores_posconnection_waiting": {"row": "orders.PosWaiting"},
    "admin:stores_posconnection_edit": {"row": "orders.FulfillmentOrder"},
}
# What a parameter of that name stands for on every page.
SHARED: dict[str, str] = {
    "group": "stores.StoreGroup",
    "store": "stores.Store",
    "part": "orders.FulfillmentOrder",
}
# Parameters that choose among words, the same for everybody: of every address, or of one.
WORDS: dict[str, str] = {
    "app_label": "orders",
    "channel": "sms",
    "form": "csv",
    "key": "accept",
    "kind": "labels",
    "locale": "en",
    "purpose": "ready",
    "table": "spots",
    "token": "none",
}


@dataclass(frozen=True)
class Address:
    """One route of the workspace with what its parameters are called."""

    name: str
    route: str
    parameters: tuple[str, ...]

    @property
    def model(self) -> type[models.Model] | None:
        """The table whose page it is."""
        found = re.match(r"admin:([a-z_]+?)_([a-z]+)_", self.name)
        for app in [found[1], f"{found[1]}_{found[2]}"] if found else []:
            rest = self.name.removeprefix(f"admin:{app}_")
            try:
                return apps.get_model(app, rest.partition("_")[0])
            except LookupError:
                continue
        return None

    def there(self, world: World) -> str:
        """The address of the foreign row."""
        return reverse(self.name, kwargs={one: self._value(world, one) for one in self.parameters})

    def nowhere(self) -> str:
        """The same address of what does not exist."""
        return reverse(self.name, kwargs={one: self._missing(one) for one in self.parameters})

    def names_a_row(self) -> bool:
        """Whether any of its parameters stands for a row."""
        return any(one not in WORDS or self._label(one) for one in self.parameters)

    def belongs_to_a_store(self) -> bool:
        """Whether the row that it names is of one store."""
        labels = [label for one in self.parameters if (label := self._label(one))]
        models_named = [apps.get_model(*label.split(".")[:2]) for label in labels]
        return any(_is_of_a_store(model) for model in models_named)

    def _label(self, parameter: str) -> str:
        own = ROWS.get(self.name, {}).get(parameter)
        if own or (parameter in WORDS and parameter not in STANDARD):
            return own or ""
        if parameter in SHARED:
            return SHARED[parameter]
        if parameter not in STANDARD:
            return ""
        if "/part/<int:pk>" in self.route or "/bag/of/<int:pk>" in self.route:
            return "orders.FulfillmentOrder"
        return self.model._meta.label if self.model else ""

    def _value(self, world: World, parameter: str) -> Any:
        label = self._label(parameter)
        if label:
            app, model, *attribute = label.split(".")
            row = world.row(f"{app}.{model}")
            return getattr(row, attribute[0]) if attribute else row.pk
        if parameter in WORDS:
            return WORDS[parameter]
        raise LookupError(
            f"{self.name} ({self.route}) has a parameter {parameter!r} that the matrix cannot "
            "fill: say in tests/hub/staff/addresses.py which table it names (ROWS), or which word "
            "it takes (WORDS)"
        )

    def _missing(self, parameter: str) -> Any:
        if not self._label(parameter):
            return WORDS.get(parameter, NO_SUCH)
        is_number = f"<int:{parameter}>" in self.route or parameter in {"object_id", "id"}
        return NOT_THERE if is_number else NO_SUCH


def _is_of_a_store(model: type[models.Model]) -> bool:
    page = admin.site._registry.get(model)
    if page is None:
        return model is not User
    return isinstance(page, ScopedAdmin)


def addresses() -> list[Address]:
    """All of them but those that only redirect and the bundled catch-all."""
    found = [
        Address(name, route, tuple(pattern.pattern.regex.groupindex))
        for route, name, pattern in _walk(get_resolver())
        if route.startswith(WORKSPACE) and not name.endswith(":") and name
    ]
    return sorted(set(found), key=lambda one: one.name)


def _walk(
    resolver: URLResolver, prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, URLPattern]]:
    for one in resolver.url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one, route, one.namespace or space)
        else:
            name = f"{space}:{one.name or ''}" if space else one.name or ""
            yield route, name, one
