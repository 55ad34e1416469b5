"""Units that were picked and will not be collected: set aside until somebody has put them back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, Sum

from hub import clock
from hub.errors import Conflict, Invalid
from inventory.ledger import StockEvent
from inventory.models import EventKind, UnavailableState
from inventory.services.allocations import release
from inventory.services.bundles import unpacked
from inventory.services.levels import change_beside_others
from inventory.services.stock_events import record_stock_events
from orders.actions import is_first, lock_parts
from orders.models import FulfillmentLine, FulfillmentOrder, PutBack
from orders.states import LIVE

SOURCE = "hub"
REASON_CHARACTERS = 60
BY_CHARACTERS = 60
PLACE_CHARACTERS = 40
DAMAGED_AT_THE_CURB = "damaged at the curb"


class NotPicked(Conflict):
    """Only what was picked can be put back; ``lines`` lists the ids of those with too few."""

    code = "not_picked"
    title = "That many units were not picked"


class FreshGoods(Conflict):
    """Fresh goods left the cold: they are written off or damaged, never sold again."""

    code = "fresh_goods"
    title = "Fresh goods are not put back on the shelf"


class BrokenGoods(Conflict):
    """What was seen to be damaged at the curb is damaged stock or waste, never sold again."""

    code = "broken_goods"
    title = "Damaged goods are not put back on the shelf"


class PutBackDone(Conflict):
    """The task is done, and ended in another way; ``outcome`` says how."""

    code = "put_back_done"
    title = "These units have been seen to already"


def ask_put_back(
    *, fulfillment: FulfillmentOrder, units: Mapping[int, int], reason: str
) -> list[PutBack]:
    """Have picked units put back: ``units`` maps a line's key to how many; its tasks come back.

    Part of a transaction that has locked the order's parts. Of a live part the units leave
    ``picked`` and ``allocated`` for ``to_put_back``; of one that has ended (move it first) the
    line keeps its counts as history. Their stock stays set aside until ``put_back``. Raises
    NotPicked when a line is foreign or has fewer picked units; nothing is changed then.
    """
    wanted = {key: count for key, count in units.items() if count}
    lines = {line.pk: line for line in fulfillment.lines.select_related("item")}
    live = fulfillment.status in LIVE
    there = {key: line.picked for key, line in lines.items()} if live else _left(lines)
    wrong = [key for key, count in wanted.items() if not 0 < count <= there.get(key, 0)]
    if wrong:
        raise NotPicked(lines=sorted(wrong))
    for key, count in wanted.items():
        changes = {"to_put_back": F("to_put_back") + count}
        if live:
            changes |= {"picked": F("picked") - count, "allocated": F("allocated") - count}
        FulfillmentLine.objects.filter(pk=key).update(**changes)
    places = _places(fulfillment)
    return PutBack.objects.bulk_create(
        PutBack(
            line_id=key,
            store_id=fulfillment.store_id,
            units=count,
            location=places.get(lines[key].item.zone, fulfillment.staging_location),
            reason=reason[:REASON_CHARACTERS],
            after_end=not live,
        )
        for key, count in wanted.items()
    )


def give_up_goods(*, fulfillment: FulfillmentOrder, reason: str) -> list[PutBack]:
    """Let go of all that a part has which has just ended, in the transaction that ended it.

    Units nobody has picked are on sale again at once; for those that were picked there are tasks.
    """
    lines = list(fulfillment.lines.all())
    unpicked: Counter[int] = Counter()
    for line in lines:
        unpicked[line.item_id] += line.allocated - line.short - line.picked
    if free := {item: count for item, count in unpicked.items() if count}:
        release(reference=fulfillment.public_id, lines=free)
    picked = {line.pk: line.picked for line in lines}
    return ask_put_back(fulfillment=fulfillment, units=picked, reason=reason)


@transaction.atomic
def put_back(*, task: PutBack, outcome: str, by: str, token: str = "") -> PutBack:
    """Say what became of the units; afterwards the task is done and its stock is right.

    ``shelf``: they are on sale again. ``damaged``: on hand, but unavailable. ``written_off``: no
    longer on hand. The same answer again changes nothing. Raises FreshGoods or BrokenGoods when
    such goods shall go to the shelf, and PutBackDone for another answer than the first.
    """
    if outcome not in PutBack.Outcome.values:
        raise Invalid(f"an outcome is one of {', '.join(PutBack.Outcome.values)}")
    line = task.line
    if outcome == PutBack.Outcome.SHELF and line.item.fresh:
        raise FreshGoods
    if outcome == PutBack.Outcome.SHELF and task.reason == DAMAGED_AT_THE_CURB:
        raise BrokenGoods
    if not is_first(fulfillment=line.fulfillment, action="put_back", token=token):
        task.refresh_from_db()
        return task
    change_beside_others(task.store_id)  # as counts want it: before any level is locked
    lock_parts(line.fulfillment.order_id)
    waiting = PutBack.objects.filter(pk=task.pk, done_at__isnull=True)
    first = waiting.update(done_at=clock.now(), done_by=by[:BY_CHARACTERS], outcome=outcome)
    task.refresh_from_db()
    if first:
        _settle(task, line)
    elif task.outcome != outcome:
        raise PutBackDone(f"{task.get_outcome_display()}, by {task.done_by}", outcome=task.outcome)
    return task


def _places(fulfillment: FulfillmentOrder) -> dict[str, str]:
    """Where the bags of each zone stand, as far as they have been put away."""
    codes: dict[str, set[str]] = defaultdict(set)
    rows = fulfillment.bag_rows.filter(location__isnull=False)
    for zone, code in rows.values_list("zone", "location__code"):
        codes[zone].add(code)
    return {zone: ", ".join(sorted(some))[:PLACE_CHARACTERS] for zone, some in codes.items()}


def _left(lines: Mapping[int, FulfillmentLine]) -> dict[int, int]:
    """How many units of each line of an ended part nobody has collected or asked for since it
    ended; those asked for before have left ``picked``."""
    asked = PutBack.objects.filter(line__in=lines, after_end=True).values_list("line")
    gone = dict(asked.annotate(Sum("units")))
    return {key: line.picked - line.handed_off - gone.get(key, 0) for key, line in lines.items()}


def _settle(task: PutBack, line: FulfillmentLine) -> None:
    lines = FulfillmentLine.objects.filter(pk=line.pk)
    lines.update(to_put_back=F("to_put_back") - task.units)
    reference = line.fulfillment.public_id
    release(reference=reference, lines={line.item_id: task.units})
    if task.outcome != PutBack.Outcome.SHELF:
        goods = unpacked({line.item_id: task.units})
        events = [_loss(task, item, units, reference) for item, units in sorted(goods.items())]
        record_stock_events(source=SOURCE, events=events)


def _loss(task: PutBack, item_id: int, units: int, reference: str) -> StockEvent:
    damaged = task.outcome == PutBack.Outcome.DAMAGED
    return StockEvent(
        event_id=f"put_back:{task.pk}:{item_id}",
        kind=EventKind.MOVE if damaged else EventKind.ADJUSTMENT,
        store_id=task.store_id,
        item_id=item_id,
        quantity=units if damaged else -units,
        occurred_at=clock.now(),
        reason="" if damaged else "spoilage",
        reference=reference,
        state=UnavailableState.DAMAGED if damaged else "",
    )
