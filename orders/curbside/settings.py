"""How a store runs its curb."""

from __future__ import annotations

from hub.stores.models import Store
from orders.models import CurbSettings

ESCALATE_AFTER = (3, 5, 8)


def curb_of(store: Store) -> CurbSettings:
    """What the store has set, or unsaved defaults; ``escalate_after`` is never empty."""
    curb = CurbSettings.objects.filter(store=store).first() or CurbSettings(store=store)
    curb.escalate_after = curb.escalate_after or list(ESCALATE_AFTER)
    return curb
