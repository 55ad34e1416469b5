"""A question about goods that nobody prepares any more is no longer one."""

from __future__ import annotations

from hub.events.catalog import (
    FulfillmentCanceled,
    FulfillmentExpired,
    FulfillmentRejected,
    OfFulfillment,
)
from hub.events.registry import handles
from orders.models import SubstitutionRound
from orders.substitution.answering import withdraw_offers


@handles(FulfillmentCanceled, FulfillmentRejected, FulfillmentExpired)
def withdraw_question(fact: OfFulfillment) -> None:
    """Ask the customer no more, and let the rest of the order move on."""
    rows = SubstitutionRound.objects.filter(fulfillment=fact.fulfillment_id, closed_at__isnull=True)
    for asked in rows:
        withdraw_offers(asked=asked)
