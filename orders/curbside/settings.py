"""How a store runs its curb."""

from __future__ import annotations

from collections.abc import Collection

from hub.stores.models import Store
from orders.models import CurbSettings

ESCALATE_AFTER = (3, 5, 8)


def curb_of(store: Store) -> CurbSettings:
    """What holds in the store, from whichever level: its row, or unsaved defaults;
    ``escalate_after`` is never empty."""
    return curbs_of([store])[store.pk]


def curbs_of(stores: Collection[Store]) -> dict[int, CurbSettings]:
    """The same for several stores, by their keys, in one query."""
    rows = CurbSettings.objects.filter(store__in=[store.pk for store in stores])
    known = {row.store_id: row for row in rows}
    curbs = {store.pk: known.get(store.pk) or CurbSettings(store=store) for store in stores}
    for curb in curbs.values():
        curb.escalate_after = curb.escalate_after or list(ESCALATE_AFTER)
    return curbs
