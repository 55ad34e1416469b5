"""Orders to try things out with: real services, no real phone, no real POS, and no trace in stock.

A sandbox order is a test order of a sales channel. Its goods are set aside in the store while it
goes on. When it ends, the stock ledger takes back whatever it did to the store's stock, and sales
that were stopped for it alone go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from hub import clock
from hub.errors import Conflict, Invalid
from hub.stores.models import SalesChannel, Store
from inventory.ledger import StockEvent
from inventory.models import (
    EventKind,
    InventoryEvent,
    Item,
    SalesStop,
    StockLevel,
    StoreFeed,
)
from inventory.services.bundles import unpacked
from inventory.services.levels import change_beside_others
from inventory.services.stock_events import record_stock_events
from inventory.services.stops import lift_short_pick
from orders.clocks.collecting import expire
from orders.curbside.visits import active_visit, leave
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    OrderStatus,
    PickEntry,
    PutBack,
    RejectedItem,
    SandboxRun,
)
from orders.placing.asked import Asked, Line, Wish
from orders.placing.cancel import cancel_order
from orders.placing.drafts import Desk
from orders.placing.services import place_order
from orders.putting_back import put_back
from orders.states import BEFORE_READY

MARK = "SANDBOX-"
MOST_LINES = 5
MOST_UNITS = 5  # of each; goods by weight: as many times a hundred grams
GRAMS = 100
LONGEST = timedelta(days=1)
BATCH = 20
SOURCE = "hub"
REASON = "the sandbox order is over"
# Numbers of the North American plan that are given to nobody, for films and tries.
FIRST_NUMBER, NUMBERS = 100, 100
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class SandboxOver(Conflict):
    """It has ended and its goods are put right; nothing more can be tried on it."""

    code = "sandbox_over"
    title = "This sandbox order is over; make another one"


def begin_sandbox(
    *,
    store: Store,
    channel: SalesChannel,
    goods: Mapping[int, int],
    by: User,
    token: str,
) -> SandboxRun:
    """Place a sandbox order of ``goods`` (item id → units) for this store.

    The same token again, even at the same moment, returns the first one. Raises Invalid for no
    goods or too many and for a token of nothing, and as ``place_order`` does.
    """
    if not token:
        raise Invalid("open the form again")
    items = Item.objects.in_bulk(goods)
    if not 0 < len(items) <= MOST_LINES or len(items) < len(goods):
        raise Invalid(f"choose 1 to {MOST_LINES} items of the store")
    asked = _asked(store, channel, items, goods)
    try:
        return _known(token) or _begin(Desk(channel, is_test=True), asked, store, by, token)
    except IntegrityError:
        if found := _known(token):  # a twin of this press was faster
            return found
        raise


def _known(token: str) -> SandboxRun | None:
    return SandboxRun.objects.filter(token=token).select_related("order").first()


@transaction.atomic
def _begin(desk: Desk, asked: Asked, store: Store, by: User, token: str) -> SandboxRun:
    skus = [line["sku"] for line in asked["lines"]]
    items = Item.objects.filter(sku__in=skus).values_list("pk", flat=True)
    stops = SalesStop.objects.filter(store=store, item__in=_bottom(dict.fromkeys(items, 1)))
    stopped = sorted(stops.values_list("item_id", flat=True))
    order = place_order(desk=desk, asked=asked)
    return SandboxRun.objects.create(order=order, by=by, token=token, stopped=stopped)


@transaction.atomic
def end_sandbox(*, run: SandboxRun) -> SandboxRun:
    """End what is still going on, put the goods back, and take its effect out of the stock.

    Afterwards the store's books are as if it had never been. Repeatable.
    """
    run = SandboxRun.objects.select_related("order").get(pk=run.pk)
    if run.ended_at is not None:
        return run
    parts = list(run.order.fulfillments.select_related("store", "order").order_by("pk"))
    for part in parts:
        change_beside_others(part.store_id)  # as counts want it: before any level is locked
    _end_work(run, parts)
    for part in parts:
        _clear_put_backs(part)
        _take_back_stock(part)
        _go_on_selling(run, part)
    SandboxRun.objects.filter(pk=run.pk, ended_at__isnull=True).update(ended_at=clock.now())
    run.refresh_from_db()
    return run


def end_stale_sandboxes() -> int:
    """End the sandbox orders that somebody left a day ago: they hold goods; returns how many."""
    since = clock.now() - LONGEST
    left = SandboxRun.objects.filter(ended_at__isnull=True, begun_at__lt=since).order_by("pk")
    return len([end_sandbox(run=run) for run in left[:BATCH]])


@transaction.atomic
def miss_pickup(*, part: FulfillmentOrder) -> bool:
    """Let the time of a ready sandbox part be over, and end it as not collected."""
    _require_sandbox(part)
    if active_visit(part):
        leave(fulfillment=part)
    rows = FulfillmentOrder.objects.filter(pk=part.pk, status=FulfillmentStatus.READY)
    rows.update(expires_at=clock.now())
    part.refresh_from_db()
    return expire(fulfillment=part)


def _require_sandbox(part: FulfillmentOrder) -> None:
    run = SandboxRun.objects.filter(order=part.order_id).first()
    if run is None or run.ended_at is not None:
        raise SandboxOver


def _asked(
    store: Store, channel: SalesChannel, items: Mapping[int, Item], goods: Mapping[int, int]
) -> Asked:
    mark = secrets.token_hex(3).upper()
    lines: list[Line] = []
    for key, item in sorted(items.items()):
        most = MOST_UNITS * (GRAMS if item.unit == "gram" else 1)
        if not 0 < goods[key] <= most:
            raise Invalid(f"1 to {most} of each")
        wish: Wish = {"allow": "ask"}
        price = item.price_minor or 100
        line: Line = {"sku": item.sku, "quantity": goods[key], "unit_price_minor": price}
        lines.append({**line, "substitution": wish})
    number = FIRST_NUMBER + secrets.randbelow(NUMBERS)
    return {
        "external_id": f"{MARK}{mark}",
        "pickup": {"store": store.public_id},
        "customer": {
            "name": f"Sandbox {mark}",
            "phone": f"+12025550{number}",
            "email": f"sandbox-{mark.lower()}@example.com",
        },
        "currency": channel.currency,
        "total_minor": sum(line["quantity"] * line["unit_price_minor"] for line in lines),
        "lines": lines,
    }


def _bottom(goods: Mapping[int, int]) -> list[int]:
    """The items themselves, of bundles their parts."""
    return sorted(unpacked(dict.fromkeys(goods, 1)))


def _end_work(run: SandboxRun, parts: list[FulfillmentOrder]) -> None:
    run.order.refresh_from_db()
    for part in parts:
        if part.status == FulfillmentStatus.READY:
            miss_pickup(part=part)
    run.order.refresh_from_db()
    live = any(part.status in BEFORE_READY for part in parts)
    if run.order.status == OrderStatus.OPEN and live:
        cancel_order(order=run.order, reason=REASON)


def _clear_put_backs(part: FulfillmentOrder) -> None:
    """Say of all that was picked that it is gone: the books are put right afterwards."""
    tasks = PutBack.objects.filter(line__fulfillment=part, done_at__isnull=True)
    for task in tasks.select_related("line__item", "line__fulfillment").order_by("pk"):
        put_back(task=task, outcome=PutBack.Outcome.WRITTEN_OFF, by="sandbox")


def _take_back_stock(part: FulfillmentOrder) -> None:
    """Undo what the ledger says this part did to the stock since the shelf was last counted."""
    rows = InventoryEvent.objects.filter(
        store=part.store_id, item__in=_items_of(part), reference=part.public_id, superseded=False
    )
    events = []
    counted = _counted(part.store_id, _items_of(part))
    for row in rows.order_by("item_id", "pk"):
        on_hand = row.on_hand_change if row.occurred_at > counted[row.item_id] else 0
        events += _undone(row, on_hand)
    if events:
        record_stock_events(source=SOURCE, events=events)


def _undone(row: InventoryEvent, on_hand: int) -> list[StockEvent]:
    """The events that are the opposite of a line of the ledger."""
    opposite = {
        EventKind.ADJUSTMENT: -on_hand,
        EventKind.MOVE: -row.unavailable_change,
    }
    return [
        StockEvent(
            event_id=f"sandbox:{row.pk}:{kind}",
            kind=kind,
            store_id=row.store_id,
            item_id=row.item_id,
            quantity=units,
            occurred_at=clock.now(),
            reason="correction" if kind == EventKind.ADJUSTMENT else "",
            reference=f"sandbox:{row.reference}",
            state=row.state if kind == EventKind.MOVE else "",
        )
        for kind, units in opposite.items()
        if units
    ]


def _items_of(part: FulfillmentOrder) -> list[int]:
    """What its lines are of, substitutes too; of bundles their parts."""
    keys = FulfillmentLine.objects.filter(fulfillment=part).values_list("item_id", flat=True)
    return _bottom(dict.fromkeys(keys, 1))


def _counted(store_id: int, items: list[int]) -> dict[int, datetime]:
    """Since when each item's shelf is what was counted: what happened before is in the count."""
    feed = StoreFeed.objects.filter(store=store_id).aggregate(at=Max("counted_as_of"))["at"]
    rows = StockLevel.objects.filter(store=store_id, item__in=items)
    own = dict(rows.values_list("item_id", "counted_at"))
    return {item: max(filter(None, (feed, own.get(item), _EVER))) for item in items}


def _go_on_selling(run: SandboxRun, part: FulfillmentOrder) -> None:
    """Lift the stops that this order's shorts made, unless a real order's shorts want them too."""
    short = Q(short__gt=0) | Q(entries__kind=PickEntry.Kind.SHORT)
    lines = FulfillmentLine.objects.filter(short, fulfillment=part).values_list(
        "item_id", flat=True
    )
    items = set(_bottom(dict.fromkeys(lines, 1))) - set(run.stopped)
    if not items:
        return
    others = FulfillmentLine.objects.filter(
        Q(entries__kind=PickEntry.Kind.SHORT, entries__at__gte=run.begun_at)
        | Q(short__gt=0, fulfillment__picked_at__gte=run.begun_at),
        item__in=items,
        fulfillment__store=part.store_id,
    ).exclude(fulfillment__order=run.order_id)
    rejected = RejectedItem.objects.filter(
        store=part.store_id, item__in=items, rejected_at__gte=run.begun_at
    )
    wanted = {
        *others.values_list("item_id", flat=True),
        *rejected.values_list("item_id", flat=True),
    }
    lift_short_pick(store_id=part.store_id, item_ids=items - wanted)
