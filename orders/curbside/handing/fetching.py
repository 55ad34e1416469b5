"""In which order the bags are fetched: what must stay cold leaves its cooler last."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from inventory.models import Zone
from orders.models import FulfillmentOrder

LAST = (Zone.AMBIENT, Zone.CHILLED, Zone.FROZEN)  # the colder, the later


class Fetch(NamedTuple):
    """One place to go to: how many bags stand there, and their numbers where they have any.

    ``cold`` goods are fetched when the others are out; ``zone`` is the coldest of the place.
    """

    place: str
    zone: str
    bags: int
    numbers: tuple[int, ...]
    barcodes: tuple[str, ...]

    @property
    def cold(self) -> bool:
        """Whether it is left standing until the end."""
        return self.zone != Zone.AMBIENT


def handling_order(fulfillment: FulfillmentOrder) -> list[Fetch]:
    """The places of a part's bags in the order to go there: frozen goods last, chilled before.

    Prefetch ``bag_rows__location`` and ``lines__item`` where there are many.
    """
    places: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for bag in fulfillment.bag_rows.all():
        place = bag.location.code if bag.location else fulfillment.staging_location
        places[bag.zone, place].append((bag.number, bag.barcode))
    if not places:
        return _unlabelled(fulfillment)
    found = [
        Fetch(place, zone, len(bags), *map(tuple, zip(*sorted(bags), strict=True)))
        for (zone, place), bags in places.items()
    ]
    return sorted(found, key=lambda one: (LAST.index(Zone(one.zone)), one.place))


def _unlabelled(fulfillment: FulfillmentOrder) -> list[Fetch]:
    """Bags that nobody put labels on stand all in one place."""
    if not fulfillment.bags:
        return []
    zones = {Zone(line.item.zone) for line in fulfillment.lines.all() if line.picked}
    coldest = max(zones, key=LAST.index, default=Zone.AMBIENT)
    return [Fetch(fulfillment.staging_location, coldest, fulfillment.bags, (), ())]
