"""By which ways the customer of an order cannot be told, as its staff see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.customers.models import Channel, Contact
from hub.customers.purposes import GROUPS
from hub.customers.reaching import AddressStanding, addresses_of

NAMES = {Channel.SMS: "SMS", Channel.EMAIL: "E-mail"}
LEFT = {Channel.SMS: "Only texts are left.", Channel.EMAIL: "Only e-mail is left."}
NOTHING_LEFT = "No message reaches this customer"
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
        return Trouble(f"{name} blocked", "The customer said STOP.", CLOSED)
    if not way.works:
        return Trouble(f"{name} does not arrive", f"The address does not work ({why}).", CLOSED)
    if way.state:
        return Trouble(f"{name} failed lately", f"It is still tried ({why}).", SHAKY)
    return None


def _nothing_left(contact: Contact) -> str:
    return f"{NOTHING_LEFT}: please call." if contact.phone_hash else f"{NOTHING_LEFT}."
