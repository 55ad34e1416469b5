"""Why there is nothing left of an item in a store: who has the units, and when some come back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, Sum

from hub import clock
from hub.stores.models import SalesChannel, Store
from inventory.models import (
    Allocation,
    Hold,
    HoldLine,
    IncomingUnits,
    InventoryEvent,
    Item,
    SalesStop,
    UnavailableUnits,
)
from inventory.services.availability import Availability, available
from inventory.services.bundles import parts_of

MOST_ROWS = 100
MOST_LEDGER_LINES = 15


@dataclass(frozen=True)
class Consumer:
    """A hold or an order that has units of an item, or of a bundle's part, ``sku``.
    ``reference`` is empty when it is another site's."""

    reference: str
    sku: str
    units: int
    since: datetime
    until: datetime | None
    channel_id: int | None


@dataclass(frozen=True)
class Delivery:
    """Units of ``sku`` on their way. ``reference`` is empty when another source announced them."""

    reference: str
    sku: str
    units: int
    expected_at: datetime


@dataclass(frozen=True)
class Explanation:
    """Everything that the availability of one item in one store is made of.

    ``holds`` come in the order in which they lapse, ``orders`` the oldest first, ``incoming`` the
    soonest first, at most 100 of each; ``unavailable`` maps states to units. For a bundle they are
    those of its parts.
    """

    position: Availability
    holds: list[Consumer]
    orders: list[Consumer]
    unavailable: dict[str, int]
    incoming: list[Delivery]

    @property
    def next_lapse(self) -> datetime | None:
        """When the next hold lapses by itself; None when there is none."""
        return self.holds[0].until if self.holds else None


@dataclass(frozen=True)
class Story:
    """The same for the store's own people: for every site that sells, with nothing hidden.

    ``stops`` are those that work on the item here, ``ledger`` its
    latest lines by when they happened, newest first.
    """

    positions: list[tuple[SalesChannel, Availability]]
    holds: list[Consumer]
    orders: list[Consumer]
    unavailable: dict[str, int]
    incoming: list[IncomingUnits]
    stops: list[SalesStop]
    ledger: list[InventoryEvent]


def explain(*, channel: SalesChannel, store: Store, item: Item) -> Explanation:
    """Who has the units of an item in a store, as one sales channel may know it."""
    goods = list(parts_of([item.pk]).get(item.pk, {item.pk: 1}))
    return Explanation(
        position=_position(channel, store, item),
        holds=_as_seen_by(channel, _holds(store, goods)),
        orders=_as_seen_by(channel, _orders(store, goods)),
        unavailable=_unavailable(store, goods),
        incoming=[
            Delivery(
                reference=row.reference if row.source == source_of(channel) else "",
                sku=row.item.sku,
                units=row.units,
                expected_at=row.expected_at,
            )
            for row in _incoming(store, goods)
        ],
    )


def tell(*, store: Store, item: Item) -> Story:
    """The whole story of an item in a store, for those who work there."""
    channels = SalesChannel.objects.filter(active=True).order_by("name", "pk")
    return Story(
        positions=[(channel, _position(channel, store, item)) for channel in channels],
        holds=_holds(store, [item.pk]),
        orders=_orders(store, [item.pk]),
        unavailable=_unavailable(store, [item.pk]),
        incoming=_incoming(store, [item.pk]),
        stops=_stops(store, item),
        ledger=list(
            InventoryEvent.objects.filter(store=store, item=item).order_by("-occurred_at", "-id")[
                :MOST_LEDGER_LINES
            ]
        ),
    )


def source_of(channel: SalesChannel) -> str:
    """The name of a site as a source of stock news."""
    return f"api:{channel.code}"


def _position(channel: SalesChannel, store: Store, item: Item) -> Availability:
    found = available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])
    return found[store.pk, item.pk]


def _as_seen_by(channel: SalesChannel, consumers: list[Consumer]) -> list[Consumer]:
    return [
        consumer if consumer.channel_id == channel.pk else replace(consumer, reference="")
        for consumer in consumers
    ]


def _unavailable(store: Store, items: Collection[int]) -> dict[str, int]:
    aside = UnavailableUnits.objects.filter(store=store, item__in=items, units__gt=0)
    sums = aside.values("state").annotate(total=Sum("units")).order_by("state")
    return dict(sums.values_list("state", "total"))


def _incoming(store: Store, items: Collection[int]) -> list[IncomingUnits]:
    rows = IncomingUnits.objects.filter(store=store, item__in=items, units__gt=0)
    return list(rows.select_related("item").order_by("expected_at", "pk")[:MOST_ROWS])


def _stops(store: Store, item: Item) -> list[SalesStop]:
    here = SalesStop.objects.filter(Q(store=None) | Q(store=store), item=item)
    return list(here.select_related("channel", "store").order_by("created_at", "pk")[:MOST_ROWS])


def _holds(store: Store, items: Collection[int]) -> list[Consumer]:
    lines = (
        HoldLine.objects.filter(item__in=items, hold__store=store, hold__status=Hold.Status.ACTIVE)
        .select_related("hold", "item")
        .order_by("hold__expires_at", "hold_id")[:MOST_ROWS]
    )
    return [
        Consumer(
            reference=line.hold.public_id,
            sku=line.item.sku,
            units=line.quantity,
            since=line.hold.created_at,
            until=max(line.hold.expires_at, clock.now()),
            channel_id=line.hold.channel_id,
        )
        for line in lines
    ]


def _orders(store: Store, items: Collection[int]) -> list[Consumer]:
    rows = Allocation.objects.still_open().filter(store=store, item__in=items)
    return [
        Consumer(
            reference=row.reference,
            sku=row.item.sku,
            units=row.left,
            since=row.created_at,
            until=None,
            channel_id=row.channel_id,
        )
        for row in rows.select_related("item").order_by("created_at", "pk")[:MOST_ROWS]
    ]
