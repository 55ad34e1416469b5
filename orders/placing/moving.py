"""Asking a customer whose store cannot prepare the order whether another one may.

Nothing moves before the answer is yes; silence means no, and then a person decides.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db import transaction

from hub import clock
from hub.errors import Conflict, NotFound
from hub.events.catalog import MoveAnswered, MoveOffered
from hub.events.outbox import publish
from hub.ids import new_id
from hub.stores.models import Store
from inventory.errors import HoldExpired, HoldMismatch, InsufficientStock, ItemsRecalled
from inventory.services.allocations import convert_hold
from inventory.services.holds import MOST_MINUTES, find_hold, place_hold, release_hold
from orders.actions import lock_parts
from orders.errors import NeverOpen
from orders.models import FulfillmentOrder, MoveOffer, Order, OrderStatus
from orders.placing.rerouting import (
    MovedAlready,
    Work,
    chosen_by,
    hand_over,
    lift_waiting,
    turned_down_by,
    wait_for_person,
    work_left,
)
from orders.placing.windows import agree
from orders.promise.errors import StorePaused, WindowFull
from orders.promise.services import promise
from orders.routing.alone import one_at_a_time
from orders.routing.geography import Point
from orders.routing.judging import Look
from orders.routing.loading import rules_for
from orders.routing.reach import Candidate
from orders.routing.rules import Result
from orders.routing.searching import Found
from orders.routing.services import Errand, reach_of, search_of

SWEEP_BATCH = 100
_GOODS_GONE = (
    *(HoldExpired, HoldMismatch, ItemsRecalled, MovedAlready),
    *(NeverOpen, StorePaused, WindowFull),
)


class OfferOver(Conflict):
    """It was answered already, or too late; ``state`` says what became of it."""

    code = "offer_over"
    title = "This question has been answered or its time is over"


def offer_move(*, ended: FulfillmentOrder) -> MoveOffer | None:
    """Hold the goods in the best other store around and ask the customer; None: there is none.

    Part of a transaction that has locked the order's parts and called ``one_at_a_time``. The goods
    are held for two hours, until ``answer_by``. Only stores of the same brand are asked. Raises
    MovedAlready.
    """
    work = work_left(ended)
    held: dict[int, str] = {}

    def hold(candidate: Candidate, _: Look) -> str:
        try:
            with transaction.atomic():
                made = place_hold(
                    channel=ended.order.channel,
                    store=Store(pk=candidate.store_id),
                    lines=work.goods,
                    minutes=MOST_MINUTES,
                )
        except InsufficientStock:
            return Result.GONE
        held[candidate.store_id] = made.public_id
        return ""

    found = search_of(_errand(work), rules_for(ended.order.channel)).run(hold)
    if found is None:
        return None
    offer = _offered(ended, found, held[found.candidate.store_id])
    lift_waiting(ended.order)
    wait_for_person(ended, note="waits for the customer's answer about another store")
    publish(MoveOffered(**_ids(offer)))
    return offer


def _offered(ended: FulfillmentOrder, found: Found, hold_id: str) -> MoveOffer:
    now = clock.now()
    return MoveOffer.objects.create(
        order=ended.order,
        fulfillment=ended,
        store_id=found.candidate.store_id,
        metres=round(found.candidate.metres),
        promised_at=found.promised_at,
        hold_id=hold_id,
        answer_by=now + timedelta(minutes=MOST_MINUTES),
        made_at=now,
    )


def answer_move(*, offer: MoveOffer, yes: bool, by: str) -> MoveOffer:
    """Take the customer's answer; the same answer again changes nothing.

    After a yes the other store has a part of its own; after a no a person decides what becomes of
    the order. Raises OfferOver for another answer than the first, after the deadline, for an
    order that has ended, and when the goods are gone after all; then nothing has moved.
    """
    try:
        with transaction.atomic():
            return _answer(offer, yes=yes, by=by)
    except _GOODS_GONE as gone:
        raise OfferOver(f"the other store cannot do it any more: {gone}") from gone


def _answer(offer: MoveOffer, *, yes: bool, by: str) -> MoveOffer:
    lock_parts(offer.order_id)
    state = MoveOffer.State.ACCEPTED if yes else MoveOffer.State.DECLINED
    now = clock.now()
    waiting = MoveOffer.objects.filter(
        pk=offer.pk,
        state=MoveOffer.State.OPEN,
        answer_by__gt=now,
        order__status=OrderStatus.OPEN,
    )
    first = waiting.update(state=state, answered_at=now, answered_by=by)
    offer.refresh_from_db()
    if not first and offer.state == state:
        return offer
    if not first:
        raise OfferOver(f"it is {offer.state}", state=offer.state)
    one_at_a_time()
    if yes:
        _move(offer, by)
    else:
        _decline(offer, "the customer does not want another store: decide what to do")
    publish(MoveAnswered(**_ids(offer)))
    return offer


def _move(offer: MoveOffer, by: str) -> None:
    """Make the held goods those of a part of the other store."""
    work, reference = work_left(offer.fulfillment), new_id("ful")
    store = offer.store
    ready_at = promise(store=store, lead_minutes=work.lead_minutes)
    ready_at = max(ready_at, offer.promised_at)
    hold = find_hold(reference=offer.hold_id, channel=offer.order.channel)
    convert_hold(hold=hold, reference=reference, lines=work.goods, promised_at=ready_at)
    agreed = agree(offer.fulfillment, store, reference, ready_at, work.lead_minutes)
    told = chosen_by(by, store) | {"after": offer.fulfillment.public_id, "offer": offer.public_id}
    hand_over(work, store=store, agreed=agreed, told=told)


def _decline(offer: MoveOffer, note: str) -> None:
    with suppress(NotFound):
        release_hold(hold=find_hold(reference=offer.hold_id, channel=offer.order.channel))
    lift_waiting(offer.order)
    if offer.order.status == OrderStatus.OPEN:
        wait_for_person(offer.fulfillment, note=note)


def withdraw_offers(order: Order) -> None:
    """Take back what the customer has not answered: something else was decided. As ``answer``."""
    waiting = MoveOffer.objects.filter(order=order, state=MoveOffer.State.OPEN)
    for offer in waiting.order_by("pk"):
        _end(offer, MoveOffer.State.WITHDRAWN, "")


def lapse_offers() -> int:
    """End the offers whose time is over: silence means no. Returns how many."""
    ended = 0
    due = MoveOffer.objects.filter(state=MoveOffer.State.OPEN, answer_by__lte=clock.now())
    for offer in due.select_related("order").order_by("answer_by")[:SWEEP_BATCH]:
        with transaction.atomic():
            lock_parts(offer.order_id)
            ended += _end(offer, MoveOffer.State.LAPSED, "the customer has not answered: decide")
    return ended


def _end(offer: MoveOffer, state: str, note: str) -> bool:
    still_open = MoveOffer.objects.filter(pk=offer.pk, state=MoveOffer.State.OPEN)
    if not still_open.update(state=state, answered_at=clock.now()):
        return False
    offer.refresh_from_db()
    one_at_a_time()
    if note:
        _decline(offer, note)
    else:
        with suppress(NotFound):
            release_hold(hold=find_hold(reference=offer.hold_id, channel=offer.order.channel))
    publish(MoveAnswered(**_ids(offer)))
    return True


def _errand(work: Work) -> Errand:
    """Around the store that could not; of its brand, and of whoever placed the order, only."""
    store, reach = work.ended.store, reach_of(work.ended.order)
    kin = Store.objects.filter(brand=store.brand_id, active=True)
    return Errand(
        channel=work.ended.order.channel,
        lines=work.goods,
        near=Point(store.latitude, store.longitude),
        allowed_store_ids=list(
            (kin if reach is None else kin.filter(pk__in=reach)).values_list("pk", flat=True)
        ),
        lead_minutes=work.lead_minutes,
        excluded={*turned_down_by(work.ended.order), store.pk},
    )


def _ids(offer: MoveOffer) -> dict[str, int]:
    return {
        "order_id": offer.order_id,
        "fulfillment_id": offer.fulfillment_id,
        "offer_id": offer.pk,
    }
