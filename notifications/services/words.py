"""Putting a message into words: a fresh link, the PIN, the store, in the customer's language."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation

from hub import clock
from hub.links.services import READABLE_AFTER_END, link_url, make_link
from notifications.curb import answers_to, other_store
from notifications.models import Message
from notifications.purposes import (
    last_closing,
    last_move,
    last_recall,
    last_round,
    missing_lines,
)
from notifications.wording import Rendered, Wording, render, wording_for
from orders.curbside.aging import age_terms
from orders.curbside.delegates import delegate_of
from orders.curbside.early import early_ready_at
from orders.curbside.pages.moments import Moments, moments_of
from orders.curbside.pages.words import WORDS, language_of
from orders.models import (
    FulfillmentOrder,
    FulfillmentStatus,
    OrderStatus,
    PickupCode,
    SubstitutionOffer,
)
from orders.states import LIVE

LINK_PURPOSE = "pickup"
MOST_NAMED = 3
NAME_CHARACTERS = 24
CHEAPER = str.maketrans({"’": "'", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})


def put_into_words(message: Message, fulfillment: FulfillmentOrder) -> tuple[str, str]:
    """Return title and body, the same on every try of the message, and keep them with it.

    Raises WordingError when a value is missing. Must run in a transaction: the link and the
    words that carry it are kept together or not at all.
    """
    if message.body:
        return message.title, message.body
    wording = wording_for(purpose=message.purpose, channel=message.channel, locale=message.locale)
    words = _write(wording, fulfillment)
    Message.objects.filter(pk=message.pk).update(
        template=wording.name, title=words.title, body=words.body
    )
    return words.title, words.body


def _write(wording: Wording, fulfillment: FulfillmentOrder) -> Rendered:
    store = fulfillment.store
    values = {
        "brand": store.brand.name,
        "store": store.name,
        "address": ", ".join(part for part in (store.street, store.city) if part),
        "order": fulfillment.order.external_id,
        "pin": _pin(fulfillment),
    }
    values |= _questions(wording, fulfillment) | _at_the_curb(wording, fulfillment)
    if "link" in wording.wants:
        values["link"] = link_url(_link(fulfillment))
    words = render(wording, values)
    return words if wording.name.split("@")[0].endswith(".email") else _cheaper(words)


def _cheaper(words: Rendered) -> Rendered:
    """The same with signs that every phone's alphabet has: the others cost a second text."""
    return Rendered(words.title, words.body.translate(CHEAPER))


def _questions(wording: Wording, fulfillment: FulfillmentOrder) -> dict[str, str]:
    """What is asked, what came of it, and until when; only for templates that speak of it."""
    values: dict[str, str] = {}
    language = language_of(wording.locale)
    asked, move = last_round(fulfillment), last_move(fulfillment)
    offers = list(asked.offers.select_related("item", "original")) if asked else []
    if "offers" in wording.wants:
        values["offers"] = _listed(offers, language)
    if "supplied" in wording.wants:
        values["supplied"] = _supplied(offers, language)
    if "missing" in wording.wants:
        lacking = missing_lines(fulfillment)
        values["missing"] = _joined([_short(line.item.name_in(language)) for line in lacking])
    recalled = last_recall(fulfillment) if "goods" in wording.wants else None
    if recalled:
        values["goods"] = _short(recalled.recall.item.name_in(language))
    closing = last_closing(fulfillment) if "closes" in wording.wants else None
    ends = {
        "closes": datetime.fromisoformat(closing.before["closes_at"]) if closing else None,
        "until": move.answer_by if move and "other_store" in wording.wants else None,
        "promised": fulfillment.promised_at,
    }
    if asked and ends["until"] is None:
        ends["until"] = asked.deadline
    with translation.override(language):
        words = WORDS[language]
        moments = moments_of(fulfillment.store, now=clock.now(), language=language, words=words)
        values |= {name: moments.say(moment) for name, moment in ends.items() if moment}
    if move:
        values["other_store"] = move.store.name
    return values


def _at_the_curb(wording: Wording, fulfillment: FulfillmentOrder) -> dict[str, str]:
    """Times, codes and names of the pickup; only those that the template speaks of."""
    values: dict[str, str] = {}
    wants, language = wording.wants, language_of(wording.locale)
    with translation.override(language):
        words = WORDS[language]
        moments = moments_of(fulfillment.store, now=clock.now(), language=language, words=words)
        if "deadline" in wants and fulfillment.expires_at:
            values["deadline"] = moments.say_day(fulfillment.expires_at)
        if "window" in wants and fulfillment.window_start and fulfillment.window_end:
            values["window"] = _window(fulfillment.window_start, fulfillment.window_end, moments)
        if "ready_by" in wants:
            values["ready_by"] = moments.say(early_ready_at(fulfillment))
    if "wrong_store" in wants and (store := other_store(fulfillment)):
        values["wrong_store"] = store.name
    if "age" in wants:
        values["age"] = str(age_terms(fulfillment).minimum_age)
    if "delegate" in wants and (delegate := delegate_of(fulfillment)):
        values |= {"delegate": _short(delegate.name), "code": delegate.code}
    if "answer" in wants:
        values["answer"] = " / ".join(answers_to(fulfillment))
    return values


def _window(start: datetime, end: datetime, moments: Moments) -> str:
    return f"{moments.say_day(start)} – {moments.say_time(end.astimezone(moments.zone).time())}"


def _listed(offers: list[SubstitutionOffer], language: str) -> str:
    """``1) Oat drink; 2) Green tea``: what a text answers by number; the page tells all of it."""
    return _joined([f"{one.number}) {_short(one.item.name_in(language))}" for one in offers])


def _supplied(offers: list[SubstitutionOffer], language: str) -> str:
    """``+ Oat drink; – Green tea``: what comes instead, and what is left out."""
    said = []
    for offer in offers:
        taken = offer.outcome == SubstitutionOffer.Outcome.ACCEPTED
        item = offer.item if taken else offer.original
        said.append(f"{'+' if taken else '-'} {_short(item.name_in(language))}")
    return _joined(said)


def _joined(said: list[str]) -> str:
    more = len(said) - MOST_NAMED
    return "; ".join(said[:MOST_NAMED]) + (f"; +{more}" if more > 0 else "")


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else name[:NAME_CHARACTERS].rstrip() + "."


def _pin(fulfillment: FulfillmentOrder) -> str:
    code: PickupCode | None = getattr(fulfillment, "pickup_code", None)
    return code.pin if code else ""


def _link(fulfillment: FulfillmentOrder) -> str:
    """A link to the pickup; when that is over, one that can only be read, for seven days. While
    its customer may yet send it to another store, it is not over.

    The pickup is locked: one that ends at this moment either sees the link or is seen here.
    """
    subject = f"fulfillment:{fulfillment.pk}"
    rows = FulfillmentOrder.objects.select_for_update(no_key=True)
    fulfillment.refresh_from_db(fields=["status", "completed_at"], from_queryset=rows)
    undecided = (
        fulfillment.status == FulfillmentStatus.REJECTED
        and fulfillment.order.status == OrderStatus.OPEN
    )
    if fulfillment.status in LIVE or undecided:
        return make_link(purpose=LINK_PURPOSE, subject=subject)
    ended = fulfillment.completed_at or clock.now()
    return make_link(
        purpose=LINK_PURPOSE,
        subject=subject,
        read_only_at=ended,
        expires_at=ended + READABLE_AFTER_END,
    )
