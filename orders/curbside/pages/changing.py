"""What the customer may change of his pickup: the short list on the page, and its own page with
all there is to choose from, which takes looking for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.formats import date_format

from hub import clock
from hub.customers.preferences import ranked_channels
from orders.curbside.changes import Changes, LineChoice, StoreChoice, offers_of
from orders.curbside.pages.company import delegate_of
from orders.curbside.pages.moments import Moments, moments_of
from orders.curbside.pages.questions import units_in_words
from orders.curbside.pages.words import WORDS
from orders.curbside.visits import EXPECTED
from orders.models import FulfillmentOrder, Visit
from orders.promise.windows import Window
from orders.states import LIVE

MOST_WINDOWS = 30
CHANNELS = ["sms", "email", "sms email"]


def menu_of(
    fulfillment: FulfillmentOrder, visit: Visit | None, moments: Moments
) -> dict[str, Any] | None:
    """What is open to be changed; None when the pickup is over."""
    if fulfillment.status not in LIVE:
        return None
    offers, words = offers_of(fulfillment, choices=False), moments.words
    open_ones = {"window": offers.window, "store": offers.store, "cancel": offers.lines}
    names = [name for name, is_open in open_ones.items() if is_open] + ["delegate", "tell"]
    here = visit is not None and visit.status not in EXPECTED
    keep = moments.say(offers.keep_until) if offers.keep_until and not here else ""
    return {
        "keep_until": words["extend_until"].format(time=keep) if keep else "",
        "menu": [{"name": name, "label": words[f"{name}_title"]} for name in names],
    }


def changes_context(fulfillment: FulfillmentOrder, *, language: str) -> dict[str, Any]:
    """All that can be chosen now, in plain values."""
    words = WORDS[language]
    with translation.override(language):
        moments = moments_of(fulfillment.store, now=clock.now(), language=language, words=words)
        offers = offers_of(fulfillment)
        choices = _choices(fulfillment, offers, language, moments)
    return {
        "language": language,
        "number": words["order"].format(number=fulfillment.order.external_id),
        "store": {"name": fulfillment.store.name},
        "choices": choices,
        "delegate": delegate_of(fulfillment, words),
    }


def _choices(
    fulfillment: FulfillmentOrder, offers: Changes, language: str, moments: Moments
) -> dict[str, Any]:
    return {
        "days": _days(offers.windows[:MOST_WINDOWS], moments),
        "stores": [_store(one, moments) for one in offers.stores],
        "lines": [_line(one, language, moments.words) for one in offers.line_choices],
        "channels": _channels(fulfillment, moments.words),
    }


def _days(windows: Sequence[Window], moments: Moments) -> list[dict[str, Any]]:
    """The windows in the store's days, as their times alone."""
    days: dict[date, list[dict[str, str]]] = {}
    for window in windows:
        start, end = (moment.astimezone(moments.zone) for moment in (window.start, window.end))
        span = f"{moments.say_time(start.time())} – {moments.say_time(end.time())}"
        days.setdefault(start.date(), []).append({"value": window.start.isoformat(), "label": span})
    form = moments.words["date"]
    return [{"day": date_format(day, form), "windows": found} for day, found in days.items()]


def _store(store: StoreChoice, moments: Moments) -> dict[str, str]:
    kilometres = f"{store.metres / 1000:.1f}"
    return {
        "value": store.id,
        "name": store.name,
        "address": ", ".join(filter(None, [store.street, store.city])),
        "distance": moments.words["store_distance"].format(kilometres=kilometres),
        "ready": moments.words["store_ready"].format(time=moments.say(store.ready_at)),
    }


def _line(line: LineChoice, language: str, words: dict[str, str]) -> dict[str, Any]:
    return {
        "number": line.number,
        "name": line.item.name_in(language),
        "most": line.units,
        "of": words["cancel_of"].format(units=units_in_words(line.units, line.item)),
    }


def _channels(fulfillment: FulfillmentOrder, words: dict[str, str]) -> list[dict[str, Any]]:
    """The ways there are to tell this customer: none to choose where there is one address."""
    contact = fulfillment.order.contact
    has = {"sms": bool(contact.phone_hash), "email": bool(contact.email_hash)}
    ways = [way for way in CHANNELS if all(has[name] for name in way.split())]
    chosen = " ".join(ranked_channels(fulfillment.order.profile))
    return [
        {
            "value": way,
            "label": words[f"tell_{way.replace(' ', '_')}"],
            "chosen": way == chosen,
        }
        for way in (ways if len(ways) > 1 else [])
    ]
