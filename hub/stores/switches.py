"""Which of a store's switches are on. A switch whose time has run out is off at once."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet

from hub import clock
from hub.stores.models import StoreSwitch


def is_on(*, store_id: int, kind: str) -> bool:
    """Whether the store has this kind of switch on now."""
    return switched_on(kind).filter(store_id=store_id).exists()


def stores_with(kind: str, *, using: str = DEFAULT_DB_ALIAS) -> set[int]:
    """The keys of all stores that have this kind of switch on now; ``using`` names a replica."""
    return set(switched_on(kind).using(using).values_list("store_id", flat=True))


def switched_on(kind: str) -> QuerySet[StoreSwitch]:
    """The switches of this kind that are on now."""
    lasting = Q(until__isnull=True) | Q(until__gt=clock.now())
    return StoreSwitch.objects.filter(lasting, kind=kind, closed_at__isnull=True)
