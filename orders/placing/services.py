"""Placing orders: each is placed with everything that follows from it, or nothing happened."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from hub.customers.services import land_words
from hub.errors import HubError
from hub.events.catalog import FulfillmentProposed, OrderPlaced
from hub.events.happening import Happening
from hub.events.outbox import publish_all
from inventory.models import Hold
from inventory.services import taking
from inventory.services.allocations import Wanted, allocate_all, convert_hold
from orders.errors import DuplicateOrder
from orders.models import Order
from orders.placing.asked import Asked
from orders.placing.drafts import Desk, Draft, Part, draft_all
from orders.placing.refusing import Refused
from orders.placing.writing import write


@transaction.atomic
def place_order(*, desk: Desk, asked: Asked) -> Order:
    """As ``place``; when it raises nothing has happened."""
    return place(desk=desk, asked=asked)


def place(*, desk: Desk, asked: Asked) -> Order:
    """Take an order in: goods set aside, one PROPOSED fulfillment order for each store that
    prepares it, all facts published. The order comes with its lines and parts at hand.

    For a transaction that is undone when this raises. The store is the named one, the hold's, or
    the best near the point. Raises DuplicateOrder, WrongCurrency, UnknownSku, InsufficientStock,
    NoStore, PickupOff, StorePaused, NeverOpen, NotFound (store or hold), HoldElsewhere, what
    converting a hold, booking a window and reading a customer raise.
    """
    try:
        (order,) = _place(desk, [(0, asked)])
    except Refused as refused:
        raise refused.reasons[0] from None
    return order


@transaction.atomic
def place_orders(*, desk: Desk, asked: Sequence[Asked]) -> list[Order | HubError]:
    """Take many orders in, each as ``place_order`` does, and in their order where stock is short.

    Returns the order, or the error that refused it, in the place of each.
    """
    done: dict[int, Order | HubError] = dict(_named_before(asked))
    left = [(place, one) for place, one in enumerate(asked) if place not in done]
    while left:
        try:
            with transaction.atomic():
                placed = _place(desk, left)
        except Refused as refused:
            done |= refused.reasons
            left = [(place, one) for place, one in left if place not in done]
        else:
            done |= dict(zip((place for place, _ in left), placed, strict=True))
            break
    return [done[place] for place in range(len(asked))]


def _named_before(asked: Sequence[Asked]) -> dict[int, DuplicateOrder]:
    """Those whose order number stands on one before them."""
    first: dict[str, int] = {}
    return {
        place: DuplicateOrder(f"order {one['external_id']} stands in this request already")
        for place, one in enumerate(asked)
        if first.setdefault(one["external_id"], place) != place
    }


def _place(desk: Desk, asked: Sequence[tuple[int, Asked]]) -> list[Order]:
    """Place all of these, or raise Refused for those that cannot be.

    Customers first, then the order's number, stock last: hot rows are locked the shortest.
    """
    drafts = draft_all(desk, asked)
    landed = land_words([draft.word for draft in drafts])
    orders = write(desk, drafts, landed)
    publish_all([fact for order in orders for fact in _facts(order)])
    _set_aside(desk, drafts)
    return orders


def _facts(order: Order) -> list[Happening]:
    parts = order.fulfillments.all()
    proposed = [
        FulfillmentProposed(order_id=order.pk, fulfillment_id=part.pk, store_id=part.store_id)
        for part in parts
    ]
    return [OrderPlaced(order_id=order.pk), *proposed]


def _set_aside(desk: Desk, drafts: Sequence[Draft]) -> None:
    """Set the goods aside that are not yet: from the cart's hold, or from what is free."""
    reasons: dict[int, HubError] = {}
    for draft in drafts:
        if draft.hold:
            try:
                _convert(draft.hold, draft.parts[0])
            except HubError as error:
                reasons[draft.place] = error
    free = [draft for draft in drafts if not draft.hold and not draft.parts[0].is_allocated]
    wanted = [
        Wanted(part.reference, part.store.pk, part.lines, part.promised_at)
        for draft in free
        for part in draft.parts
    ]
    if wanted:
        try:
            allocate_all(channel=desk.channel, wanted=wanted)
        except taking.Refused as short:
            reasons |= {free[place].place: error for place, error in short.lacking.items()}
    if reasons:
        raise Refused(reasons)


def _convert(hold: Hold, part: Part) -> None:
    convert_hold(
        hold=hold, reference=part.reference, lines=part.lines, promised_at=part.promised_at
    )
