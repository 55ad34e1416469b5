"""The customer wants to collect in another store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hub.errors import NotFound
from hub.events.catalog import FulfillmentRejected
from hub.events.outbox import publish
from hub.ids import new_id
from hub.stores.models import Store
from inventory.errors import InsufficientStock, ItemsRecalled
from inventory.services.allocations import allocate
from orders.curbside.changes import rules
from orders.curbside.changes.errors import StoreCannot
from orders.errors import NeverOpen, PickupOff
from orders.models import FulfillmentOrder, FulfillmentStatus
from orders.placing.rerouting import (
    MovedAlready,
    Work,
    chosen_by,
    hand_over,
    work_left,
)
from orders.placing.windows import Agreed, agree
from orders.promise.errors import StorePaused, WindowFull
from orders.promise.windows import unbook
from orders.putting_back import give_up_goods
from orders.routing.alone import one_at_a_time
from orders.routing.geography import Point
from orders.routing.judging import Look
from orders.routing.reach import Candidate
from orders.routing.rules import NEAREST
from orders.routing.services import Errand, named_store, search_of
from orders.states import move

MOST_STORES = 5
REACH_METRES = 50_000
BY = "customer"
REASON = "the customer chose another store"
_CANNOT = (
    *(InsufficientStock, ItemsRecalled, MovedAlready),
    *(NeverOpen, PickupOff, StorePaused, WindowFull),
)


@dataclass(frozen=True)
class StoreChoice:
    """A store that has all of it: how far from the present one, and when it could be ready."""

    id: str
    code: str
    name: str
    street: str
    city: str
    metres: int
    ready_at: datetime


def change_store(
    *, fulfillment: FulfillmentOrder, store: Store, token: str = "", version: int | None = None
) -> FulfillmentOrder:
    """Have another store prepare the whole part, because the customer wants it; its part returns.

    Goods and window change hands in one transaction; the customer's wish is his consent. The old
    part ends as REJECTED, and its link leads to the new one. Choosing the store that it went to
    already changes nothing. Raises NotFound for a store of another brand, StoreCannot when that
    store cannot do it, and what ``rules.begin`` raises; nothing is changed then.
    """
    try:
        with transaction.atomic():
            return _change(fulfillment, store, token, version)
    except _CANNOT as refusal:
        raise StoreCannot(f"store {store.code}: {refusal.detail}", store=store.code) from refusal


def stores_for(part: FulfillmentOrder) -> list[StoreChoice]:
    """The nearest stores of the same brand that have all of it now and can prepare it."""
    found: list[tuple[Candidate, Look]] = []

    def note(candidate: Candidate, look: Look) -> str:
        found.append((candidate, look))
        return "" if len(found) == MOST_STORES else "listed"

    search_of(_errand(part), NEAREST).run(note)
    stores = Store.objects.in_bulk([candidate.store_id for candidate, _ in found])
    return [
        StoreChoice(
            id=store.public_id,
            code=store.code,
            name=store.name,
            street=store.street,
            city=f"{store.postal_code} {store.city}".strip(),
            metres=round(candidate.metres),
            ready_at=look.promised_at,
        )
        for candidate, look in found
        if (store := stores[candidate.store_id]) and look.promised_at
    ]


def _change(
    part: FulfillmentOrder, store: Store, token: str, version: int | None
) -> FulfillmentOrder:
    if store.brand_id != part.store.brand_id or store.pk == part.store_id:
        raise NotFound("no such store")
    first = rules.take_hold(part, rules.STORE, token)
    there = part.replacements.filter(store=store).last() if part.reason == REASON else None
    if there is not None or not first:
        return there or part
    rules.check(part, rules.STORE, version=version)
    one_at_a_time()
    move(part, to=FulfillmentStatus.REJECTED, reason=REASON)
    publish(FulfillmentRejected(order_id=part.order_id, fulfillment_id=part.pk))
    return _hand_over(work_left(part), store)


def _hand_over(work: Work, store: Store) -> FulfillmentOrder:
    reference = new_id("ful")
    store, ready_at = named_store(reference=store.code, lead_minutes=work.lead_minutes)
    unbook(reference=work.ended.public_id)
    agreed = agree(work.ended, store, reference, ready_at, work.lead_minutes)
    _swap_goods(work, store, agreed)
    told = chosen_by(BY, store) | {"after": work.ended.public_id, "consent": True}
    part = hand_over(work, store=store, agreed=agreed, told=told)
    # what was said of the first store is no promise that this one could break
    FulfillmentOrder.objects.filter(pk=part.pk).update(promised_first=part.promised_at)
    part.refresh_from_db()
    return part


def _swap_goods(work: Work, store: Store, agreed: Agreed) -> None:
    """Free them here and set them aside there, stores in one order as everywhere."""

    def free() -> None:
        give_up_goods(fulfillment=work.ended, reason=REASON)

    def take() -> None:
        allocate(
            reference=agreed.reference,
            channel=work.ended.order.channel,
            store=store,
            lines=work.goods,
            promised_at=agreed.promised_at,
        )

    steps = (free, take) if work.ended.store_id < store.pk else (take, free)
    for step in steps:
        step()


def _errand(part: FulfillmentOrder) -> Errand:
    """Around the present store, without those that turned the order down."""
    store, goods, lead = part.store, Counter[int](), 0
    for line in part.lines.filter(stands_for__isnull=True).select_related("item", "order_line"):
        bought = line.order_line
        goods[line.item_id] += min(line.allocated, bought.quantity - bought.canceled)
        lead = max(lead, line.item.lead_minutes)
    refused = part.order.fulfillments.filter(status=FulfillmentStatus.REJECTED)
    refused = refused.exclude(reason=REASON)
    others = Store.objects.filter(brand=store.brand_id, active=True).values_list("pk", flat=True)
    return Errand(
        channel=part.order.channel,
        lines=+goods,
        near=Point(store.latitude, store.longitude),
        radius_metres=REACH_METRES,
        allowed_store_ids=list(others),
        lead_minutes=lead,
        excluded={*refused.values_list("store", flat=True), store.pk},
    )
