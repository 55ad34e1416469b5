"""One tap while picking and packing: the form's fields, and the service that each tap calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from hub.errors import Invalid, NotFound
from hub.stores.models import Store
from inventory.models import Zone
from orders.models import FulfillmentLine, FulfillmentOrder, StagingLocation
from orders.picking import bags, claims, scanning, services, shorts, splitting

MOST_UNITS = 10**7
LONGEST_CODE = 200
# Why an item that has a code was counted by hand.
NO_SCAN = [
    gettext_noop("Label missing or torn"),
    gettext_noop("Code is not known"),
    gettext_noop("Scanner does not work"),
]


class PickForm(forms.Form):
    """The fields that a tap may carry; each is bounded, none is needed by every tap."""

    act = forms.CharField(max_length=20)
    token = forms.CharField(max_length=64, required=False)
    line = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    code = forms.CharField(max_length=LONGEST_CODE, required=False)
    grams = forms.IntegerField(min_value=1, max_value=MOST_UNITS, required=False)
    units = forms.IntegerField(min_value=1, max_value=MOST_UNITS, required=False)
    reason = forms.CharField(max_length=60, required=False)
    zone = forms.ChoiceField(choices=Zone.choices, required=False)
    taken_from = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    place = forms.CharField(max_length=40, required=False)
    ambient = forms.IntegerField(min_value=0, max_value=99, required=False)
    chilled = forms.IntegerField(min_value=0, max_value=99, required=False)
    frozen = forms.IntegerField(min_value=0, max_value=99, required=False)


@dataclass(frozen=True)
class PickTap:
    """What a person asks for, and who asks."""

    fields: Mapping[str, Any]
    user: User

    @property
    def token(self) -> str:
        """What makes a second tap harmless."""
        return str(self.fields["token"])


def pick_tap_of(request: HttpRequest, user: User) -> PickTap:
    """Read a posted tap. Raises Invalid, saying which field makes no sense."""
    form = PickForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field.replace('_', ' ')}: {errors[0]}")
    return PickTap(form.cleaned_data, user)


def take(part: FulfillmentOrder, tap: PickTap) -> str:
    """Carry out the tap; the answer says in a person's words what came of it. Raises HubError."""
    act = ACTS.get(tap.fields["act"])
    if act is None:
        raise Invalid("there is no such step")
    return act(part, tap)


def _claim(part: FulfillmentOrder, tap: PickTap) -> str:
    zones = [tap.fields["zone"]] if tap.fields["zone"] else []
    loser = tap.fields["taken_from"]
    held = claims.claim(
        fulfillment=part,
        by=tap.user,
        zones=zones,
        taken_from=User.objects.filter(pk=loser).first() if loser else None,
        token=tap.token,
    )
    return _("Yours: {value}.").format(
        value=", ".join(claim.get_zone_display().lower() for claim in held)
    )


def _give_up(part: FulfillmentOrder, tap: PickTap) -> str:
    claims.give_up(fulfillment=part, by=tap.user)
    return _("Somebody else may pick it now.")


def _scan(part: FulfillmentOrder, tap: PickTap) -> str:
    return took(
        scanning.scan(
            fulfillment=part,
            code=tap.fields["code"],
            by=tap.user,
            grams=tap.fields["grams"],
            token=tap.token,
        )
    )


def _count(part: FulfillmentOrder, tap: PickTap) -> str:
    units = tap.fields["units"] or 1
    reason = tap.fields["reason"]
    line = _line(part, tap)
    return took(scanning.count(line=line, units=units, by=tap.user, reason=reason, token=tap.token))


def _take_out(part: FulfillmentOrder, tap: PickTap) -> str:
    line, units = _line(part, tap), tap.fields["units"] or 1
    scanning.take_out(line=line, units=units, by=tap.user, token=tap.token)
    return _("Taken out again.")


def _short(part: FulfillmentOrder, tap: PickTap) -> str:
    line = shorts.report_short(
        line=_line(part, tap),
        reason=tap.fields["reason"],
        units=tap.fields["units"],
        by=tap.user,
        token=tap.token,
    )
    return _("{name}: {short} short.").format(name=line.item.name, short=line.short)


def _later(part: FulfillmentOrder, tap: PickTap) -> str:
    line = scanning.pick_later(line=_line(part, tap), by=tap.user, token=tap.token)
    return _("{name} is put off. The rest can go ahead.").format(name=line.item.name)


def _finish(part: FulfillmentOrder, tap: PickTap) -> str:
    rest = splitting.complete_picking(fulfillment=part, token=tap.token)
    if rest:
        return _("Picked. What was put off is an order of its own in the queue.")
    return _("Picked. Now bag it.")


def _pack(part: FulfillmentOrder, tap: PickTap) -> str:
    wanted = {zone: tap.fields[zone] or 0 for zone in Zone.values}
    made = bags.pack(fulfillment=part, bags=wanted, token=tap.token)
    return ngettext(
        "{count} bag. Print the labels.", "{count} bags. Print the labels.", len(made)
    ).format(count=len(made))


def _stage(part: FulfillmentOrder, tap: PickTap) -> str:
    return put_away(part.store, tap)


def put_away(store: Store, tap: PickTap) -> str:
    """Put the scanned bag in the scanned place, whichever of the two was scanned first."""
    code, place = tap.fields["code"], tap.fields["place"]
    places = StagingLocation.objects.filter(store=store, active=True)
    if places.filter(code__iexact=code.replace("\0", "").strip()).exists():
        code, place = place, code
    return staged(bags.stage(store=store, barcode=code, place=place, token=tap.token))


def _ready(part: FulfillmentOrder, tap: PickTap) -> str:
    services.mark_ready(fulfillment=part, token=tap.token)
    return _("Ready. The customer is being told.")


ACTS: dict[str, Callable[[FulfillmentOrder, PickTap], str]] = {
    "claim": _claim,
    "give_up": _give_up,
    "scan": _scan,
    "count": _count,
    "take_out": _take_out,
    "short": _short,
    "later": _later,
    "finish": _finish,
    "pack": _pack,
    "stage": _stage,
    "ready": _ready,
}


def took(took: scanning.Took) -> str:
    """What a scan did, in words: the item, what is still wanted, and where it goes."""
    unit = " g" if took.line.item.unit == "gram" else ""
    left = (
        _("{left}{unit} still wanted").format(left=took.left, unit=unit)
        if took.left
        else _("complete")
    )
    tote = _(" Put it into {tote}.").format(tote=took.tote) if took.tote else ""
    return f"{took.line.item.name}: {took.line.picked}{unit} picked, {left}.{tote}"


def staged(outcome: bags.Staged) -> str:
    """What putting a bag away led to, in words."""
    where = _("Bag {number} stands in {location}.").format(
        number=outcome.bag.number, location=outcome.bag.location
    )
    if outcome.ready:
        return _("{where} The order is ready; the customer is being told.").format(where=where)
    if outcome.waits_for:
        return _("{where} All are in their place, but the order waits: {waits_for}.").format(
            where=where, waits_for=outcome.waits_for
        )
    return (
        _("{where} {missing} more to go.").format(where=where, missing=outcome.missing)
        if outcome.missing
        else where
    )


def _line(part: FulfillmentOrder, tap: PickTap) -> FulfillmentLine:
    rows = part.lines.select_related("item", "fulfillment__store", "order_line")
    line = rows.filter(pk=tap.fields["line"]).first()
    if line is None:
        raise NotFound("the order has no such line")
    return line
