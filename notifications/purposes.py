"""What the hub tells customers, and until when each telling is still true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.models import FulfillmentOrder, FulfillmentStatus, OrderStatus

_READY_OR_LATER = [FulfillmentStatus.READY, FulfillmentStatus.COMPLETED]


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """One kind of message. ``about`` says whether it speaks of a whole order or of a pickup.

    ``lasts`` bounds how late it may come. ``repeat_when_unsure``: better twice than never, when
    nobody can say whether an earlier try got through. ``occasion`` tells two ready times apart.
    """

    name: str
    about: str
    lasts: timedelta
    repeat_when_unsure: bool
    holds: Callable[[FulfillmentOrder], bool]
    occasion: Callable[[FulfillmentOrder], str] = lambda _: ""

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
        kept_until = fulfillment.expires_at if self.name == READY.name else None
        return min(latest, kept_until) if kept_until else latest


def _nothing_ready_yet(fulfillment: FulfillmentOrder) -> bool:
    parts = fulfillment.order.fulfillments.filter(status__in=_READY_OR_LATER)
    return fulfillment.order.status == OrderStatus.OPEN and not parts.exists()


def _since(fulfillment: FulfillmentOrder) -> str:
    return f"{fulfillment.ready_at:%Y%m%dT%H%M%S.%f}" if fulfillment.ready_at else ""


ORDER_RECEIVED = Purpose(
    name="order_received",
    about="order",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_nothing_ready_yet,
)
READY = Purpose(
    name="ready",
    about="fulfillment",
    lasts=timedelta(days=3),
    repeat_when_unsure=True,
    holds=lambda fulfillment: fulfillment.status == FulfillmentStatus.READY,
    occasion=_since,
)
HANDED_OFF = Purpose(
    name="handed_off",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=lambda fulfillment: fulfillment.status == FulfillmentStatus.COMPLETED,
)
CANCELED = Purpose(
    name="canceled",
    about="order",
    lasts=timedelta(days=1),
    repeat_when_unsure=True,
    holds=lambda fulfillment: fulfillment.order.status == OrderStatus.CANCELED,
)

PURPOSES = {purpose.name: purpose for purpose in (ORDER_RECEIVED, READY, HANDED_OFF, CANCELED)}

_LOADED = ("order__contact", "order__profile", "order__channel", "store__brand", "pickup_code")


def fulfillment_of(subject: str) -> FulfillmentOrder | None:
    """The pickup a message speaks of, read anew; of an order, its newest one."""
    kind, number = subject.split(":")
    by = {"order_id": number} if kind == "order" else {"pk": number}
    return FulfillmentOrder.objects.select_related(*_LOADED).filter(**by).order_by("-pk").first()
