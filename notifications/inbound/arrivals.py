"""HERE, OMW, LATE and WHERE, as they are done for one part; and asking which part is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notifications.curb import COMING_EARLY, HERE_NOTED
from notifications.inbound import questions, replies
from notifications.inbound.answering import in_language, moments_for, page_of, reply
from notifications.inbound.said import Kind, Said
from notifications.inbound.senders import Sender
from notifications.purposes import fulfillment_of
from notifications.services.writing import write_message
from orders.curbside.errors import EtaOutOfRange, PickupOver
from orders.curbside.hearing import arrive_by_text, delay_by_text, expect_by_text
from orders.curbside.pages.places import place_of
from orders.curbside.pages.words import WORDS, language_of
from orders.curbside.spots import all_spots
from orders.curbside.visits import EXPECTED, active_visit
from orders.curbside.visits.coming import MOST_MINUTES
from orders.models import FulfillmentOrder, Visit

MOST_ASKED = 4
MOST_STORES = 2
USUAL_MINUTES = 20  # of a way whose length nobody said
USUAL_DELAY = 10


def come(sender: Sender, said: Said, call: str) -> None:
    """Do what he said about coming for what waits for him; ask which, or say that nothing does."""
    parts = sender.choices
    if not parts:
        say_nothing_waits(sender, call)
    elif said.kind == Kind.WHERE:
        for part in list({part.store_id: part for part in parts}.values())[:MOST_STORES]:
            tell_where(sender, part, call)
    elif len(parts) > 1:
        ask_which(sender, said, parts, call)
    else:
        act(sender, said, parts[0], call)


def act(sender: Sender, said: Said, part: FulfillmentOrder, call: str) -> None:
    """Do what he said for this part. Over by now, it is said so."""
    try:
        if said.kind == Kind.HERE:
            _be_here(sender, said, part, call)
        elif said.kind == Kind.WHERE:
            tell_where(sender, part, call)
        else:
            _be_expected(sender, said, part, call)
    except PickupOver:
        say_nothing_waits(sender, call)


def ask_which(sender: Sender, said: Said, parts: Sequence[FulfillmentOrder], call: str) -> None:
    """Ask which order is meant; the number that answers does what was said.

    His own words for a place are asked for again: a question keeps no personal data.
    """
    some = list(parts)[:MOST_ASKED]
    options = [
        {"part": part.pk, "act": said.kind, "spot": said.spot, "minutes": said.minutes}
        for part in some
    ]
    questions.ask(
        phone_hash=sender.phone_hash,
        kind=questions.Kind.ORDER,
        subject=f"call:{call}",
        options=options,
        instead=True,
    )
    listed = [
        f"{number}) {part.order.external_id}, {part.store.name}"
        for number, part in enumerate(some, start=1)
    ]
    reply(sender, replies.WHICH_ORDER, dedupe=call, options="; ".join(listed))


def said_in(option: dict[str, Any]) -> Said:
    """What somebody said before he was asked which order he means."""
    return Said(
        kind=Kind(option["act"]), spot=option.get("spot") or "", minutes=option.get("minutes")
    )


def take_spot(sender: Sender, spot: str, part: FulfillmentOrder, call: str) -> bool:
    """Let him stand at the spot he was asked for; False when it cannot be his."""
    arrived = arrive_by_text(fulfillment=part, spot=spot)
    if arrived.refused:
        _ask_spot(sender, spot, part, call)
        return False
    reply(sender, replies.SPOT_NOTED, dedupe=call, part=part, spot=spot)
    return True


def say_nothing_waits(sender: Sender, call: str) -> None:
    """Why nobody can be here: it is collected, nothing waits, or nobody knows the number."""
    collected = sender.newest if sender.has_collected else None
    if collected:
        reply(sender, replies.COLLECTED, dedupe=call, part=collected, link=page_of(collected))
    elif sender.is_known:
        reply(sender, replies.NOTHING_WAITS, dedupe=call)
    else:
        reply(sender, replies.UNKNOWN_SENDER, dedupe=call)


def tell_where(sender: Sender, part: FulfillmentOrder, call: str) -> None:
    """Where the goods are, when somebody is there today, and the page with the way."""
    locale = sender.locale
    with in_language(locale):
        place = place_of(part.store, moments_for(part, locale))
    closed = WORDS[language_of(locale)]["closed_today"]
    address = ", ".join(filter(None, (place["street"], place["city"])))
    reply(
        sender,
        replies.WHERE,
        dedupe=f"{call}:{part.store_id}",
        part=part,
        address=address,
        hours=", ".join(place["hours"]) or closed,
        link=page_of(part),
    )


def _be_here(sender: Sender, said: Said, part: FulfillmentOrder, call: str) -> None:
    arrived = arrive_by_text(fulfillment=part, spot=said.spot, place=said.place)
    if arrived.refused:
        _ask_spot(sender, said.spot, part, call)
    elif not arrived.before:
        _welcome(sender, part, arrived.visit)
    elif said.spot:
        reply(sender, replies.SPOT_NOTED, dedupe=call, part=part, spot=said.spot)
    elif said.place:
        reply(sender, replies.PLACE_NOTED, dedupe=call, part=part)
    else:
        reply(sender, replies.ALREADY_HERE, dedupe=call, part=part)


def _welcome(sender: Sender, part: FulfillmentOrder, visit: Visit) -> None:
    """Who has just come hears it; asked where he stands, he may answer with a number."""
    subject = f"fulfillment:{part.pk}"
    fresh = fulfillment_of(subject)
    if fresh and HERE_NOTED.holds(fresh):
        write_message(purpose=HERE_NOTED, subject=subject)
    if not visit.spot_id and not visit.place and all_spots(part.store):
        _expect_spot(sender, part)


def _ask_spot(sender: Sender, spot: str, part: FulfillmentOrder, call: str) -> None:
    _expect_spot(sender, part)
    reply(sender, replies.WHICH_SPOT, dedupe=call, part=part, spot=spot)


def _expect_spot(sender: Sender, part: FulfillmentOrder) -> None:
    questions.ask(
        phone_hash=sender.phone_hash,
        kind=questions.Kind.SPOT,
        subject=f"fulfillment:{part.pk}",
        instead=True,
    )


def _be_expected(sender: Sender, said: Said, part: FulfillmentOrder, call: str) -> None:
    is_new = active_visit(part) is None
    try:
        if said.kind == Kind.LATE:
            minutes = USUAL_DELAY if said.minutes is None else said.minutes
            visit = delay_by_text(fulfillment=part, minutes=minutes)
        else:
            minutes = USUAL_MINUTES if said.minutes is None else said.minutes
            visit = expect_by_text(fulfillment=part, minutes=minutes)
    except EtaOutOfRange:
        reply(sender, replies.MINUTES, dedupe=call, most=str(MOST_MINUTES))
        return
    if visit.status not in EXPECTED:
        reply(sender, replies.ALREADY_HERE, dedupe=call, part=part)
    elif visit.eta and not (
        is_new and COMING_EARLY.holds(part)
    ):  # which is told in a text of its own
        moments = moments_for(part, sender.locale)
        with in_language(sender.locale):
            time = moments.say_time(visit.eta.astimezone(moments.zone).time())
        reply(sender, replies.ON_MY_WAY, dedupe=call, part=part, time=time)
