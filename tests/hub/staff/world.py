"""Two stores for the matrix: in the foreign one stands a row of every table that has a page.

Rows that belong to a store carry ``MARK`` in every text, so that a page that shows one of them to
a person of the other store is found by reading it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import NOT_PROVIDED

from hub import clock
from hub.staff.scope import ScopedAdmin
from hub.stores.models import StaffScope, Store
from orders.picking.pos.pick_lists import lane_of
from tests.factories import make_item, make_person, make_ready, make_store, stock

MARK = "Obcy"
_numbers = itertools.count(1)

# What a row needs beyond what its columns say, by the table's label; a callable gets the world.
NEEDS: dict[str, dict[str, Any]] = {
    "django_q.Failure": {"id": "failed", "success": False},
    "events.Breaker": {"key": lambda world: lane_of(world.foreign.pk)},
    "notifications.CallTask": {
        "fulfillment_id": lambda world: world.row("orders.FulfillmentOrder").pk,
        "order_id": lambda world: world.row("orders.Order").pk,
    },
    "orders.PutBack": {"outcome": ""},
}


@dataclass
class World:
    """``mine`` is the person's store; ``rows`` has a row of the foreign store for each table."""

    mine: Store
    foreign: Store
    rows: dict[type[models.Model], models.Model] = field(default_factory=dict)

    def row(self, label: str) -> Any:
        """The foreign row of a table such as ``orders.Order``; made when there is none yet."""
        return self.of(apps.get_model(label))

    def of(self, model: type[models.Model]) -> Any:
        """The foreign row of a table."""
        if model not in self.rows:
            self.rows[model] = _existing(self, model) or _filled(self, model)
        return self.rows[model]


def build() -> World:
    """Two stores, each with an order that waits; in the foreign one a row of every table that
    has a page."""
    mine, foreign = make_store(name="Mine"), make_store(name=f"{MARK} store", city=f"{MARK} town")
    _ready_in(mine)
    world = World(mine, foreign)
    customer = {"name": f"{MARK} Name", "phone": "+48500777666", "email": "obcy@example.com"}
    part = _ready_in(foreign, customer=customer, external_id=f"{MARK}-1")
    person = make_person(first_name=MARK, last_name="Person")
    StaffScope.objects.create(user=person, store=foreign)
    world.rows = {type(row): row for row in (foreign, part, part.order, part.order.contact)}
    world.rows |= {User: person, type(part.order.profile): part.order.profile}
    for model in sorted(admin.site._registry, key=lambda one: one._meta.label):
        world.of(model)
    world.row("integration.WaveStore")  # a wave is seen by its stores
    return world


def _ready_in(store: Store, **values: Any) -> Any:
    item = make_item()
    stock(store, {item: 10})
    return make_ready(store=store, lines={item: 2}, **values)


def _existing(world: World, model: type[models.Model]) -> models.Model | None:
    """A row that is there already, of the foreign store where rows belong to stores."""
    rows = model._default_manager.all()
    page = admin.site._registry.get(model)
    if isinstance(page, ScopedAdmin):
        rows = page.of_stores(rows, Store.objects.filter(pk=world.foreign.pk))
    elif page is None and any(one.name == "store" for one in model._meta.concrete_fields):
        rows = rows.filter(store=world.foreign)
    return rows.order_by("-pk").first()


def _filled(world: World, model: type[models.Model]) -> models.Model:
    needs = {
        name: value(world) if callable(value) else value
        for name, value in NEEDS.get(model._meta.label, {}).items()
    }
    marked = isinstance(admin.site._registry.get(model), ScopedAdmin)
    values = {
        one.name: _value(world, one, marked)
        for one in model._meta.concrete_fields
        if one.name not in needs and _is_wanted(world, one)
    }
    with transaction.atomic():
        return model._default_manager.create(**(values | needs))


def _is_wanted(world: World, one: Any) -> bool:
    """Keys of what the world has, and whatever a row cannot be without."""
    if one.primary_key and not one.is_relation:
        return False
    if one.is_relation and (one.related_model in world.rows or one.related_model is Store):
        return True
    if one.null or one.db_default is not NOT_PROVIDED:
        return False
    if isinstance(one, models.CharField | models.TextField) and not one.choices:
        return not one.has_default()
    return not one.has_default()


def _value(world: World, one: Any, marked: bool) -> Any:
    if one.is_relation:
        return world.of(one.related_model)
    if one.choices:
        return one.choices[0][0]
    kind = one.get_internal_type()
    if kind in {"CharField", "TextField", "SlugField", "URLField", "EmailField"}:
        text = f"{MARK if marked else 'plain'}-{next(_numbers)}"
        return text[: one.max_length] if one.max_length else text
    return _PLAIN[kind]() if kind in _PLAIN else 1


_PLAIN = {
    "BooleanField": lambda: False,
    "BinaryField": lambda: "sealed",
    "DateField": lambda: clock.now().date(),
    "DateTimeField": lambda: clock.now() + timedelta(hours=1),
    "JSONField": dict,
    "TimeField": lambda: clock.now().time(),
}
