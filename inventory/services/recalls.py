"""Calling goods back: not sold anywhere from the commit on, pulled store by store, then closed.

All that concerns the recalls of one item takes that item's row first, so that of two recalls
neither lifts the stop that the other needs. What orders have to do with it is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from hub import clock
from hub.errors import Invalid
from hub.events.catalog import ItemRecalled, RecallClosed
from hub.events.outbox import publish
from hub.stores.models import Store
from inventory.errors import NotThatMany, PullDone, RecallOver
from inventory.ledger import StockEvent
from inventory.lines import MOST_UNITS
from inventory.models import (
    EventKind,
    Item,
    PullTask,
    Recall,
    StockLevel,
    UnavailableState,
    UnavailableUnits,
)
from inventory.services.bundles import among, bundles_with
from inventory.services.levels import change_beside_others, lock_levels, make_levels
from inventory.services.stock_events import record_stock_events
from inventory.services.stops import lift_recalled, stop_recalled

SOURCE = "hub"
LOT_CHARACTERS = 60
REASON_CHARACTERS = 200
BY_CHARACTERS = 150
# Where pulled units come from once nothing is left that could be sold.
ASIDE = (UnavailableState.DISPLAY, UnavailableState.QUALITY_CHECK, UnavailableState.DAMAGED)

_REACH = """
SELECT level.store_id, level.on_hand - coalesce(aside.units, 0) AS units
FROM inventory_stocklevel level
JOIN stores_store store ON store.id = level.store_id AND store.active
LEFT JOIN inventory_unavailableunits aside ON aside.store_id = level.store_id
    AND aside.item_id = level.item_id AND aside.state = 'recalled' AND aside.units > 0
WHERE level.item_id = %(item)s AND level.on_hand > coalesce(aside.units, 0)
"""
_SEND_OUT = f"""
INSERT INTO inventory_pulltask (recall_id, store_id, units_expected, done_by)
SELECT %(recall)s, store_id, units, '' FROM ({_REACH}) AS reached ORDER BY store_id
"""  # noqa: S608  made of constants
_COUNT_REACH = f"SELECT count(*), coalesce(sum(units), 0)::bigint FROM ({_REACH}) AS reached"  # noqa: S608


class Reach(NamedTuple):
    """In how many stores units lie that are not pulled yet, and how many of them."""

    stores: int
    units: int


def reach(*, item: Item) -> Reach:
    """What a recall of the item would have to pull now."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_REACH, {"item": item.pk})
        return Reach(*(cursor.fetchone() or (0, 0)))


def recalled_item_ids(item_id: int) -> list[int]:
    """The item, and every bundle that it is a part of."""
    return [item_id, *bundles_with([item_id])]


@transaction.atomic
def open_recall(
    *, item: Item, reason: str, lot: str = "", sold_since: datetime | None = None, by: str = ""
) -> Recall:
    """Stop the sale of a product, or of one lot of it, everywhere, and have it pulled.

    Afterwards nothing of it can be held or ordered, every active store with units on hand has a
    task, and ItemRecalled is published. A lot cannot be told from the others by a counter: the
    product stops too, in each store until that one's task is done. ``sold_since`` is from when
    on those who collected are concerned (None: all). The same item, lot and reason again, while
    that recall is open, is that recall: a second tap opens none. Raises Invalid, also for a
    bundle: it has no units of its own, so it is its parts that are called back.
    """
    text, batch = _clean(reason, REASON_CHARACTERS, "reason"), _clean(lot, LOT_CHARACTERS, "lot")
    if not text:
        raise Invalid("say why it is called back")
    if sold_since is not None and sold_since > clock.now():
        raise Invalid("nothing was sold in the future")
    if among([item.pk]):
        raise Invalid("it is a bundle: recall the parts that are bad")
    _lock(item.pk)
    same = Recall.objects.filter(item=item, lot=batch, reason=text, closed_at__isnull=True)
    if known := same.first():
        return known
    recall = Recall.objects.create(
        item=item,
        lot=batch,
        reason=text,
        sold_since=sold_since,
        opened_at=clock.now(),
        opened_by=by[:BY_CHARACTERS],
    )
    stop_recalled(item_id=item.pk, store_ids=_all_stores() if batch else None, by=by[:150])
    with connection.cursor() as cursor:
        cursor.execute(_SEND_OUT, {"recall": recall.pk, "item": item.pk})
    publish(ItemRecalled(recall_id=recall.pk))
    return recall


