"""One kind of message: when it holds, how long, and how often it may be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.customers.purposes import ORDER_UPDATES
from orders.models import FulfillmentOrder


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """One kind of message. ``about`` says whether it speaks of a whole order or of a pickup.

    ``lasts`` bounds how late it may come. ``repeat_when_unsure``: better twice than never, when
    nobody can say whether an earlier try got through. ``occasion`` tells two ready times apart,
    ``until`` is when what it says is over. What ``waits_at_night`` is not sent while people sleep.

    ``group`` is the row of the customer's choice it falls under. What is ``critical`` asks neither
    that choice nor a pause nor the night, only whether he said STOP; what ``must_reach`` him is
    followed up when nobody confirms it.
    """

    name: str
    about: str
    lasts: timedelta
    repeat_when_unsure: bool
    holds: Callable[[FulfillmentOrder], bool]
    occasion: Callable[[FulfillmentOrder], str] = lambda _: ""
    until: Callable[[FulfillmentOrder], datetime | None] = lambda _: None
    waits_at_night: bool = False
    group: str = ORDER_UPDATES
    critical: bool = False
    must_reach: bool = False

    def dedupe_key(self, fulfillment: FulfillmentOrder) -> str:
        """One message per key, ever."""
        parts = [self.name, self.subject(fulfillment), self.occasion(fulfillment)]
        return ":".join(part for part in parts if part)

    def subject(self, fulfillment: FulfillmentOrder) -> str:
        """What the message speaks of, such as ``fulfillment:17``."""
        number = fulfillment.order_id if self.about == "order" else fulfillment.pk
        return f"{self.about}:{number}"

    def expires_at(self, fulfillment: FulfillmentOrder, now: datetime) -> datetime:
        """After this moment it is not sent any more."""
        latest = now + self.lasts
        until = self.until(fulfillment)
        return min(latest, until) if until else latest


def stamp(moment: datetime | None) -> str:
    """A moment as part of an occasion; empty for none."""
    return f"{moment:%Y%m%dT%H%M%S.%f}" if moment else ""
