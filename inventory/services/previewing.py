"""What a rule would change before anybody saves it: tried out, compared, and always taken back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, QuerySet

from hub.stores.models import SalesChannel, Store
from inventory.models import BundlePart, Item, StockLevel
from inventory.services.availability import Availability, available_of

SECONDS = 8.0
MOST_EXAMPLES = 12
POSITIONS = 10_000  # looked at together; they bound the memory and how long locks are held
STORES = 5_000

Pair = tuple[int, int]
Positions = dict[Pair, Availability]
Changed = dict[tuple[Pair, int], tuple[int, int]]  # position and place of the channel: from, to


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where a rule works; empty members mean all."""

    store_id: int | None = None
    item_id: int | None = None
    category: str = ""
    channel_id: int | None = None


@dataclass(frozen=True)
class Example:
    """One number that changes, of one site."""

    store: Store
    item: Item
    channel: SalesChannel
    before: int
    after: int


@dataclass(kw_only=True)
class Preview:
    """How many SKUs and stores a change reaches, and in how many positions (an item in a store).

    ``to_zero`` positions are not sold any more by some site, ``back`` ones are sold again. Only
    ``stores_seen`` of ``stores_in_scope``, drawn by lot, were looked at when the time did not
    suffice for more.
    """

    stores_in_scope: int
    stores_seen: int = 0
    positions: int = 0
    to_zero: int = 0
    back: int = 0
    items: set[int] = field(default_factory=set)
    stores: set[int] = field(default_factory=set)
    examples: list[Example] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every store in scope was looked at."""
        return self.stores_seen == self.stores_in_scope

    @property
    def positions_in_all(self) -> int:
        """How many positions change in all stores in scope, if the others are like those seen."""
        if not self.stores_seen:
            return 0
        return round(self.positions * self.stores_in_scope / self.stores_seen)


def preview(
    *, change: Callable[[], object], scopes: Sequence[Scope], seconds: float = SECONDS
) -> Preview:
    """What ``change`` does to what sites may sell, within ``scopes``; nothing of it remains.

    It is carried out for some stores at a time and taken back at once, so that nobody waits for
    its locks longer than those stores take. It may therefore be called often, and must start from
    what is in the database each time. Units sold meanwhile do not count as its doing.
    """
    stores = _stores(scopes)
    found = Preview(stores_in_scope=len(stores))
    channels = _channels(scopes)
    sets = set(_goods(scopes).filter(parts__isnull=False).values_list("pk", flat=True))
    end = time.monotonic() + seconds
    for some in _slices(stores, scopes):
        before, after = _tried(change, _pairs(some, scopes, sets), channels)
        changed = _changed(before, after, sets)
        _count(changed, found)
        _keep_examples(changed, some, channels, found)
        found.stores_seen += len(some)
        if time.monotonic() > end:
            break
    return found


def _stores(scopes: Sequence[Scope]) -> dict[int, Store]:
    rows = Store.objects.filter(active=True).order_by("code")
    if all(scope.store_id for scope in scopes):
        rows = rows.filter(pk__in=[scope.store_id for scope in scopes if scope.store_id])
    return {row.pk: row for row in rows}


def _channels(scopes: Sequence[Scope]) -> list[SalesChannel]:
    rows = SalesChannel.objects.filter(active=True).order_by("pk")
    if all(scope.channel_id for scope in scopes):
        rows = rows.filter(pk__in=[scope.channel_id for scope in scopes if scope.channel_id])
    return list(rows)


def _slices(stores: dict[int, Store], scopes: Sequence[Scope]) -> Iterator[dict[int, Store]]:
    """So many stores at a time that their positions are few: all of them for a single item.

    Their order is drawn by lot, the same each time, so that the first ones stand for the others.
    """
    size = min(STORES, max(1, POSITIONS // max(1, _goods(scopes).count())))
    rows = list(stores.items())
    random.Random(len(rows)).shuffle(rows)  # noqa: S311  no secret
    for start in range(0, len(rows), size):
        yield dict(rows[start : start + size])


def _goods(scopes: Sequence[Scope]) -> QuerySet[Item]:
    """The items that one of the scopes names, and the bundles that have them as parts."""
    items = Item.objects.filter(active=True).order_by("pk")
    wanted = Q(pk__in=[])
    for scope in scopes:
        if scope.item_id:
            wanted |= Q(pk=scope.item_id)
        elif scope.category:
            wanted |= Q(category=scope.category)
        else:
            return items
    parts = BundlePart.objects.filter(part__in=Item.objects.filter(wanted))
    return items.filter(wanted | Q(pk__in=parts.values("bundle_id")))


def _pairs(stores: dict[int, Store], scopes: Sequence[Scope], sets: set[int]) -> list[Pair]:
    """Positions that can change: where nothing lies there is nothing to promise, whatever the
    rule. ``sets``, the bundles, lie nowhere and are looked at everywhere."""
    lying = StockLevel.objects.filter(store__in=stores, on_hand__gt=0, item__in=_goods(scopes))
    made_up = [(store, item) for item in sets for store in stores]
    return sorted({*lying.values_list("store_id", "item_id"), *made_up})


def _tried(
    change: Callable[[], object], pairs: list[Pair], channels: list[SalesChannel]
) -> tuple[list[Positions], list[Positions]]:
    """The positions without the change and with it, for each channel."""
    before = [available_of(channel=channel, pairs=pairs) for channel in channels]
    with transaction.atomic():
        change()
        after = [available_of(channel=channel, pairs=pairs) for channel in channels]
        transaction.set_rollback(True)
    return before, after


def _changed(before: list[Positions], after: list[Positions], sets: set[int]) -> Changed:
    return {
        (pair, place): (old[pair].atp, new[pair].atp)
        for place, (old, new) in enumerate(zip(before, after, strict=True))
        for pair in old.keys() & new.keys()
        if _by_the_rule(old[pair], new[pair], is_set=pair[1] in sets)
    }


def _by_the_rule(old: Availability, new: Availability, *, is_set: bool) -> bool:
    """Whether the number changed although the same units lie there. The terms of a bundle are
    those of its scarcest part, which may now be another one."""

    def lies(position: Availability) -> tuple[int, int, int, int]:
        return position.on_hand, position.unavailable, position.allocated, position.held

    return old.atp != new.atp and (is_set or lies(old) == lies(new))


def _count(changed: Changed, found: Preview) -> None:
    pairs = {pair for pair, _ in changed}
    found.positions += len(pairs)
    found.stores |= {store for store, _ in pairs}
    found.items |= {item for _, item in pairs}
    found.to_zero += len({pair for (pair, _), (_, new) in changed.items() if not new})
    found.back += len({pair for (pair, _), (old, _) in changed.items() if not old})


def _keep_examples(
    changed: Changed,
    stores: dict[int, Store],
    channels: list[SalesChannel],
    found: Preview,
) -> None:
    """The first few; those that fall to zero come first."""
    room = MOST_EXAMPLES - len(found.examples)
    if room <= 0 or not changed:
        return
    chosen = sorted(changed, key=lambda one: (changed[one][1] > 0, one))[:room]
    items = Item.objects.in_bulk({item for (_, item), _ in chosen})
    found.examples += [
        Example(stores[store], items[item], channels[place], *changed[(store, item), place])
        for (store, item), place in chosen
    ]
