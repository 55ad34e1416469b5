"""An answer by text: ``OK``, ``NO``, or a word with the numbers of the offers it is for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from hub import clock
from hub.crypto import lookup_hash
from hub.customers.addresses import clean_phone
from hub.customers.errors import InvalidPhone
from hub.errors import HubError
from orders.models import SubstitutionOffer, SubstitutionRound
from orders.substitution.answering import answer_offers
from orders.substitution.offering import OFFERABLE

BY_TEXT = "text"
LONGEST_ANSWER = 60
REMEMBERED = timedelta(hours=24)  # how long after the end somebody is told that it is too late
# None of them is a word that carriers keep for themselves; «yes» and «oui» are only understood.
YES = frozenset({"ok", "okay", "ок", "yes", "oui", "tak", "да", "si", "sí"})
NO = frozenset({"no", "non", "nie", "нет"})

_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"\d{1,3}\Z", re.ASCII)


@dataclass(frozen=True)
class Taken:
    """What came of a text: the question it was for, and whether it was ``taken``, came ``late``,
    or the customer has to ``look`` at the page."""

    asked: SubstitutionRound
    result: str


def read_answer(text: str) -> dict[int, bool] | bool | None:
    """What a text says: to all offers (a truth value), to some by number, or nothing (None)."""
    words = _WORDS.findall(unicodedata.normalize("NFKC", text[:LONGEST_ANSWER]).casefold())
    if len(words) == 1 and words[0] in YES | NO:
        return words[0] in YES
    said: dict[int, bool] = {}
    wanted: bool | None = None
    for word in words:
        if word in YES | NO:
            wanted = word in YES
        elif wanted is None or not _NUMBER.match(word) or said.get(int(word), wanted) != wanted:
            return None
        else:
            said[int(word)] = wanted
    return said or None


def take_text(*, phone: str, text: str) -> Taken | None:
    """Take a text from this number as an answer; None when it is none, or answers no question.

    Offers with a warning are never accepted by text: the warning stands on the page. Where
    several questions are open, the page has to say which is meant.
    """
    said = read_answer(text)
    rounds = _rounds_of(phone)
    if said is None or rounds is None:
        return None
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


def _rounds_of(phone: str) -> QuerySet[SubstitutionRound] | None:
    """The questions to whoever has this number, the newest first; None when it is no number."""
    try:
        number = clean_phone(phone)
    except InvalidPhone:
        return None
    if not number:
        return None
    rounds = SubstitutionRound.objects.select_related("fulfillment").order_by("-pk")
    contact_hash = lookup_hash("phone", number)
    return rounds.filter(fulfillment__order__contact__phone_hash=contact_hash)
