"""The goods leave the store: who may take them, what of them, and the proof of it."""

from orders.curbside.handing.fetching import Fetch, handling_order
from orders.curbside.handing.giving import (
    Known,
    give,
    hand_off,
    hand_off_by_id,
    identify,
    override_hand_off,
)
from orders.curbside.handing.keeping import rest_of
from orders.curbside.handing.outcomes import LineOutcome, Told
from orders.curbside.handing.receipts import receipt_of

__all__ = [
    "Fetch",
    "Known",
    "LineOutcome",
    "Told",
    "give",
    "hand_off",
    "hand_off_by_id",
    "handling_order",
    "identify",
    "override_hand_off",
    "receipt_of",
    "rest_of",
]
