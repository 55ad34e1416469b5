"""Telling sites when an item in a store runs low, sells out or comes back.

The change feed says which positions to look at again; what a site may promise of them now is held
against what it was last told. A position that comes and goes between two looks is told as what it
is at the second. A position never told of counts as in stock.

What was low or sold out before a site had a rule is learned without being told, backwards from
the place in the feed where the rule began: a site begins with the export.

A change of a rule that names an item is looked at in every store that has it. Of a wider change in
one store (pickup, a late feed, safety stock) only what was told as sold out is looked at again,
because it may be back; still wider ones are left to the feed, which tells them as a scope.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from hub import clock
from hub.events.catalog import StockThresholdCrossed
from hub.events.outbox import publish
from hub.stores.models import SalesChannel
from inventory.models import BundlePart, SignalRule, StockChange, StockLevel, StockSignal
from inventory.services.availability import available_of
from inventory.services.changes import head

SECONDS = 25.0
CHANGES = 5_000  # read together
POSITIONS = 5_000  # looked at together, and those of one more change
BACK = "back"

State = StockSignal.State
Pair = tuple[int, int]

# Without what is not sold any more: that an item or a store went is told as a scope.
_TOLD_BEFORE = """
SELECT pair.store_id, pair.item_id, signal.state
FROM unnest(%(stores)s::bigint[], %(items)s::bigint[]) AS pair (store_id, item_id)
JOIN stores_store store ON store.id = pair.store_id AND store.active
    AND store.stage IN ('live', 'paused')
JOIN inventory_item item ON item.id = pair.item_id AND item.active
LEFT JOIN inventory_stocksignal signal ON signal.channel_id = %(channel)s
    AND signal.store_id = pair.store_id AND signal.item_id = pair.item_id
"""

# What has changed since the rule began was perhaps looked at as it is now: it is left to be told.
_LEARN = """
INSERT INTO inventory_stocksignal (channel_id, store_id, item_id, state, changed_at)
SELECT %(channel)s, pair.store_id, pair.item_id, pair.state, %(now)s
FROM unnest(%(stores)s::bigint[], %(items)s::bigint[], %(states)s::text[])
    AS pair (store_id, item_id, state)
JOIN inventory_stockchange change ON change.store_id = pair.store_id
    AND change.item_id = pair.item_id AND change.category = '' AND change.channel_id IS NULL
WHERE change.position <= %(quiet)s AND (pair.store_id, pair.item_id) NOT IN (
    SELECT store_id, item_id FROM inventory_stocktouch
    WHERE store_id IS NOT NULL AND item_id IS NOT NULL
    UNION ALL
    SELECT touch.store_id, part.bundle_id
    FROM inventory_stocktouch touch JOIN inventory_bundlepart part ON part.part_id = touch.item_id
    WHERE touch.store_id IS NOT NULL)
ON CONFLICT (channel_id, store_id, item_id) DO NOTHING
"""


@transaction.atomic
def set_signal_rule(*, channel: SalesChannel, low_units: int) -> SignalRule:
    """From now on tell a site when what it may promise falls to ``low_units``, to nothing, or
    comes back. Another number shows at each position's next change."""
    place = head()
    return SignalRule.objects.update_or_create(
        channel=channel,
        defaults={"low_units": low_units},
        create_defaults={
            "low_units": low_units,
            "told_position": place,
            "quiet_position": place,
        },
    )[0]


def tell_signals(*, seconds: float = SECONDS) -> int:
    """Publish StockThresholdCrossed for what has changed since the last time; return how many.

    Each crossing is told once, however many run this at once. Sites take turns; what the time
    does not suffice for is told the next time. Time that is left goes into learning what was so
    before a rule.
    """
    end = time.monotonic() + seconds
    last = head()
    told = _in_turns(Q(told_position__lt=last), lambda rule: _tell_some(rule, last), end)
    _in_turns(Q(quiet_position__gt=0), _learn_some, end)
    return told


def _in_turns(unfinished: Q, step: Callable[[int], int], end: float) -> int:
    """Take a step for every rule in turn until none is unfinished, or the time is over."""
    rules: QuerySet[SignalRule] = SignalRule.objects.filter(unfinished, channel__active=True)
    total = 0
    while time.monotonic() < end:
        waiting = list(rules.order_by("pk").values_list("pk", flat=True))
        if not waiting:
            break
        total += sum(step(rule_id) for rule_id in waiting)
    return total


def _locked(rule_id: int) -> SignalRule | None:
    """The rule, locked so that nobody else tells the same; None when it is gone."""
    rows = SignalRule.objects.select_for_update(of=("self",)).select_related("channel")
    return rows.filter(pk=rule_id).first()


