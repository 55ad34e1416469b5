"""The question on the customer's page whether another store may prepare the order."""

from __future__ import annotations

from hub import clock
from orders.curbside.pages.moments import Moments
from orders.models import FulfillmentOrder, FulfillmentStatus, MoveOffer, OrderStatus
from orders.states import LIVE

LONGEST_CHAIN = 20


def move_of(fulfillment: FulfillmentOrder, moments: Moments) -> dict[str, str] | None:
    """The open question in plain values: which store, how far from the first, when."""
    offer = open_offer(fulfillment)
    if offer is None:
        return None
    words, store = moments.words, offer.store
    return {
        "offer": offer.public_id,
        "name": store.name,
        "street": store.street,
        "city": f"{store.postal_code} {store.city}".strip(),
        "distance": words["move_distance"].format(
            kilometres=f"{offer.metres / 1000:.1f}", store=fulfillment.store.name
        ),
        "ready": words["move_ready"].format(time=moments.say(offer.promised_at)),
        "until": words["move_until"].format(time=moments.say(offer.answer_by)),
    }


def open_offer(fulfillment: FulfillmentOrder) -> MoveOffer | None:
    """The offer that still waits for the customer's answer, and can be answered."""
    if fulfillment.status != FulfillmentStatus.REJECTED:
        return None
    waiting = fulfillment.move_offers.filter(
        state=MoveOffer.State.OPEN, answer_by__gt=clock.now(), order__status=OrderStatus.OPEN
    )
    return waiting.select_related("store", "order").first()


def newest(fulfillment: FulfillmentOrder) -> FulfillmentOrder:
    """The part that came to stand in the place of this one, if any: the link leads there."""
    parts = FulfillmentOrder.objects.select_related("order", "store__brand")
    for _ in range(LONGEST_CHAIN if fulfillment.status not in LIVE else 0):
        follower = parts.filter(replaces=fulfillment.pk, order=fulfillment.order_id).last()
        if follower is None:
            break
        fulfillment = follower
    return fulfillment


def is_over(fulfillment: FulfillmentOrder, *, live: bool) -> bool:
    """Whether nothing more will happen to it: a rejected part of an open order may move yet."""
    undecided = fulfillment.status == FulfillmentStatus.REJECTED
    return not live and not (undecided and fulfillment.order.status == OrderStatus.OPEN)
