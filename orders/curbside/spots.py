"""The numbered places in front of a store."""

from __future__ import annotations

from django.db.models import Q

from hub.stores.models import Store
from orders.curbside.errors import SpotClosed, UnknownSpot
from orders.models import Spot, Visit, VisitStatus
from orders.models.visit import ACTIVE_VISIT


def spots_of(store: Store) -> list[tuple[Spot, bool]]:
    """The spots that can be used now, 2 before 10, each with whether a visit stands on it."""
    return [(spot, taken) for spot, taken in all_spots(store) if not spot.closed_for]


def all_spots(store: Store) -> list[tuple[Spot, bool]]:
    """The same with those that are out of service (``closed_for`` says why)."""
    standing = Visit.objects.filter(store=store, status__in=ACTIVE_VISIT, spot__isnull=False)
    taken = set(standing.values_list("spot_id", flat=True))
    spots = Spot.objects.filter(store=store, active=True)
    in_order = sorted(spots, key=lambda spot: (len(spot.label), spot.label))
    return [(spot, spot.pk in taken) for spot in in_order]


def free_labels(store: Store) -> list[str]:
    """The labels of the spots where nobody stands and somebody could."""
    return [spot.label for spot, taken in spots_of(store) if not taken]


def suggested_spot(
    store: Store, *, accessible: bool = False, oversize: bool = False
) -> Spot | None:
    """The free spot that fits best, or None when none is free.

    Accessible spots are for those who need one. Who needs more than is free gets what there is.
    """

    def unfit(spot: Spot) -> tuple[bool, bool, bool]:
        lacks = accessible and not spot.accessible
        return lacks, oversize and not spot.oversize, spot.oversize and not oversize

    free = [spot for spot, taken in spots_of(store) if not taken]
    return min(
        (spot for spot in free if accessible or not spot.accessible), key=unfit, default=None
    )


def place_in_line(visit: Visit) -> int | None:
    """Which place an arrived customer has among those without a spot, the first being 1.

    None when he stands somewhere, when a spot for him is free, and where there are no spots.
    """
    if visit.status != VisitStatus.ARRIVED or visit.spot_id or visit.place:
        return None
    needs = {"accessible": visit.needs_accessible, "oversize": visit.needs_oversize}
    if suggested_spot(visit.store, **needs) or not spots_of(visit.store):
        return None
    line = Visit.objects.filter(
        store=visit.store_id, status=VisitStatus.ARRIVED, spot__isnull=True, place=""
    )
    before = Q(arrived_at__lt=visit.arrived_at) | Q(arrived_at=visit.arrived_at, pk__lt=visit.pk)
    return line.filter(before).count() + 1


def find_spot(store: Store, label: str, *, beside: int | None) -> Spot | None:
    """The spot of that label, in large or small letters; locked with the spot ``beside`` it.

    Who moves from one spot to another locks both in the order of their keys: two customers who
    change places at the same moment then cannot wait for each other.
    """
    if not label:
        return None
    wanted = Q(store=store, label__iexact=label, active=True)
    spots = Spot.objects.filter(wanted | Q(pk=beside) if beside else wanted)
    locked = list(spots.select_for_update(no_key=True).order_by("pk"))
    known = [spot for spot in locked if spot.active and spot.label.upper() == label.upper()]
    exact = [spot for spot in known if spot.label == label]
    found = exact or known
    return found[0] if len(found) == 1 else None


def usable_spot(store: Store, label: str, *, beside: int | None) -> Spot | None:
    """The spot of that label, locked as above; None for no label.

    Raises UnknownSpot or SpotClosed, which list the free ones. Who stands on a spot that was
    closed since may say so again.
    """
    spot = find_spot(store, label, beside=beside)
    if label and spot is None:
        raise UnknownSpot(free=free_labels(store))
    if spot and spot.closed_for and spot.pk != beside:
        raise SpotClosed(f"out of service: {spot.closed_for}", free=free_labels(store))
    return spot
