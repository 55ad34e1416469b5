"""Stock of a store that is broken, spoiled or gone, told by whoever found it so."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from hub import clock
from hub.errors import Conflict, Invalid
from hub.stores.models import Store
from inventory.ledger import StockEvent
from inventory.models import EventKind, InventoryEvent, Item, StockLevel, UnavailableState
from inventory.services.bundles import among
from inventory.services.levels import change_beside_others, lock_levels, make_levels
from inventory.services.stock_events import record_stock_events

SOURCE = "hub"
DAMAGED = "damaged"
REASONS = (DAMAGED, "spoilage", "lost", "theft", "internal_use")
TOKEN_CHARACTERS = 64


class NotOnHand(Conflict):
    """``on_hand`` is how many units (grams) the books have."""

    code = "not_on_hand"
    title = "The store has not that many"


class BundleHasNoStock(Conflict):
    """A bundle is its parts: those are written off."""

    code = "bundle_has_no_stock"
    title = "Scan the parts of the bundle"


@transaction.atomic
def write_off(
    *, store: Store, item: Item, units: int, reason: str, by: User, token: str
) -> StockLevel:
    """Take units out of what the store sells; the item's level there afterwards.

    ``damaged`` units stay on hand, but cannot be sold; for the other ``REASONS`` they are no longer
    on hand. Who was promised some is a shortfall case, as after a count. The same token again
    changes nothing. Raises Invalid, BundleHasNoStock, and NotOnHand for more than there are.
    """
    if reason not in REASONS:
        raise Invalid(f"a reason is one of {', '.join(REASONS)}")
    if not 0 < len(token) <= TOKEN_CHARACTERS:
        raise Invalid(f"a token has 1 to {TOKEN_CHARACTERS} characters")
    if among([item.pk]):
        raise BundleHasNoStock
    event = _event(store=store, item=item, units=units, reason=reason, by=by, token=token)
    change_beside_others(store.pk)  # as counts want it: before any level is locked
    make_levels(store_id=store.pk, item_ids=[item.pk])
    lock_levels(store_id=store.pk, item_ids=[item.pk])
    level = StockLevel.objects.get(store=store, item=item)
    known = InventoryEvent.objects.filter(source=SOURCE, source_event_id=event.event_id)
    if known.exists():
        return level
    if units > (there := level.on_hand - level.unavailable):
        raise NotOnHand(f"the books have {max(0, there)} fit to be sold", on_hand=max(0, there))
    (outcome,) = record_stock_events(source=SOURCE, events=[event])
    if outcome.status == "refused":
        raise Invalid(outcome.detail)
    level.refresh_from_db()
    return level


def _event(
    *, store: Store, item: Item, units: int, reason: str, by: User, token: str
) -> StockEvent:
    damaged = reason == DAMAGED
    return StockEvent(
        event_id=f"write_off:{token}",
        kind=EventKind.MOVE if damaged else EventKind.ADJUSTMENT,
        store_id=store.pk,
        item_id=item.pk,
        quantity=units if damaged else -units,
        occurred_at=clock.now(),
        reason="" if damaged else reason,
        reference=f"staff:{by.pk}",
        state=UnavailableState.DAMAGED if damaged else "",
    )
