"""What the customer's page shows, in plain values: the page and its refreshed part share it.

It holds no phone number, e-mail address or postal address of the customer, no name, and nothing
about the car.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils import translation

from hub import clock
from hub.links.models import Link
from hub.links.services import may_act
from hub.stores.calendar import Calendar
from hub.stores.models import Store
from hub.stores.services import calendar_of
from orders.curbside.pages.moments import Moments, moments_of
from orders.curbside.pages.money import money
from orders.curbside.pages.moves import is_over, move_of
from orders.curbside.pages.questions import question_of, units_in_words
from orders.curbside.pages.words import NAMES, WORDS
from orders.curbside.spots import spots_of
from orders.curbside.visits import EXPECTED, PLACE_CHARACTERS, VEHICLE_CHARACTERS, active_visit
from orders.models import FulfillmentOrder, FulfillmentStatus, PickupCode, Visit, VisitStatus
from orders.refunds import price_of
from orders.states import BEFORE_READY, LIVE

MINUTES = [5, 10, 15, 20, 30, 45]
USUAL_MINUTES = 15
HERE = frozenset({VisitStatus.ARRIVED, VisitStatus.BEING_SERVED})


def page_context(fulfillment: FulfillmentOrder, *, link: Link, language: str) -> dict[str, Any]:
    """Everything the templates need; ``version`` changes whenever anything shown changes."""
    words, now = WORDS[language], clock.now()
    visit = active_visit(fulfillment)
    with translation.override(language):
        moments = moments_of(fulfillment.store, now=now, language=language, words=words)
        question = question_of(fulfillment, language=language, moments=moments)
        situation = situation_of(fulfillment, visit, now)
        if question and visit is None:
            situation = "asked"
        move = move_of(fulfillment, moments) if may_act(link) else None
        if move:
            situation = "moving"
        context: dict[str, Any] = {
            "language": language,
            "situation": situation,
            "over": is_over(fulfillment, live=fulfillment.status in LIVE),
            "move": move,
            "headline": words[f"head_{situation}"],
            "text": words[f"text_{situation}"],
            "number": words["order"].format(number=fulfillment.order.external_id),
            "details": _details(fulfillment, visit, link, moments),
            "pin": _pin(fulfillment),
            "steps": _steps(fulfillment, moments),
            "question": question if may_act(link) else None,
            "forms": _forms(fulfillment, visit, link, words),
            "store": _store(fulfillment.store, moments),
            "items": _items(fulfillment, language, words),
        }
    context["version"] = hashlib.sha256(json.dumps(context).encode()).hexdigest()[:16]
    return context | {"w": words, "languages": NAMES}


def situation_of(fulfillment: FulfillmentOrder, visit: Visit | None, now: datetime) -> str:
    """One word for what the customer should know first; headline and text hang on it."""
    status = str(fulfillment.status)
    coming = visit is not None and visit.status in EXPECTED
    here = visit is not None and visit.status in HERE
    if status == FulfillmentStatus.READY:
        served = visit is not None and visit.status == VisitStatus.BEING_SERVED
        return "served" if served else "here" if here else "coming" if coming else "ready"
    if status in BEFORE_READY:
        late = now > fulfillment.promised_at
        waiting = "late" if late else "preparing"
        return "here_early" if here else "coming_early" if coming else waiting
    return status


def _details(
    fulfillment: FulfillmentOrder, visit: Visit | None, link: Link, moments: Moments
) -> list[dict[str, str]]:
    """Labelled facts below the headline, those that hold now."""
    status = fulfillment.status
    before = status in BEFORE_READY and moments.now <= fulfillment.promised_at
    waiting = status == FulfillmentStatus.READY and (visit is None or visit.status in EXPECTED)
    said: list[tuple[str, datetime | str | None]] = [
        ("window", _window(fulfillment, moments) if before or waiting else None),
        ("promised", fulfillment.promised_at if before and not fulfillment.window_start else None),
        ("expires", fulfillment.expires_at if waiting else None),
        ("expected", visit.eta if visit and visit.status in EXPECTED else None),
        ("your_spot", visit.spot.label if visit and visit.spot else None),
        ("your_place", visit.place if visit else None),
        ("collected_at", fulfillment.completed_at),
        ("readable", link.expires_at if is_over(fulfillment, live=status in LIVE) else None),
    ]
    return [
        {
            "name": name,
            "label": moments.words[name],
            "value": value if isinstance(value, str) else moments.say(value),
        }
        for name, value in said
        if value
    ]


def _window(fulfillment: FulfillmentOrder, moments: Moments) -> str | None:
    """When the customer means to come, as long as that is not over."""
    start, end = fulfillment.window_start, fulfillment.window_end
    if start is None or end is None or end < moments.now:
        return None
    return f"{moments.say(start)} – {moments.say_time(end.astimezone(moments.zone).time())}"


def _pin(fulfillment: FulfillmentOrder) -> str:
    if fulfillment.status != FulfillmentStatus.READY:
        return ""
    code = PickupCode.objects.filter(fulfillment=fulfillment).first()
    return code.pin if code else ""


def _steps(fulfillment: FulfillmentOrder, moments: Moments) -> list[dict[str, str]]:
    """The way of the order, with a state (done, now, later) and a time for what has happened."""
    status = str(fulfillment.status)
    if status not in LIVE and status != FulfillmentStatus.COMPLETED:
        over = is_over(fulfillment, live=False)
        reached, names = 1, ["placed", "stopped"] if over else ["placed"]
    else:
        reached = 1 if status in BEFORE_READY else 2 if status in LIVE else 4
        names = ["placed", "preparing", "ready", "completed"]
    times = {
        "placed": fulfillment.order.placed_at,
        "preparing": fulfillment.accepted_at,
        "ready": fulfillment.ready_at,
        "completed": fulfillment.completed_at,
    }
    steps = []
    for place, name in enumerate(names):
        at = times.get(name)
        steps.append(
            {
                "label": moments.words[f"step_{name}"],
                "state": "done" if place < reached else "now" if place == reached else "later",
                "time": moments.say(at) if at else "",
            }
        )
    return steps


def _forms(
    fulfillment: FulfillmentOrder, visit: Visit | None, link: Link, words: dict[str, str]
) -> dict[str, Any]:
    """Which forms are open to the customer now, and what they offer."""
    acts = may_act(link) and fulfillment.status in LIVE
    coming = visit is not None and visit.status in EXPECTED
    here = acts and (coming or visit is None or visit.status == VisitStatus.ARRIVED)
    own = visit.spot_id if visit else None
    return {
        "way": acts and (coming or visit is None),
        "way_again": coming,
        "here": here,
        "here_again": visit is not None and not coming,
        "here_first": visit is not None,
        "here_folded": visit is None and fulfillment.status in BEFORE_READY,
        "minutes": [
            {
                "value": minutes,
                "label": words["minutes"].format(count=minutes),
                "usual": minutes == USUAL_MINUTES,
            }
            for minutes in MINUTES
        ],
        "place_characters": PLACE_CHARACTERS,
        "vehicle_characters": VEHICLE_CHARACTERS,
        "spots": [
            {
                "label": spot.label,
                "accessible": spot.accessible,
                "oversize": spot.oversize,
                "taken": taken and spot.pk != own,
                "own": spot.pk == own,
            }
            for spot, taken in (spots_of(fulfillment.store) if here else [])
        ],
    }


def _store(store: Store, moments: Moments) -> dict[str, Any]:
    place = f"{store.latitude:.5f}", f"{store.longitude:.5f}"
    return {
        "name": store.name,
        "street": store.street,
        "city": f"{store.postal_code} {store.city}".strip(),
        "phone": store.phone,
        "hours": _hours(calendar_of(store), moments),
        "map": "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=17/{0}/{1}".format(*place),
        "route": "https://www.openstreetmap.org/directions?to={}%2C{}".format(*place),
    }


def _hours(calendar: Calendar, moments: Moments) -> list[str]:
    today = moments.now.astimezone(moments.zone).date()
    spans = calendar.exceptions.get(today, calendar.hours.get(today.weekday(), ()))
    return [
        f"{moments.say_time(opens)} – {moments.say_time(closes)}" for opens, closes in sorted(spans)
    ]


def _items(fulfillment: FulfillmentOrder, language: str, words: dict[str, str]) -> dict[str, Any]:
    """What was ordered here; after the hand-off what was received, with prices and the total."""
    order = fulfillment.order
    received = fulfillment.status == FulfillmentStatus.COMPLETED
    lines = []
    rows = fulfillment.lines.select_related("item", "order_line", "stands_for__item")
    for line in rows:
        units = line.handed_off if received else line.allocated
        grams = line.item.unit == "gram"
        amount = units * price_of(line)
        other = line.stands_for.item.name_in(language) if line.stands_for else ""
        lines.append(
            {
                "name": line.item.name_in(language),
                "units": units_in_words(units, line.item),
                "stands_for": words["stands_for"].format(name=other) if other else "",
                "short": words["not_available"].format(count=line.short) if line.short else "",
                "amount": money(amount, order.currency) if received and not grams else "",
            }
        )
    total = money(order.total_minor, order.currency) if received else ""
    incomplete = received and any(line["short"] for line in lines)
    return {"received": received, "lines": lines, "total": total, "incomplete": incomplete}
