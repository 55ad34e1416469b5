"""What the customer says to a question, or what his silence says for him."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from hub import clock
from hub.events.catalog import FulfillmentAmended, SubstitutesAnswered
from hub.events.outbox import publish
from hub.trace import actor
from inventory.errors import InsufficientStock, NotThatMany
from inventory.models import Allocation
from inventory.services.allocations import allocate
from inventory.services.availability import available
from inventory.services.regrouping import allocate_more
from orders.actions import ACTOR_CHARACTERS, lock_parts
from orders.blocks import lift_block
from orders.bringing import lacking
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    SubstitutionOffer,
    SubstitutionRound,
)
from orders.models.substitution import SILENCE
from orders.substitution.errors import AnsweredOtherwise, RoundOver, UnknownOffer
from orders.substitution.offering import OFFERABLE

SWEEP_BATCH = 200

Outcome = SubstitutionOffer.Outcome


@transaction.atomic
def answer_offers(
    *, asked: SubstitutionRound, answers: Mapping[int, bool], by: str = ""
) -> SubstitutionRound:
    """Take the answers: an offer's number → whether the customer wants it.

    What he wants is set aside and becomes a line beside the one it stands for; what he does not
    want stays short. What is not answered yet stays open until the deadline; with the last
    answer the question is closed, its block lifted and SubstitutesAnswered published. The same
    answers again change nothing. Raises UnknownOffer, AnsweredOtherwise when an offer has
    another answer, and RoundOver after the deadline or when the part has moved on; then nothing
    is changed. ``by`` is who speaks, if not the one who acts.
    """
    part = _lock(asked)
    offers = _offers_of(asked)
    if not answers or not offers.keys() >= answers.keys():
        raise UnknownOffer
    fresh = {number for number in answers if not offers[number].outcome}
    _check_said(offers, answers)
    if not fresh:
        return asked
    if asked.closed_at or clock.now() >= asked.deadline or part.status not in OFFERABLE:
        raise RoundOver
    who = (by or actor())[:ACTOR_CHARACTERS]
    for number, offer in offers.items():
        if number in fresh:
            _settle(part, offer, wanted=answers[number], by=who)
    _close_if_done(part, asked, by=who)
    return asked


@transaction.atomic
def withdraw_offers(*, asked: SubstitutionRound) -> SubstitutionRound:
    """Ask no more: what is not answered is withdrawn, its lines stay short. Repeatable."""
    part = _lock(asked)
    if asked.closed_at is None:
        _withdraw(asked)
        _close_if_done(part, asked, by=actor()[:ACTOR_CHARACTERS])
    return asked


def close_overdue() -> int:
    """Let silence answer every question whose time is up; returns how many were closed.

    What a customer lets pass is taken only where the offer says so: when he had said «take what
    fits», and there is nothing that he would have to know first.
    """
    due = SubstitutionRound.objects.filter(closed_at__isnull=True, deadline__lte=clock.now())
    waiting = due.select_related("fulfillment").order_by("deadline")[:SWEEP_BATCH]
    return sum(_close_by_silence(asked) for asked in waiting)


@transaction.atomic
def _close_by_silence(asked: SubstitutionRound) -> bool:
    part = _lock(asked)
    if asked.closed_at:
        return False
    if part.status not in OFFERABLE:
        _withdraw(asked)
    for offer in _offers_of(asked).values():
        if not offer.outcome:
            wanted = offer.on_silence == SubstitutionOffer.Silence.ACCEPT
            _settle(part, offer, wanted=wanted, by=SILENCE)
    _close_if_done(part, asked, by=SILENCE)
    return True


def _lock(asked: SubstitutionRound) -> FulfillmentOrder:
    """Let nobody else act on the order until the transaction ends; both rows are then fresh."""
    part = FulfillmentOrder.objects.select_related("order__channel", "store").get(
        pk=asked.fulfillment_id
    )
    lock_parts(part.order_id)
    part.refresh_from_db(fields=["status", "version", "promised_at"])
    asked.refresh_from_db()
    return part


def _offers_of(asked: SubstitutionRound) -> dict[int, SubstitutionOffer]:
    """The offers by number, in the order in which the stock of their items is locked."""
    offers = asked.offers.select_related("line__order_line", "item").order_by("item_id")
    return {offer.number: offer for offer in offers}


def _check_said(offers: Mapping[int, SubstitutionOffer], answers: Mapping[int, bool]) -> None:
    taken = {Outcome.ACCEPTED, Outcome.GONE}
    other = sorted(
        number
        for number, wanted in answers.items()
        if offers[number].outcome and (offers[number].outcome in taken) != wanted
    )
    if other:
        raise AnsweredOtherwise(numbers=other)


def _settle(part: FulfillmentOrder, offer: SubstitutionOffer, *, wanted: bool, by: str) -> None:
    supplied = _supply(part, offer) if wanted else None
    outcome = Outcome.DECLINED if not wanted else Outcome.ACCEPTED if supplied else Outcome.GONE
    SubstitutionOffer.objects.filter(pk=offer.pk, outcome="").update(
        outcome=outcome, supplied=supplied, answered_at=clock.now(), answered_by=by
    )


def _supply(part: FulfillmentOrder, offer: SubstitutionOffer) -> FulfillmentLine | None:
    """The new line with its units set aside; None when they are gone, or canceled meanwhile."""
    units = min(offer.units, lacking(offer.line.order_line))
    if units <= 0:
        return None
    try:
        with transaction.atomic():
            _set_aside(part, offer.item_id, units)
    except (InsufficientStock, NotThatMany):
        return None
    return FulfillmentLine.objects.create(
        fulfillment=part,
        order_line=offer.line.order_line,
        item=offer.item,
        stands_for=offer.line,
        allocated=units,
        unit_price_minor=offer.unit_price_minor,
    )


def _set_aside(part: FulfillmentOrder, item_id: int, units: int) -> None:
    """Raises InsufficientStock or NotThatMany. Of what the part has for another line already, more
    is taken, as far as sites may sell it."""
    channel, store_id = part.order.channel, part.store_id
    if not Allocation.objects.filter(reference=part.public_id, item=item_id).exists():
        allocate(
            reference=part.public_id,
            channel=channel,
            store=part.store,
            lines={item_id: units},
            promised_at=part.promised_at,
        )
        return
    there = available(channel=channel, store_ids=[store_id], item_ids=[item_id])
    if there[store_id, item_id].atp < units:
        raise InsufficientStock([])
    allocate_more(reference=part.public_id, item_id=item_id, units=units)


def _withdraw(asked: SubstitutionRound) -> None:
    asked.offers.filter(outcome="").update(
        outcome=Outcome.WITHDRAWN, answered_at=clock.now(), answered_by=actor()[:ACTOR_CHARACTERS]
    )


def _close_if_done(part: FulfillmentOrder, asked: SubstitutionRound, *, by: str) -> None:
    ids = {"order_id": part.order_id, "fulfillment_id": part.pk}
    rows = FulfillmentOrder.objects.filter(pk=part.pk)
    if asked.offers.filter(outcome="").exists():
        rows.update(version=F("version") + 1)
        return
    SubstitutionRound.objects.filter(pk=asked.pk).update(closed_at=clock.now(), closed_by=by)
    asked.refresh_from_db()
    if asked.block:
        lift_block(block=asked.block)
    publish(SubstitutesAnswered(round_id=asked.pk, **ids))
    if asked.offers.filter(outcome=Outcome.ACCEPTED).exists():
        publish(FulfillmentAmended(**ids))
