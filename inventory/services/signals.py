"""Telling sites when an item in a store runs low, sells out or comes back.

The change feed says which positions to look at again; what a site may promise of them now is held
against what it was last told. A position that comes and goes between two looks is told as what it
is at the second. A position never told of counts as in stock.

A change of a rule that names an item is looked at in every store that has it. Of a wider change in
one store (pickup, a late feed, safety stock) only what was told as sold out is looked at again,
because it may be back; still wider ones are left to the feed, which tells them as a scope.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet

from hub import clock
from hub.events.catalog import StockThresholdCrossed
from hub.events.outbox import publish
from hub.stores.models import SalesChannel, Store
from inventory.models import BundlePart, Item, SignalRule, StockChange, StockLevel, StockSignal
from inventory.services.availability import available_of
from inventory.services.changes import head

SECONDS = 25.0
CHANGES = 1_000  # read together
POSITIONS = 5_000  # looked at together, and those of one more change
BACK = "back"

State = StockSignal.State
Pair = tuple[int, int]


@transaction.atomic
def set_signal_rule(*, channel: SalesChannel, low_units: int) -> SignalRule:
    """From now on tell a site when what it may promise falls to ``low_units``, to nothing, or
    comes back.

    What is so already is learned without being told, also after a change of the number: a site
    begins with the export.
    """
    rule = SignalRule.objects.select_for_update().filter(channel=channel).first()
    if rule is not None and rule.low_units == low_units:
        return rule
    values = {"low_units": low_units, "told_position": 0, "quiet_position": head()}
    return SignalRule.objects.update_or_create(channel=channel, defaults=values)[0]


def tell_signals(*, seconds: float = SECONDS) -> int:
    """Publish StockThresholdCrossed for what has changed since the last time; return how many.

    Each crossing is told once, however many run this at once. Sites take turns; what the time
    does not suffice for is told the next time.
    """
    end = time.monotonic() + seconds
    last = head()
    waiting = list(_rules_behind(last).order_by("pk").values_list("pk", flat=True))
    told = 0
    while waiting and time.monotonic() < end:
        for rule_id in waiting:
            told += _tell_some(rule_id, last)
        waiting = list(_rules_behind(last).filter(pk__in=waiting).values_list("pk", flat=True))
    return told


def _rules_behind(position: int) -> QuerySet[SignalRule]:
    return SignalRule.objects.filter(channel__active=True, told_position__lt=position)


@transaction.atomic
def _tell_some(rule_id: int, last: int) -> int:
    """Tell of the next changes up to ``last``. The rule's row is locked, so that nobody else tells
    the same; its place moves on in the same commit."""
    rows = SignalRule.objects.select_for_update(of=("self",)).select_related("channel")
    rule = rows.filter(pk=rule_id).first()
    if rule is None:
        return 0
    page = StockChange.objects.filter(
        Q(channel_id=None) | Q(channel_id=rule.channel_id),
        position__gt=rule.told_position,
        position__lte=last,
    ).order_by("position")
    changes = list(page[:CHANGES])
    pairs, read = _positions(rule, changes)
    told = _compare(rule, pairs)
    done = read == len(changes) < CHANGES
    rule.told_position = max(rule.told_position, last) if done else changes[read - 1].position
    rule.save(update_fields=["told_position"])
    return told


def _compare(rule: SignalRule, pairs: dict[Pair, bool]) -> int:
    """Tell what crossed and keep it; ``pairs`` maps positions to whether they are only learned."""
    if not pairs:
        return 0
    before = _told_before(rule, pairs)
    now, told, fresh = clock.now(), 0, []
    for pair, position in available_of(channel=rule.channel, pairs=list(pairs)).items():
        old, new = before.get(pair, State.IN_STOCK), _state(position.atp, rule.low_units)
        if old == new:
            continue
        store, item = pair
        fresh.append(
            StockSignal(
                channel=rule.channel, store_id=store, item_id=item, state=new, changed_at=now
            )
        )
        if pairs[pair] and (pair not in before or State.OUT not in (old, new)):
            continue
        publish(
            StockThresholdCrossed(
                channel_id=rule.channel_id,
                store_id=store,
                item_id=item,
                state=BACK if old == State.OUT else str(new),
            )
        )
        told += 1
    StockSignal.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["channel", "store", "item"],
        update_fields=["state", "changed_at"],
    )
    return told


def _state(units: int, low_units: int) -> str:
    if not units:
        return State.OUT
    return State.LOW if units <= low_units else State.IN_STOCK


def _told_before(rule: SignalRule, pairs: Iterable[Pair]) -> dict[Pair, str]:
    stores, items = {store for store, _ in pairs}, {item for _, item in pairs}
    known = StockSignal.objects.filter(
        channel=rule.channel, store_id__in=stores, item_id__in=items
    ).values_list("store_id", "item_id", "state")
    return {(store, item): state for store, item, state in known}


def _positions(rule: SignalRule, changes: list[StockChange]) -> tuple[dict[Pair, bool], int]:
    """The positions that the first changes may have moved, and how many changes those are.

    A position is only learned when all of its changes were there before the rule.
    """
    pairs: dict[Pair, bool] = {}
    bundles = _bundles_of({row.item_id for row in changes if row.item_id})
    read = 0
    for row in changes:
        quiet = row.position <= rule.quiet_position
        for pair in _reached(rule, row, bundles):
            pairs[pair] = pairs.get(pair, True) and quiet
        read += 1
        if len(pairs) >= POSITIONS:
            break
    return _sold(pairs), read


def _bundles_of(items: set[int]) -> dict[int, list[int]]:
    """The bundles that each of these items is a part of."""
    bundles: dict[int, list[int]] = defaultdict(list)
    parts = BundlePart.objects.filter(part__in=items).order_by("pk")
    for part, bundle in parts.values_list("part_id", "bundle_id"):
        bundles[part].append(bundle)
    return bundles


def _reached(rule: SignalRule, row: StockChange, bundles: dict[int, list[int]]) -> Iterable[Pair]:
    """The positions to look at again after one change."""
    if row.item_id is None:
        return _sold_out(rule, row) if row.store_id else ()
    stores = [row.store_id] if row.store_id else _stores_with(row.item_id)
    return [(store, item) for item in (row.item_id, *bundles[row.item_id]) for store in stores]


def _sold_out(rule: SignalRule, row: StockChange) -> Iterable[Pair]:
    told = StockSignal.objects.filter(channel=rule.channel, store=row.store_id, state=State.OUT)
    if row.category:
        told = told.filter(item__category=row.category)
    return list(told.values_list("store_id", "item_id"))


def _stores_with(item: int) -> list[int]:
    """The stores that have a level of the item, or, if it is a bundle, of one of its parts."""
    parts = BundlePart.objects.filter(bundle=item).values("part_id")
    levels = StockLevel.objects.filter(Q(item=item) | Q(item__in=parts))
    return list(levels.order_by("store_id").values_list("store_id", flat=True).distinct())


def _sold(pairs: dict[Pair, bool]) -> dict[Pair, bool]:
    """Without what is not sold any more: that an item or a store went is told as a scope."""
    stores, items = {store for store, _ in pairs}, {item for _, item in pairs}
    open_stores = set(Store.objects.filter(pk__in=stores, active=True).values_list("pk", flat=True))
    sold = set(Item.objects.filter(pk__in=items, active=True).values_list("pk", flat=True))
    return {
        pair: quiet for pair, quiet in pairs.items() if pair[0] in open_stores and pair[1] in sold
    }
