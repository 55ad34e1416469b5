"""What a person says at the hand-off: the fields of its one screen, and the service they call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from hub.errors import Invalid
from orders.admin.parts import LONGEST_KEY
from orders.curbside.handing import (
    LineOutcome,
    Told,
    hand_off,
    hand_off_by_id,
    override_hand_off,
)
from orders.models import FulfillmentOrder, HandOff

MOST_UNITS = 10**9
MOST_BAGS = 999
KINDS = ("refused", "damaged", "age_refused", "later")
REASON = "reason"


class HandOffForm(forms.Form):
    """The fields beside those of the lines; each is bounded, which are needed the service says."""

    way = forms.ChoiceField(choices=[(way, way) for way in ("pin", "id", "override")])
    token = forms.CharField(max_length=64, required=False)
    pin = forms.CharField(max_length=60, required=False)
    receiver = forms.ChoiceField(
        choices=[("customer", "customer"), ("delegate", "delegate")], required=False
    )
    bags = forms.IntegerField(min_value=0, max_value=MOST_BAGS, required=False)
    bags_reason = forms.CharField(max_length=200, required=False)
    age_checked = forms.BooleanField(required=False)
    why = forms.CharField(max_length=200, required=False)


@dataclass(frozen=True)
class Said:
    """A posted form: its fields, the lines' outcomes, and who sent it."""

    fields: dict[str, Any]
    lines: dict[int, LineOutcome]
    user: User

    @property
    def told(self) -> Told:
        """What of the goods was given, for the service."""
        return Told(
            bags=self.fields["bags"],
            bags_reason=self.fields["bags_reason"],
            age_checked=self.fields["age_checked"],
            lines=self.lines,
        )

    @property
    def who(self) -> dict[str, Any]:
        """Who came, who gave, and the token that makes a second press harmless."""
        receiver = self.fields["receiver"] or "customer"
        return {"receiver": receiver, "by": self.user, "token": self.fields["token"]}


def said_of(data: QueryDict, user: User) -> Said:
    """Read a posted form. Raises Invalid, saying which field makes no sense."""
    form = HandOffForm(data)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field.replace('_', ' ')}: {errors[0]}")
    return Said(form.cleaned_data, _lines(data), user)


def take_hand_off(fulfillment: FulfillmentOrder, said: Said) -> HandOff:
    """Hand over in the way that was tapped; raises HubError when that is refused."""
    ways: dict[str, Callable[[], HandOff]] = {
        "pin": lambda: hand_off(
            fulfillment=fulfillment, pin=said.fields["pin"], **said.who, **said.told
        ),
        "id": lambda: hand_off_by_id(fulfillment=fulfillment, **said.who, **said.told),
        "override": lambda: override_hand_off(
            fulfillment=fulfillment, reason=said.fields["why"], **said.who, **said.told
        ),
    }
    return ways[said.fields["way"]]()


def _lines(data: QueryDict) -> dict[int, LineOutcome]:
    """What was typed beside each line, as ``damaged_7=1``; empty and 0 mean none of it."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for name, value in data.items():
        kind, _, key = name.rpartition("_")
        text = str(value).strip()
        if kind == REASON and _is_whole(key) and text:
            found[int(key)][REASON] = text
        elif kind in KINDS and text not in ("", "0"):
            if not (_is_whole(key) and _is_whole(text) and int(text) <= MOST_UNITS):
                raise Invalid("units are whole numbers")
            found[int(key)][kind] = int(text)
    return {key: LineOutcome(**values) for key, values in found.items()}


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY
