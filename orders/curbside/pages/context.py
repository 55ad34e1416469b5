"""What the customer's page shows, in plain values: the page, its refreshed part and its JSON.

It holds no phone number, e-mail address or postal address of the customer, no full name, and no
number plate.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import translation

from hub import clock
from hub.links.models import Link
from hub.links.services import may_act
from orders.curbside.early import early_ready_at
from orders.curbside.pages.afterwards import complaints_of, rating_of
from orders.curbside.pages.changing import menu_of
from orders.curbside.pages.codes import pin_of, qr_of
from orders.curbside.pages.company import age_of, delegate_of, together_with
from orders.curbside.pages.facts import facts_of, in_line, remaining, steps_of
from orders.curbside.pages.forms import forms_of
from orders.curbside.pages.goods import goods_of, lines_of
from orders.curbside.pages.moments import Moments, moments_of
from orders.curbside.pages.moves import is_over, move_of
from orders.curbside.pages.places import place_of
from orders.curbside.pages.questions import question_of
from orders.curbside.pages.situation import HERE, situation_of, stray_of
from orders.curbside.pages.words import WORDS
from orders.curbside.spots import place_in_line
from orders.curbside.visits import active_visit
from orders.models import FulfillmentOrder, Sign, Visit
from orders.states import BEFORE_READY, LIVE


@dataclass(frozen=True)
class _Look:
    """Who looks at what, when and how."""

    part: FulfillmentOrder
    visit: Visit | None
    link: Link
    moments: Moments
    language: str
    sign: Sign | None


def page_context(
    fulfillment: FulfillmentOrder, *, link: Link, language: str, sign: Sign | None = None
) -> dict[str, Any]:
    """All that is shown, JSON-ready; ``version`` changes whenever anything shown changes.

    ``sign`` is the one the customer scanned, if any.
    """
    words, now = WORDS[language], clock.now()
    visit = active_visit(fulfillment)
    with translation.override(language):
        moments = moments_of(fulfillment.store, now=now, language=language, words=words)
        context = _shown(_Look(fulfillment, visit, link, moments, language, sign))
    context["version"] = hashlib.sha256(json.dumps(context).encode()).hexdigest()[:16]
    _count_down(context["details"], moments)
    return context


def _shown(look: _Look) -> dict[str, Any]:
    part, visit, moments, words = look.part, look.visit, look.moments, look.moments.words
    acts = may_act(look.link)
    question = question_of(part, language=look.language, moments=moments)
    move = move_of(part, moments) if acts else None
    situation = _situation(look, asked=question is not None, moving=move is not None)
    pin, lines = pin_of(part), lines_of(part)
    return {
        "language": look.language,
        "situation": situation,
        "over": is_over(part, live=part.status in LIVE),
        "headline": words[f"head_{situation}"],
        "text": words[f"text_{situation}"],
        "number": words["order"].format(number=part.order.external_id),
        "details": [*facts_of(part, visit, look.link, moments), *_waiting(look)],
        "move": move,
        "question": question if acts else None,
        "astray": _astray(look, situation),
        "pin": pin,
        "qr": qr_of(part, pin),
        "age": age_of(part, lines, moments),
        "together": together_with(part, visit, words),
        "forms": forms_of(part, visit, acts=acts, sign=_own_sign(look), words=words),
        "steps": steps_of(part, moments),
        "store": place_of(part.store, moments),
        "items": goods_of(part, lines, look.language, words),
        "delegate": delegate_of(part, words) if acts else None,
        "changes": menu_of(part, visit, moments) if acts else None,
        "rating": rating_of(part, words),
        "complaints": complaints_of(part, language=look.language, moments=moments),
    }


def _situation(look: _Look, *, asked: bool, moving: bool) -> str:
    if moving:
        return "moving"
    if asked and look.visit is None:
        return "asked"
    return situation_of(look.part, look.visit, look.moments.now)


def _own_sign(look: _Look) -> Sign | None:
    """The sign, if it stands at the order's store."""
    return look.sign if look.sign and look.sign.store_id == look.part.store_id else None


def _waiting(look: _Look) -> list[dict[str, Any]]:
    if look.visit is None or look.visit.status not in HERE:
        return []
    early = look.part.status in BEFORE_READY
    ready_at = early_ready_at(look.part) if early else None
    return in_line(place_in_line(look.visit), ready_at, look.moments)


def _astray(look: _Look, situation: str) -> dict[str, Any] | None:
    """Where the customer is and where his order is; ``asks`` when he has not told us yet."""
    part, sign, words = look.part, look.sign, look.moments.words
    foreign = sign if sign and sign.store_id != part.store_id else None
    if part.status not in LIVE or not (foreign or situation == "wrong_store"):
        return None
    stray = stray_of(part, look.moments.now)
    here = foreign.store if foreign else stray.store if stray else part.store
    return {
        "asks": foreign is not None and (stray is None or stray.store_id != here.pk),
        "sign": foreign.code if foreign else "",
        "here": words["wrong_here"].format(store=here.name),
        "there": words["wrong_there"].format(store=part.store.name),
    }


def _count_down(details: list[dict[str, Any]], moments: Moments) -> None:
    """Say how long it is to what is counted down to: this changes by itself, unlike the version."""
    for fact in details:
        if "until" in fact:
            until = datetime.fromisoformat(fact["until"])
            fact["remaining"] = remaining(until, phrase=fact["phrase"], moments=moments)