@transaction.atomic
def finish_pull(*, task: PullTask, units: int, by: str = "") -> PullTask:
    """Record what a store took off its shelves: ``units`` are on hand, but recalled.

    Of a lot, the store sells the rest again, unless another recall forbids it. The same answer
    again changes nothing. Raises PullDone for another answer than the first, RecallOver, and
    NotThatMany when so many are not on hand; nothing is changed then.
    """
    if not 0 <= units <= MOST_UNITS:
        raise Invalid(f"0 to {MOST_UNITS} units")
    change_beside_others(task.store_id)
    recall = task.recall
    _lock(recall.item_id)
    open_tasks = PullTask.objects.filter(
        pk=task.pk, done_at__isnull=True, recall__closed_at__isnull=True
    )
    done = {"units_pulled": units, "done_at": clock.now(), "done_by": by[:BY_CHARACTERS]}
    first = PullTask.objects.filter(pk__in=open_tasks.values("pk")).update(**done)
    task.refresh_from_db()
    if not first:
        _refuse(task, units)
        return task
    if recall.lot:
        lift_recalled(item_id=recall.item_id, store_ids=_sold_again(recall, [task.store_id]))
    _move_aside(task, units)
    return task


@transaction.atomic
def close_recall(*, recall: Recall, by: str = "") -> bool:
    """Let the goods be sold again, unless another recall forbids it; False when it was closed.

    Tasks that are not done have become needless. What was pulled stays aside as recalled.
    """
    _lock(recall.item_id)
    closed = Recall.objects.filter(pk=recall.pk, closed_at__isnull=True).update(
        closed_at=clock.now(), closed_by=by[:BY_CHARACTERS]
    )
    recall.refresh_from_db()
    if not closed:
        return False
    if recall.lot:
        lift_recalled(item_id=recall.item_id, store_ids=_sold_again(recall, _all_stores()))
    elif not _others(recall).filter(lot="").exists():
        lift_recalled(item_id=recall.item_id, store_ids=None)
    publish(RecallClosed(recall_id=recall.pk))
    return True


def _lock(item_id: int) -> None:
    """One at a time with what becomes of this item's recalls."""
    list(Item.objects.select_for_update(no_key=True).filter(pk=item_id).values_list("pk"))


def _all_stores() -> list[int]:
    return list(Store.objects.order_by("pk").values_list("pk", flat=True))


def _others(recall: Recall) -> QuerySet[Recall]:
    """The open recalls of the same item besides this one."""
    rows = Recall.objects.filter(item=recall.item_id, closed_at__isnull=True)
    return rows.exclude(pk=recall.pk)


def _sold_again(recall: Recall, store_ids: Sequence[int]) -> list[int]:
    """Those of the stores where no other recall of a lot is still to be pulled."""
    free = set(store_ids)
    for other in _others(recall).exclude(lot=""):
        done = other.tasks.filter(done_at__isnull=False)
        free &= set(done.values_list("store_id", flat=True))
    return sorted(free)


def _refuse(task: PullTask, units: int) -> None:
    """Raise why the task cannot be done now, unless it was done with just this answer."""
    if task.done_at is None:
        raise RecallOver
    if task.units_pulled != units:
        done = task.units_pulled or 0
        raise PullDone(f"it is done: {done} units were pulled", units_pulled=done)


def _move_aside(task: PullTask, units: int) -> None:
    store_id, item_id = task.store_id, task.recall.item_id
    make_levels(store_id=store_id, item_ids=[item_id])
    lock_levels(store_id=store_id, item_ids=[item_id])
    level = StockLevel.objects.get(store=store_id, item=item_id)
    rows = UnavailableUnits.objects.filter(store=store_id, item=item_id, units__gt=0)
    states = dict(rows.values_list("state", "units"))
    there = level.on_hand - states.get(UnavailableState.RECALLED, 0)
    if units > there:
        raise NotThatMany(f"{max(0, there)} units are on hand", on_hand=max(0, there))
    for_sale = max(0, level.on_hand - level.unavailable)
    events = [
        StockEvent(
            event_id=f"pull:{task.recall.public_id}:{store_id}:{state}",
            kind=EventKind.MOVE,
            store_id=store_id,
            item_id=item_id,
            quantity=moved,
            occurred_at=clock.now(),
            reference=task.recall.public_id,
            state=state,
        )
        for state, moved in _moves(units, for_sale, states)
    ]
    record_stock_events(source=SOURCE, events=events)


def _moves(units: int, for_sale: int, states: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """What each state gains or loses: units that were aside already change their state."""
    if units:
        yield UnavailableState.RECALLED, units
    rest = units - for_sale
    for state in ASIDE:
        moved = min(rest, states.get(state, 0))
        if moved > 0:
            yield state, -moved
            rest -= moved


def _clean(text: str, limit: int, what: str) -> str:
    words = " ".join(text.split())
    if len(words) > limit or not words.isprintable():
        raise Invalid(f"the {what} has at most {limit} characters, all of them printable")
    return words
