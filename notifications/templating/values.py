"""What templates can say of a pickup, and how each of it reads in the customer's language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.utils import translation

from hub import clock
from notifications.happened import answers_to, other_store
from notifications.inbound.replies import REPLIES
from notifications.purposes import (
    last_closing,
    last_move,
    last_recall,
    last_round,
    missing_lines,
)
from notifications.wording import shipped_wordings
from orders.curbside.aging import age_terms
from orders.curbside.delegates import delegate_of
from orders.curbside.early import early_ready_at
from orders.curbside.pages.moments import Moments, moments_of
from orders.curbside.pages.words import WORDS, language_of
from orders.models import FulfillmentOrder, PickupCode, SubstitutionOffer

MOST_NAMED = 3
NAME_CHARACTERS = 24
# Every message about a pickup may write these; they have a value always, but for the link's.
ALWAYS = frozenset({"brand", "store", "address", "order", "link"})
# Every such message may ask for these.
SOMETIMES = frozenset({"pin", "deadline", "window", "promised", "phone"})


def purpose_variables(purpose: str) -> frozenset[str]:
    """The names that templates of this purpose may use, whether they have a value or not."""
    if purpose in REPLIES:
        return REPLIES[purpose].variables
    return ALWAYS | SOMETIMES | _shipped_names(purpose)


def certain_variables(purpose: str) -> frozenset[str]:
    """Those of them that are sure to have a value, so that they need not be asked for first."""
    if purpose in REPLIES:
        return REPLIES[purpose].variables
    return ALWAYS | _shipped_names(purpose)


@cache
def _shipped_names(purpose: str) -> frozenset[str]:
    """What the hub's own wordings of the purpose write is what it can rely on."""
    found = [one for key, one in shipped_wordings().items() if key[1] == purpose]
    return frozenset(name for one in found for name in one.title.always | one.body.always)


def values_of(part: FulfillmentOrder, *, wants: Collection[str], locale: str) -> dict[str, str]:
    """The values of the wanted names, the link's aside; empty for what the pickup has not.

    Names that no pickup knows are left out.
    """
    language = language_of(locale)
    with translation.override(language):
        moments = moments_of(part.store, now=clock.now(), language=language, words=WORDS[language])
        telling = _Telling(part, moments, language)
        return {name: _VALUES[name](telling) for name in wants if name in _VALUES}


@dataclass(frozen=True)
class _Telling:
    """A pickup, and the way to say times and names to its customer."""

    part: FulfillmentOrder
    moments: Moments
    language: str

    def say(self, moment: datetime | None) -> str:
        return self.moments.say(moment) if moment else ""

    def say_day(self, moment: datetime | None) -> str:
        return self.moments.say_day(moment) if moment else ""

    def offers(self) -> list[SubstitutionOffer]:
        asked = last_round(self.part)
        return list(asked.offers.select_related("item", "original")) if asked else []


def _address(of: _Telling) -> str:
    store = of.part.store
    return ", ".join(piece for piece in (store.street, store.city) if piece)


def _pin(of: _Telling) -> str:
    code: PickupCode | None = getattr(of.part, "pickup_code", None)
    return code.pin if code else ""


def _until(of: _Telling) -> str:
    """When an answer must have come: to a move that is offered, else to the last question."""
    move, asked = last_move(of.part), last_round(of.part)
    if move and (asked is None or move.made_at > asked.opened_at):
        return of.say(move.answer_by)
    return of.say(asked.deadline if asked else None)


def _other_store(of: _Telling) -> str:
    move = last_move(of.part)
    return move.store.name if move else ""


def _wrong_store(of: _Telling) -> str:
    store = other_store(of.part)
    return store.name if store else ""


def _closes(of: _Telling) -> str:
    closing = last_closing(of.part)
    return of.say(datetime.fromisoformat(closing.before["closes_at"])) if closing else ""


def _window(of: _Telling) -> str:
    start, end = of.part.window_start, of.part.window_end
    if not (start and end):
        return ""
    last = of.moments.say_time(end.astimezone(of.moments.zone).time())
    return f"{of.moments.say_day(start)} – {last}"


def _offers(of: _Telling) -> str:
    """``1) Oat drink; 2) Green tea``: what a text answers by number; the page tells all of it."""
    said = [f"{one.number}) {_short(one.item.name_in(of.language))}" for one in of.offers()]
    return _joined(said)


def _supplied(of: _Telling) -> str:
    """``+ Oat drink; – Green tea``: what comes instead, and what is left out."""
    said = []
    for offer in of.offers():
        taken = offer.outcome == SubstitutionOffer.Outcome.ACCEPTED
        item = offer.item if taken else offer.original
        said.append(f"{'+' if taken else '-'} {_short(item.name_in(of.language))}")
    return _joined(said)


def _missing(of: _Telling) -> str:
    return _joined([_short(line.item.name_in(of.language)) for line in missing_lines(of.part)])


def _goods(of: _Telling) -> str:
    recalled = last_recall(of.part)
    return _short(recalled.recall.item.name_in(of.language)) if recalled else ""


def _delegate(of: _Telling) -> str:
    delegate = delegate_of(of.part)
    return _short(delegate.name) if delegate else ""


def _code(of: _Telling) -> str:
    delegate = delegate_of(of.part)
    return delegate.code if delegate else ""


def _joined(said: list[str]) -> str:
    more = len(said) - MOST_NAMED
    return "; ".join(said[:MOST_NAMED]) + (f"; +{more}" if more > 0 else "")


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else name[:NAME_CHARACTERS].rstrip() + "."


_VALUES: Mapping[str, Callable[[_Telling], str]] = {
    "brand": lambda of: of.part.store.brand.name,
    "store": lambda of: of.part.store.name,
    "address": _address,
    "phone": lambda of: of.part.store.phone,
    "order": lambda of: of.part.order.external_id,
    "pin": _pin,
    "promised": lambda of: of.say(of.part.promised_at),
    "deadline": lambda of: of.say_day(of.part.expires_at),
    "window": _window,
    "ready_by": lambda of: of.say(early_ready_at(of.part)),
    "until": _until,
    "other_store": _other_store,
    "wrong_store": _wrong_store,
    "closes": _closes,
    "offers": _offers,
    "supplied": _supplied,
    "missing": _missing,
    "goods": _goods,
    "age": lambda of: str(age_terms(of.part).minimum_age or ""),
    "delegate": _delegate,
    "code": _code,
    "answer": lambda of: " / ".join(answers_to(of.part)),
}
