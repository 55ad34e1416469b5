"""What a store's curb may inherit from its groups and the chain.

Numbers of people, and the address that is called with its secret, belong to one store each.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.stores.declaring import Holder, Setting
from hub.stores.setting_kinds import Clock, Kind, Switch, Whole
from orders.curbside.settings import ESCALATE_AFTER
from orders.models import CurbSettings

LONGEST_STEP = 120
LONGEST_TARGET = 60
NEAR = range(50, 20_001)
MOST_EXTENSIONS = 7
STEPS_CHARACTERS = 20


class Steps(Kind):
    """Minutes at which a wait is told of, ascending; stored without any they are the usual ones."""

    def stored(self, value: Any) -> list[int]:
        """The usual ones for none."""
        return list(value or ESCALATE_AFTER)

    def parse(self, plain: Any) -> list[int]:
        """A list of whole numbers."""
        if not isinstance(plain, list) or not all(type(step) is int for step in plain):
            raise TypeError(plain)
        return plain

    def problem(self, value: Any) -> str:
        """Why these cannot be the steps."""
        if not 1 <= len(value) <= len(ESCALATE_AFTER) or value != sorted(set(value)):
            return "one to three steps, each longer than the one before"
        return "" if 1 <= value[0] <= value[-1] <= LONGEST_STEP else f"1 to {LONGEST_STEP} minutes"

    def field(self) -> forms.Field:
        """Minutes as people write them."""
        return _WrittenSteps(required=False, max_length=STEPS_CHARACTERS)

    def written(self, value: Any) -> str:
        """«3, 5, 8»."""
        return ", ".join(map(str, value))


def steps_in(text: str) -> list[int]:
    """The minutes that a person wrote, such as «3, 5, 8». Raises ValidationError, in words."""
    parts = [part for part in text.replace(" ", ",").split(",") if part]
    if not all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in parts):  # noqa: PLR2004  three digits
        raise ValidationError(_("Give minutes, such as 3, 5, 8."))
    steps = [int(part) for part in parts]
    if steps and not 1 <= steps[0] <= steps[-1] <= LONGEST_STEP:
        raise ValidationError(_("Steps are 1 to {longest} minutes.").format(longest=LONGEST_STEP))
    if len(steps) > len(ESCALATE_AFTER) or steps != sorted(set(steps)):
        raise ValidationError(_("Give at most three steps, each longer than the one before."))
    return steps


class _WrittenSteps(forms.CharField):
    def clean(self, value: Any) -> Any:
        return steps_in(str(super().clean(value) or "")) or None


HOLDER = Holder(
    model=CurbSettings,
    store="store_id",
    title=gettext_lazy("At the curb"),
    place=10,
    settings=(
        Setting(
            "wait_target",
            gettext_lazy("Minutes from the arrival to the hand-off"),
            Whole(range(1, LONGEST_TARGET + 1)),
            5,
        ),
        Setting(
            "escalate_after",
            gettext_lazy("Tell of waiting after, in minutes"),
            Steps(),
            list(ESCALATE_AFTER),
        ),
        Setting(
            "near_metres", gettext_lazy("Metres at which a customer is nearby"), Whole(NEAR), 1000
        ),
        Setting(
            "may_change_window",
            gettext_lazy("Customers may choose another time"),
            Switch(),
            default=True,
        ),
        Setting(
            "may_change_store",
            gettext_lazy("Customers may choose another store"),
            Switch(),
            default=True,
        ),
        Setting(
            "may_cancel_items",
            gettext_lazy("Customers may cancel items"),
            Switch(),
            default=True,
        ),
        Setting(
            "may_extend",
            gettext_lazy("Customers may ask for a day more"),
            Switch(),
            default=True,
        ),
        Setting(
            "most_extensions",
            gettext_lazy("How often they may ask"),
            Whole(range(MOST_EXTENSIONS + 1)),
            2,
        ),
        Setting(
            "age_sale_from",
            gettext_lazy("Goods with an age limit may be sold from"),
            Clock(),
            nothing=gettext_lazy("at any hour"),
        ),
        Setting(
            "age_sale_until",
            gettext_lazy("Goods with an age limit may be sold until"),
            Clock(),
            nothing=gettext_lazy("at any hour"),
        ),
    ),
    spans=(("age_sale_from", "age_sale_until"),),
)
