"""What became of the units on hand, as the parts of a bar, and zeroes in plain words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.services.availability import Availability

TERMS = {
    "unavailable": gettext_lazy("Unavailable"),
    "allocated": gettext_lazy("For orders"),
    "held": gettext_lazy("In carts"),
    "safety_stock": gettext_lazy("Safety stock"),
    "channel_buffer": gettext_lazy("Buffer of the site"),
    "feed_buffer": gettext_lazy("Late feed"),
}
REASONS = {
    "store_closed_to_pickup": gettext_lazy("The store takes no part in pickup."),
    "stale_feed": gettext_lazy("The store's stock feed has been silent for too long."),
    "not_for_pickup": gettext_lazy("The item is not sold for pickup."),
    "suppressed_for_channel": gettext_lazy("The item is hidden from this site."),
    "recalled": gettext_lazy("The item is called back."),
    "short_pick": gettext_lazy("A picker found fewer than the books say. A count brings it back."),
    "never_counted": gettext_lazy("Nobody has ever counted it."),
    "no_stock": gettext_lazy("There is none on hand."),
    "unavailable": gettext_lazy("Units are damaged, on display, being checked or called back."),
    "allocated": gettext_lazy("Orders have units."),
    "held": gettext_lazy("Carts have units for some minutes."),
    "safety_stock": gettext_lazy("Safety stock keeps units back."),
    "buffer": gettext_lazy("A buffer hides units from this site."),
}


@dataclass(frozen=True)
class Part:
    """A part of the bar. ``units`` is the whole term, ``percent`` what of the bar it fills:
    terms may ask for more than there is."""

    code: str
    label: str
    units: int
    percent: float


def parts_of(position: Availability) -> list[Part]:
    """The bar from left to right: every term that takes units, then what can be promised.

    Where the sale is stopped, what would be left is a part of its own, ``stopped``.
    """
    left, parts = position.on_hand, []
    for code, label in TERMS.items():
        units = getattr(position, code)
        taken = min(units, left)
        left -= taken
        if units:
            parts.append(Part(code, str(label), units, _percent(taken, position.on_hand)))
    if position.stops and left:
        parts.append(Part("stopped", _("Stopped"), left, _percent(left, position.on_hand)))
    promised = _percent(position.atp, position.on_hand)
    return [*parts, Part("available", _("Can be promised"), position.atp, promised)]


def reasons_of(position: Availability) -> list[str]:
    """Why nothing can be promised, in sentences; a code without one is told as it is."""
    return [str(REASONS.get(code, f"{code.replace('_', ' ')}.")) for code in position.reasons]


def _percent(units: int, whole: int) -> float:
    return round(100 * units / whole, 2) if whole else 0.0
