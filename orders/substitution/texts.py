"""Answers to substitutes by text, once it is read what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from hub import clock
from hub.errors import HubError
from orders.models import SubstitutionOffer, SubstitutionRound
from orders.substitution.answering import answer_offers
from orders.substitution.offering import OFFERABLE

BY_TEXT = "text"
REMEMBERED = timedelta(hours=24)  # how long after the end somebody is told that it is too late


@dataclass(frozen=True)
class Taken:
    """What came of a text: the question it was for, and whether it was ``taken``, came ``late``,
    or the customer has to ``look`` at the page."""

    asked: SubstitutionRound
    result: str


def take_answer(*, phone_hash: str, said: dict[int, bool] | bool) -> Taken | None:
    """Take yes or no from this phone, to all offers or by their numbers; None when it answers no
    question.

    Offers with a warning are never accepted by text: the warning stands on the page. Where
    several questions are open, the page has to say which is meant.
    """
    rounds = _rounds_of(phone_hash)
    waiting = list(rounds.filter(closed_at__isnull=True, deadline__gt=clock.now()))
    open_rounds = [one for one in waiting if one.fulfillment.status in OFFERABLE]
    if not open_rounds:
        last = rounds.filter(opened_at__gt=clock.now() - REMEMBERED).first()
        return Taken(last, "late") if last else None
    asked = open_rounds[0]
    if len(open_rounds) > 1:
        return Taken(asked, "look")
    return Taken(asked, _answer(asked, said))


def _answer(asked: SubstitutionRound, said: dict[int, bool] | bool) -> str:
    offers = {offer.number: offer for offer in asked.offers.all()}
    if isinstance(said, bool):
        waiting = [offer.number for offer in offers.values() if not offer.outcome]
        said = dict.fromkeys(waiting, said)
    unseen = _accepted_unseen(said, offers.values())
    answers = {number: wanted for number, wanted in said.items() if number not in unseen}
    try:
        if answers:
            answer_offers(asked=asked, answers=answers, by=BY_TEXT)
    except HubError:
        return "look"
    return "look" if unseen else "taken"


def _accepted_unseen(said: dict[int, bool], offers: Iterable[SubstitutionOffer]) -> frozenset[int]:
    warned = {offer.number for offer in offers if offer.warnings}
    return frozenset(number for number, wanted in said.items() if wanted and number in warned)


def _rounds_of(phone_hash: str) -> QuerySet[SubstitutionRound]:
    """The questions to whoever has this number, the newest first."""
    if not phone_hash:
        return SubstitutionRound.objects.none()
    rounds = SubstitutionRound.objects.select_related("fulfillment").order_by("-pk")
    return rounds.filter(fulfillment__order__contact__phone_hash=phone_hash)
