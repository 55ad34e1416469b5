"""An arrival by text: ``HERE``, or the word of another language, and where the car stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from hub.crypto import lookup_hash
from hub.customers.addresses import clean_phone
from hub.customers.errors import InvalidPhone
from hub.trace import acting
from orders.curbside.errors import SpotClosed, SpotTaken, UnknownSpot
from orders.curbside.joining import pickups_of_phone
from orders.curbside.visits import PLACE_CHARACTERS, arrive
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit, VisitPickup

LONGEST = 60
MOST_ASKED = 3
# None of them is a word that carriers keep for themselves, nor close to one.
WORDS = frozenset(
    {
        *("here", "arrived", "ici", "arrivé", "arrivée"),
        *("jestem", "tutaj", "здесь", "тут", "aquí", "aqui"),
    }
)
_HERE = re.compile(r"\W*(\w+)\W*(.*)\Z", re.DOTALL)
_SPOT = re.compile(r"[^\W\d_]?\d{1,3}\Z", re.ASCII)


@dataclass(frozen=True)
class Heard:
    """What came of it: the part whose customer is ``here``, or several of which one is meant."""

    parts: tuple[FulfillmentOrder, ...]
    here: bool


def read_here(text: str) -> tuple[str, str] | None:
    """The spot and the place that a text names, either may be empty; None: it says no arrival."""
    words = unicodedata.normalize("NFKC", text[:LONGEST])
    found = _HERE.match(words)
    if found is None or found[1].casefold() not in WORDS:
        return None
    rest = " ".join(found[2].split()).strip(" .,;:!#")
    spot = rest.replace(" ", "").upper()
    if _SPOT.match(spot):
        return spot, ""
    return "", "".join(filter(_is_plain, rest))[:PLACE_CHARACTERS]


def take_here(*, phone: str, text: str) -> Heard | None:
    """Let whoever texts from this number be here for what waits for him.

    A spot that cannot be his is kept as his own words: staff see where he says that he stands.
    Where several people use the phone, or goods wait in several stores, nobody is here yet: the
    answer is a part of each, to ask which. None when it says no arrival or nothing waits.
    """
    said, groups = read_here(text), _groups(phone)
    if said is None or not groups:
        return None
    choices = [part for group in groups for part in _by_store(group)]
    if len(choices) > 1:
        return Heard(tuple(choices[:MOST_ASKED]), here=False)
    with acting("customer"):
        _arrive(choices[0], *said)
    return Heard((choices[0],), here=True)


def _arrive(part: FulfillmentOrder, spot: str, place: str) -> None:
    try:
        arrive(fulfillment=part, spot=spot, place=place, source=Visit.Source.TEXT)
    except (UnknownSpot, SpotTaken, SpotClosed):
        arrive(fulfillment=part, place=spot, source=Visit.Source.TEXT)


def _by_store(group: list[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """One part for each store that is meant: where he is awaited, else where something is ready."""
    coming = VisitPickup.objects.filter(fulfillment__in=group, active=True)
    awaited = set(coming.values_list("fulfillment", flat=True))
    some = [part for part in group if part.pk in awaited]
    some = some or [part for part in group if part.status == FulfillmentStatus.READY] or group
    return list({part.store_id: part for part in reversed(some)}.values())


def _groups(phone: str) -> list[list[FulfillmentOrder]]:
    try:
        number = clean_phone(phone)
    except InvalidPhone:
        return []
    return pickups_of_phone(lookup_hash("phone", number)) if number else []


def _is_plain(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")