@transaction.atomic
def _tell_some(rule_id: int, last: int) -> int:
    """Tell of the next changes up to ``last``; the rule's place moves on in the same commit."""
    rule = _locked(rule_id)
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


def _compare(rule: SignalRule, pairs: Collection[Pair]) -> int:
    """Tell what crossed a threshold, and keep it; return how many."""
    now, fresh = clock.now(), []
    before = _told_before(rule, pairs)
    for pair, new in _states(rule, before).items():
        old = before[pair] or State.IN_STOCK
        if old == new:
            continue
        store, item = pair
        fresh.append(
            StockSignal(
                channel=rule.channel, store_id=store, item_id=item, state=new, changed_at=now
            )
        )
        publish(
            StockThresholdCrossed(
                channel_id=rule.channel_id,
                store_id=store,
                item_id=item,
                state=BACK if old == State.OUT else str(new),
            )
        )
    StockSignal.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["channel", "store", "item"],
        update_fields=["state", "changed_at"],
    )
    return len(fresh)


@transaction.atomic
def _learn_some(rule_id: int) -> int:
    """Keep what of the latest places not learned yet is low or sold out; return how many."""
    rule = _locked(rule_id)
    if rule is None:
        return 0
    page = StockChange.objects.filter(channel_id=None, position__lte=rule.quiet_position)
    changes = list(page.order_by("-position")[:CHANGES])
    pairs = {(row.store_id, row.item_id) for row in changes if row.store_id and row.item_id}
    learned = _learn(rule, pairs)
    full = len(changes) == CHANGES
    rule.quiet_position = changes[-1].position - 1 if full else 0
    rule.save(update_fields=["quiet_position"])
    return learned


def _learn(rule: SignalRule, pairs: Collection[Pair]) -> int:
    before = _told_before(rule, pairs)
    unknown = sorted(pair for pair, state in before.items() if state is None)
    states = _states(rule, unknown)
    scarce = [pair for pair in unknown if states.get(pair, State.IN_STOCK) != State.IN_STOCK]
    values: dict[str, Any] = _split(scarce) | {
        "channel": rule.channel_id,
        "states": [str(states[pair]) for pair in scarce],
        "quiet": rule.quiet_position,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEARN, values)
        return int(cursor.rowcount)


def _states(rule: SignalRule, pairs: Collection[Pair]) -> dict[Pair, str]:
    if not pairs:
        return {}
    found = available_of(channel=rule.channel, pairs=list(pairs))
    return {pair: _state(position.atp, rule.low_units) for pair, position in found.items()}


def _state(units: int, low_units: int) -> str:
    if not units:
        return State.OUT
    return State.LOW if units <= low_units else State.IN_STOCK


def _told_before(rule: SignalRule, pairs: Iterable[Pair]) -> dict[Pair, str | None]:
    """What the site was last told of each position that is still sold; None: nothing yet."""
    values: dict[str, Any] = _split(pairs) | {"channel": rule.channel_id}
    with connection.cursor() as cursor:
        cursor.execute(_TOLD_BEFORE, values)
        return {(store, item): state for store, item, state in cursor}


def _split(pairs: Iterable[Pair]) -> dict[str, list[int]]:
    """The stores and the items, in the order of the pairs."""
    ordered = sorted(pairs)
    return {"stores": [store for store, _ in ordered], "items": [item for _, item in ordered]}


def _positions(rule: SignalRule, changes: list[StockChange]) -> tuple[set[Pair], int]:
    """The positions that the first changes may have moved, and how many changes those are."""
    pairs: set[Pair] = set()
    read = 0
    for row in changes:
        pairs.update(_reached(rule, row))
        read += 1
        if len(pairs) >= POSITIONS:
            break
    return pairs, read


def _reached(rule: SignalRule, row: StockChange) -> Iterable[Pair]:
    """The positions to look at again after one change."""
    if row.item_id is None:
        return _sold_out(rule, row) if row.store_id else ()
    stores = [row.store_id] if row.store_id else _stores_with(row.item_id)
    return [(store, row.item_id) for store in stores]


def _sold_out(rule: SignalRule, row: StockChange) -> Iterable[Pair]:
    told = StockSignal.objects.filter(channel=rule.channel, store=row.store_id, state=State.OUT)
    return list(told.values_list("store_id", "item_id"))


def _stores_with(item: int) -> list[int]:
    """The stores that have a level of the item, or, if it is a bundle, of one of its parts."""
    parts = BundlePart.objects.filter(bundle=item).values("part_id")
    levels = StockLevel.objects.filter(Q(item=item) | Q(item__in=parts))
    return list(levels.order_by("store_id").values_list("store_id", flat=True).distinct())
