"""What a store's own row holds of the settings on three levels: its promises and its windows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from hub.stores.declaring import Holder, Setting
from hub.stores.models import Store
from hub.stores.setting_kinds import Clock, Whole

WEEK = 10_080  # minutes
DAY = 1_440

HOLDER = Holder(
    model=Store,
    store="pk",
    title=gettext_lazy("Promise and windows"),
    place=0,
    settings=(
        Setting(
            "lead_minutes", gettext_lazy("Minutes to prepare an order"), Whole(range(WEEK + 1)), 60
        ),
        Setting(
            "cut_off",
            gettext_lazy("Cut-off: orders placed later count as placed the next day"),
            Clock(),
            nothing=gettext_lazy("no cut-off"),
        ),
        Setting(
            "slot_minutes",
            gettext_lazy("Length of a pickup window, in minutes"),
            Whole(range(5, DAY + 1)),
            30,
        ),
        Setting(
            "slot_capacity",
            gettext_lazy("Orders per pickup window"),
            Whole(range(10_001)),
            nothing=gettext_lazy("as many as come"),
        ),
        Setting(
            "orders_per_hour",
            gettext_lazy("Orders prepared in an hour"),
            Whole(range(1, 10_001)),
            nothing=gettext_lazy("the queue delays nobody"),
        ),
    ),
)
