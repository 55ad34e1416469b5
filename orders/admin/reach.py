"""By which ways the customer of an order cannot be told, as its staff see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.customers.models import Channel, Contact
from hub.customers.purposes import GROUPS
from hub.customers.reaching import AddressStanding, addresses_of

NAMES = {Channel.SMS: "SMS", Channel.EMAIL: "E-mail"}
LEFT = {
    Channel.SMS: gettext_lazy("Only texts are left."),
    Channel.EMAIL: gettext_lazy("Only e-mail is left."),
}
NOTHING_LEFT = gettext_lazy("No message reaches this customer")
CLOSED, SHAKY = "danger", "warning"


@dataclass(frozen=True)
class Trouble:
    """One way that is closed or shaky: a pill with its tone, and a sentence on it."""

    title: str
    detail: str
    tone: str


def troubles_of(contact: Contact) -> list[Trouble]:
    """What keeps messages from this contact now: a STOP, or an address that does not work.

    A STOP to a part of the messages is none. The last one says which way is left. Two queries.
    """
    hashes = {Channel.SMS: contact.phone_hash, Channel.EMAIL: contact.email_hash}
    standing = addresses_of([address for address in hashes.values() if address])
    ways = {
        channel: standing[address, channel.value] for channel, address in hashes.items() if address
    }
    troubles = {channel: _trouble(NAMES[channel], way) for channel, way in ways.items()}
    found = [trouble for trouble in troubles.values() if trouble]
    if not any(trouble.tone == CLOSED for trouble in found):
        return found
    still_open = [channel for channel, it in troubles.items() if it is None or it.tone == SHAKY]
    left = LEFT[still_open[0]] if still_open else _nothing_left(contact)
    return [*found[:-1], replace(found[-1], detail=f"{found[-1].detail} {left}")]


def _trouble(name: str, way: AddressStanding) -> Trouble | None:
    why = way.reason.replace("_", " ")
    if all(way.refuses(group) for group in GROUPS):
        return Trouble(_("{name} blocked").format(name=name), _("The customer said STOP."), CLOSED)
    if not way.works:
        return Trouble(
            _("{name} does not arrive").format(name=name),
            _("The address does not work ({why}).").format(why=why),
            CLOSED,
        )
    if way.state:
        return Trouble(
            _("{name} failed lately").format(name=name),
            _("It is still tried ({why}).").format(why=why),
            SHAKY,
        )
    return None


def _nothing_left(contact: Contact) -> str:
    return (
        _("{nothing_left}: please call.").format(nothing_left=NOTHING_LEFT)
        if contact.phone_hash
        else f"{NOTHING_LEFT}."
    )
