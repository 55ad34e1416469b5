"""One tap of a person at work: the form's fields, and the service that each step calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.errors import Invalid
from orders.admin.words import obstacle_words
from orders.curbside.handing import hand_off, override_hand_off
from orders.curbside.visits import begin_service
from orders.models import FulfillmentOrder
from orders.picking import services as picking
from orders.picking.rejecting import reject
from orders.states import obstacles

MOST_UNITS = 10**9
NAMES = {
    "accept": gettext_lazy("Accept"),
    "start": gettext_lazy("Start picking"),
    "picked": gettext_lazy("Picked"),
    "ready": gettext_lazy("Ready for pickup"),
    "hand_off": gettext_lazy("Hand over"),
    "reject": gettext_lazy("Reject"),
    "cancel": gettext_lazy("Cancel"),
}


class StepForm(forms.Form):
    """The fields that a step may carry; each is bounded, none is needed by every step."""

    action = forms.CharField(max_length=20)
    token = forms.CharField(max_length=64, required=False)
    version = forms.IntegerField(min_value=1, required=False)
    pin = forms.CharField(max_length=60, required=False)  # digits, or what their QR code says
    staging_location = forms.CharField(max_length=40, required=False)
    bags = forms.IntegerField(min_value=0, max_value=999, required=False)
    reason = forms.CharField(max_length=60, required=False)
    why = forms.CharField(max_length=200, required=False)


@dataclass(frozen=True)
class Tap:
    """What a person asks for: the cleaned fields, units picked or missing per line, who asks."""

    fields: Mapping[str, Any]
    picked: Mapping[int, int]
    missing: Mapping[int, int]
    user: User

    @property
    def once(self) -> dict[str, Any]:
        """The token that makes a second tap harmless, and the version the person saw."""
        return {"token": self.fields["token"], "version": self.fields["version"]}


def tap_of(request: HttpRequest) -> Tap:
    """Read a posted step. Raises Invalid, saying which field makes no sense."""
    form = StepForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field.replace('_', ' ')}: {errors[0]}")
    picked, missing = _counts(request, "picked_"), _counts(request, "missing_")
    return Tap(form.cleaned_data, picked, missing, cast(User, request.user))


def not_now(fulfillment: FulfillmentOrder) -> list[tuple[str, str]]:
    """The steps that cannot be taken, each with the reason."""
    met = obstacles(fulfillment)
    return [(str(NAMES[name]), obstacle_words(fulfillment.status, met[name])) for name in met]


def stopped(fulfillment: FulfillmentOrder) -> str:
    """What stops the part from going on, although its status would let it; empty if nothing."""
    found = [one for one in obstacles(fulfillment).values() if one.blocks]
    return obstacle_words(fulfillment.status, found[0]) if found else ""


def take(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    """Carry out the step; afterwards it is done, and the answer says so in a person's words.

    Raises HubError when the step is unknown or refused.
    """
    step = STEPS.get(tap.fields["action"])
    if step is None:
        raise Invalid("there is no such step")
    return step(fulfillment, tap)


def _accept(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    picking.accept(fulfillment=fulfillment, **tap.once)
    return _("Accepted. Start picking when somebody is free.")


def _start(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    picking.start_picking(fulfillment=fulfillment, **tap.once)
    return _("Picking has started.")


def _picked(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    picking.finish_picking(fulfillment=fulfillment, picked=tap.picked, **tap.once)
    return _("Picked. Now bag it and put it in its place.")


def _ready(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    picking.mark_ready(
        fulfillment=fulfillment,
        staging_location=tap.fields["staging_location"],
        bags=tap.fields["bags"] or 0,
        **tap.once,
    )
    return _("Ready. The customer is being told.")


def _reject(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    reject(
        fulfillment=fulfillment,
        reason=tap.fields["reason"],
        lines=tap.missing or None,
        **tap.once,
    )
    return _("Rejected. Another store is looked for.")


def _serve(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    begin_service(fulfillment=fulfillment, token=tap.fields["token"])
    return _("The customer sees that somebody is coming.")


def _hand_off(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    hand_off(
        fulfillment=fulfillment,
        pin=tap.fields["pin"],
        by=tap.user,
        token=tap.fields["token"],
        bags=tap.fields["bags"],
    )
    return _("Handed over. Thank you!")


def _override(fulfillment: FulfillmentOrder, tap: Tap) -> str:
    override_hand_off(
        fulfillment=fulfillment,
        reason=tap.fields["why"],
        by=tap.user,
        token=tap.fields["token"],
    )
    return _("Handed over without the PIN; your reason is kept.")


STEPS: dict[str, Callable[[FulfillmentOrder, Tap], str]] = {
    "accept": _accept,
    "start": _start,
    "picked": _picked,
    "ready": _ready,
    "reject": _reject,
    "serve": _serve,
    "hand_off": _hand_off,
    "override": _override,
}


def _counts(request: HttpRequest, prefix: str) -> dict[int, int]:
    """The units that a form gives for lines, by the line's key."""
    given = {name: text for name, text in request.POST.items() if name.startswith(prefix)}
    return {
        _whole(name.removeprefix(prefix), "line"): _whole(text, "count")
        for name, text in given.items()
    }


def _whole(text: object, what: str) -> int:
    digits = str(text).strip()
    if not (digits.isascii() and digits.isdecimal() and int(digits[:12]) <= MOST_UNITS):
        raise Invalid(f"a {what} is a whole number, not «{digits[:20]}»")
    return int(digits[:12])
