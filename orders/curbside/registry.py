"""The numbered places of a store, made in one go."""

from __future__ import annotations

from django.db import transaction

from hub.errors import Invalid
from hub.stores.models import Store
from orders.models import Spot
from orders.text import clean

MOST_SPOTS = 500
LABEL_CHARACTERS = 10
ZONE_CHARACTERS = 40


class TooManySpots(Invalid):
    """``most`` is how many can be made at once."""

    code = "too_many_spots"
    title = "These are too many spots, or none"


@transaction.atomic
def add_spots(*, store: Store, first: int, last: int, prefix: str = "", zone: str = "") -> int:
    """The store has spots ``first`` to ``last``, each labelled with ``prefix`` and its number.

    Spots that there are already stay as they are; returns how many are new. Raises TooManySpots,
    or TextTooLong when a label would not fit.
    """
    if not 0 <= first <= last or last - first >= MOST_SPOTS:
        raise TooManySpots(most=MOST_SPOTS)
    zone = clean(zone, limit=ZONE_CHARACTERS, what="the zone")
    labels = [
        clean(f"{prefix}{number}", limit=LABEL_CHARACTERS, what="a label")
        for number in range(first, last + 1)
    ]
    before = Spot.objects.filter(store=store).count()
    Spot.objects.bulk_create(
        [Spot(store=store, label=label, zone=zone) for label in labels], ignore_conflicts=True
    )
    return Spot.objects.filter(store=store).count() - before
