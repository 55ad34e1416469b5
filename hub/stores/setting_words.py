"""What settings of stores are called, and how their values and levels are said."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.stores.inheriting import BUILT_IN, CHAIN, GROUP, OWN, Held

LABELS = {
    "lead_minutes": gettext_lazy("Minutes to prepare an order"),
    "cut_off": gettext_lazy("Cut-off: orders placed later count as placed the next day"),
    "slot_minutes": gettext_lazy("Length of a pickup window, in minutes"),
    "slot_capacity": gettext_lazy("Orders per pickup window"),
    "orders_per_hour": gettext_lazy("Orders prepared in an hour"),
}
NOTHING = {
    "cut_off": gettext_lazy("no cut-off"),
    "slot_capacity": gettext_lazy("as many as come"),
    "orders_per_hour": gettext_lazy("the queue delays nobody"),
}


def words_of(name: str, value: Any) -> str:
    """A setting's value as people say it."""
    if value is None:
        return str(NOTHING.get(name, "–"))
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def origin_of(one: Held) -> str:
    """Where a value comes from, in words."""
    return {
        OWN: _("the store's own"),
        GROUP: _("from the group %(name)s") % {"name": one.name},
        CHAIN: _("from the chain"),
        BUILT_IN: _("nobody has set it"),
    }[one.origin]
