"""The question about substitutes on the customer's page: what is offered, and what he should know
of it before he says yes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub import clock
from inventory.models import Item
from orders.curbside.pages.moments import Moments
from orders.curbside.pages.money import money
from orders.curbside.pages.words.marks import ALLERGENS, DIETS
from orders.models import FulfillmentOrder, SubstitutionOffer, SubstitutionRound
from orders.substitution.comparing import ALLERGENS_UNKNOWN, DIETS_UNKNOWN
from orders.substitution.errors import AnswerMissing
from orders.substitution.offering import OFFERABLE

FIELD = "answer_"
YES, NO = "yes", "no"


def open_round(fulfillment: FulfillmentOrder) -> SubstitutionRound | None:
    """The question that still waits for an answer, and can be answered."""
    if fulfillment.status not in OFFERABLE:
        return None
    rows = fulfillment.rounds.filter(closed_at__isnull=True, deadline__gt=clock.now())
    return rows.prefetch_related("offers__item", "offers__original", "offers__line").first()


def question_of(
    fulfillment: FulfillmentOrder, *, language: str, moments: Moments
) -> dict[str, Any] | None:
    """The open question in plain values, each offer with all its warnings in words."""
    asked = open_round(fulfillment)
    if asked is None:
        return None
    words, currency = moments.words, fulfillment.order.currency
    return {
        "round": asked.public_id,
        "until": words["ask_until"].format(time=moments.say(asked.deadline)),
        "offers": [_offer(offer, language, words, currency) for offer in asked.offers.all()],
    }


def answers_in(form: Mapping[str, str], asked: SubstitutionRound) -> dict[int, bool]:
    """What the form says to each offer that has no answer yet; raises AnswerMissing."""
    said = {offer.number: form.get(f"{FIELD}{offer.number}") for offer in asked.offers.all()}
    waiting = {offer.number for offer in asked.offers.all() if not offer.outcome}
    given = {number: one == YES for number, one in said.items() if one in (YES, NO)}
    if not waiting <= given.keys():
        raise AnswerMissing
    return given


def units_in_words(units: int, item: Item) -> str:
    """``3 ×`` or ``250 g``."""
    return f"{units} g" if item.unit == "gram" else f"{units} ×"


def _offer(
    offer: SubstitutionOffer, language: str, words: dict[str, str], currency: str
) -> dict[str, Any]:
    """Weighed goods show no price: a gram's would tell nobody anything."""
    price = money(offer.unit_price_minor, currency)
    by_piece = offer.item.unit != "gram"
    accepts = offer.on_silence == SubstitutionOffer.Silence.ACCEPT
    return {
        "number": offer.number,
        "units": units_in_words(offer.units, offer.item),
        "name": offer.item.name_in(language),
        "instead": words["ask_instead"].format(
            units=units_in_words(offer.units, offer.original),
            name=offer.original.name_in(language),
        ),
        "price": words["ask_each"].format(price=price) if by_piece else "",
        "warnings": warnings_in_words(offer.warnings, language, words),
        "silence": words["ask_silence_accept"] if accepts else words["ask_silence_decline"],
        "said": words[f"ask_said_{offer.outcome}"] if offer.outcome else "",
    }


def warnings_in_words(codes: list[str], language: str, words: dict[str, str]) -> list[str]:
    """The codes of ``warnings_of`` as sentences; a mark without a word of its own stays a code."""
    said = []
    if ALLERGENS_UNKNOWN in codes:
        said.append(words["ask_allergens_unknown"])
    if names := _named(codes, "allergen:", ALLERGENS[language]):
        said.append(words["ask_allergens"].format(names=names))
    if DIETS_UNKNOWN in codes:
        said.append(words["ask_diets_unknown"])
    if names := _named(codes, "diet:", DIETS[language]):
        said.append(words["ask_diets"].format(names=names))
    ages = [code.removeprefix("age:") for code in codes if code.startswith("age:")]
    return said + [words["ask_age"].format(age=age) for age in ages]


def _named(codes: list[str], kind: str, names: Mapping[str, str]) -> str:
    marks = [code.removeprefix(kind) for code in codes if code.startswith(kind)]
    return ", ".join(names.get(mark, mark) for mark in marks)
