"""Why there is nothing left of an item in a store: who has the units, and when some come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from hub import clock
from hub.stores.models import SalesChannel, Store
from inventory.models import Allocation, Hold, HoldLine, Item, UnavailableUnits
from inventory.services.availability import Availability, available

MOST_ROWS = 100


@dataclass(frozen=True)
class Consumer:
    """A hold or an order that has units. ``reference`` is empty when it is another site's."""

    reference: str
    units: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Explanation:
    """Everything that the availability of one item in one store is made of.

    ``holds`` come in the order in which they lapse, ``orders`` the oldest first, at most 100 of
    each; ``unavailable`` maps states to units.
    """

    position: Availability
    holds: list[Consumer]
    orders: list[Consumer]
    unavailable: dict[str, int]

    @property
    def next_lapse(self) -> datetime | None:
        """When the next hold lapses by itself; None when there is none."""
        return self.holds[0].until if self.holds else None


def explain(*, channel: SalesChannel, store: Store, item: Item) -> Explanation:
    """Who has the units of an item in a store, as one sales channel may know it."""
    found = available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])
    aside = UnavailableUnits.objects.filter(store=store, item=item, units__gt=0)
    return Explanation(
        position=found[store.pk, item.pk],
        holds=_holds(channel, store, item),
        orders=_orders(channel, store, item),
        unavailable=dict(aside.order_by("state").values_list("state", "units")),
    )


def _holds(channel: SalesChannel, store: Store, item: Item) -> list[Consumer]:
    lines = (
        HoldLine.objects.filter(item=item, hold__store=store, hold__status=Hold.Status.ACTIVE)
        .select_related("hold")
        .order_by("hold__expires_at", "hold_id")[:MOST_ROWS]
    )
    return [
        Consumer(
            reference=line.hold.public_id if line.hold.channel_id == channel.pk else "",
            units=line.quantity,
            since=line.hold.created_at,
            until=max(line.hold.expires_at, clock.now()),
        )
        for line in lines
    ]


def _orders(channel: SalesChannel, store: Store, item: Item) -> list[Consumer]:
    left = F("quantity") - F("released") - F("handed_off")
    rows = Allocation.objects.filter(store=store, item=item).annotate(left=left)
    return [
        Consumer(
            reference=row.reference if row.channel_id == channel.pk else "",
            units=row.left,
            since=row.created_at,
            until=None,
        )
        for row in rows.filter(left__gt=0).order_by("created_at", "pk")[:MOST_ROWS]
    ]
