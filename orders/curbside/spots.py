"""The numbered places in front of a store."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from hub.stores.models import Store
from orders.models import Spot, Visit
from orders.models.visit import ACTIVE_VISIT


def spots_of(store: Store) -> QuerySet[Spot]:
    """The spots in use at a store, each with ``taken``: whether a visit stands on it."""
    standing = Visit.objects.filter(spot=OuterRef("pk"), status__in=ACTIVE_VISIT)
    return Spot.objects.filter(store=store, active=True).annotate(taken=Exists(standing))


def free_labels(store: Store) -> list[str]:
    """The labels of the spots where nobody stands."""
    return list(spots_of(store).filter(taken=False).values_list("label", flat=True))


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
