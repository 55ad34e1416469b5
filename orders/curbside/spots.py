"""The numbered places in front of a store."""

from __future__ import annotations

from hub.stores.models import Store
from orders.models import Spot, Visit
from orders.models.visit import ACTIVE_VISIT


def spots_of(store: Store) -> list[tuple[Spot, bool]]:
    """The spots in use at a store, 2 before 10, each with whether a visit stands on it."""
    standing = Visit.objects.filter(store=store, status__in=ACTIVE_VISIT, spot__isnull=False)
    taken = set(standing.values_list("spot_id", flat=True))
    spots = Spot.objects.filter(store=store, active=True)
    in_order = sorted(spots, key=lambda spot: (len(spot.label), spot.label))
    return [(spot, spot.pk in taken) for spot in in_order]


def free_labels(store: Store) -> list[str]:
    """The labels of the spots where nobody stands."""
    return [spot.label for spot, taken in spots_of(store) if not taken]


def find_spot(store: Store, label: str, *, beside: int | None) -> Spot | None:
    """The spot of that label, or None; locked together with the spot ``beside`` it.

    Who moves from one spot to another locks both in the order of their keys: two customers who
    change places at the same moment then cannot wait for each other.
    """
    if not label:
        return None
    spots = Spot.objects.filter(store=store)
    keys = set(spots.filter(label=label, active=True).values_list("pk", flat=True))
    locked = spots.filter(pk__in=keys | {beside}).select_for_update(no_key=True).order_by("pk")
    return next((spot for spot in locked if spot.pk in keys), None)
