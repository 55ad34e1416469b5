"""Finding customers for a caller: those who ordered on his channel, with his kind of key."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from hub.api.auth import Caller
from hub.customers.models import Channel, Contact, Profile
from hub.errors import NotFound
from orders.models import FulfillmentOrder

ORDER_PREFIX = "ord_"


@dataclass(frozen=True)
class Customer:
    """A customer as one caller knows him: with the contact of an order there."""

    profile: Profile
    contact: Contact

    def address_hash(self, channel: str) -> str:
        """The keyed hash of his address on the channel; empty for none."""
        contact = self.contact
        return contact.phone_hash if channel == Channel.SMS else contact.email_hash


def find_customer(caller: Caller, public_id: str) -> Customer:
    """The customer with this id, or of the order with this id, and the contact of his newest order
    there, or of that one; raises NotFound, for those of other sites and stores too."""
    by = "order" if public_id.startswith(ORDER_PREFIX) else "order__profile"
    newest = _parts(caller).filter(**{f"{by}__public_id": public_id}).order_by("-order_id")
    part = newest.select_related("order__profile", "order__contact").first()
    if part is None:
        raise NotFound("no such customer")
    return Customer(part.order.profile, part.order.contact)


def _parts(caller: Caller) -> QuerySet[FulfillmentOrder]:
    rows = FulfillmentOrder.objects.filter(
        order__channel=caller.channel, order__is_test=caller.is_test
    )
    return rows.filter(**({} if caller.store_ids is None else {"store__in": caller.store_ids}))
