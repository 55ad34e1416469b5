"""What staff see on an order whose customer has said STOP: by which channel nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from hub.customers.consent import REFUSALS
from hub.customers.models import Channel, ConsentEvent, Contact
from hub.customers.purposes import GROUPS
from hub.customers.reaching import addresses_of
from orders.timeline import Entry

SAID = {
    Channel.SMS.value: (
        _("SMS blocked"),
        _("No text is sent to this phone: its owner said STOP."),
    ),
    Channel.EMAIL.value: (
        _("E-mail blocked"),
        _("No e-mail is sent there: its owner ended it."),
    ),
}


def blocks_of(order_id: int) -> Iterable[Entry]:
    """A line for each channel whose address refuses everything now, at the time that was said."""
    contact = Contact.objects.filter(orders=order_id).first()
    if contact is None:
        return
    hashes = {Channel.SMS.value: contact.phone_hash, Channel.EMAIL.value: contact.email_hash}
    standing = addresses_of([address for address in hashes.values() if address])
    for channel, address in hashes.items():
        known = standing.get((address, channel))
        if known and all(known.refuses(group) for group in GROUPS):
            yield from _said(address, channel)


def _said(address: str, channel: str) -> Iterable[Entry]:
    refusals = ConsentEvent.objects.filter(
        address_hash=address, channel=channel, status__in=REFUSALS
    )
    newest = refusals.order_by("-sequence").first()
    if newest:
        title, detail = SAID[channel]
        yield Entry(newest.occurred_at, str(title), str(detail), newest.actor, "danger", "block")
