"""Holds: units set aside for a cart for some minutes, pinned to one store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest, Least

from hub import clock
from hub.errors import Invalid, NotFound
from hub.ids import new_id
from hub.stores.models import SalesChannel, Store
from inventory.errors import HoldExpired
from inventory.models import Hold, HoldLine, Item
from inventory.services.taking import TAKEN, take

DEFAULT_MINUTES = 10
MOST_MINUTES = 120
SWEEP_BATCH = 200
SWEEP_SECONDS = 30.0

_HOLD = f"""{TAKEN}, moved AS (
    UPDATE inventory_stocklevel level SET held = level.held + taken.quantity
    FROM taken
    WHERE level.id = taken.id AND (SELECT count(*) FROM taken) = (SELECT count(*) FROM wanted)
    RETURNING level.item_id, taken.quantity
), hold AS (
    INSERT INTO inventory_hold (public_id, channel_id, store_id, status, expires_at)
    SELECT %(public_id)s, %(channel)s, %(store)s, 'active', %(expires_at)s
    WHERE EXISTS (SELECT FROM moved)
    RETURNING id, public_id, channel_id, store_id, status, expires_at, created_at
), line AS (
    INSERT INTO inventory_holdline (hold_id, item_id, quantity)
    SELECT hold.id, moved.item_id, moved.quantity FROM hold CROSS JOIN moved
)
SELECT hold.*, moved.item_id, item.sku, moved.quantity
FROM hold CROSS JOIN moved JOIN inventory_item item ON item.id = moved.item_id
"""  # noqa: S608  made of constants
_HOLD_COLUMNS = [
    "id",
    "public_id",
    "channel_id",
    "store_id",
    "status",
    "expires_at",
    "created_at",
]

_GIVE_BACK = """
WITH back AS (
    SELECT hold.store_id, line.item_id, sum(line.quantity) AS quantity
    FROM inventory_holdline line JOIN inventory_hold hold ON hold.id = line.hold_id
    WHERE hold.id = ANY(%(holds)s::bigint[])
    GROUP BY hold.store_id, line.item_id
), locked AS MATERIALIZED (
    SELECT level.id, back.quantity FROM inventory_stocklevel level
    JOIN back ON back.store_id = level.store_id AND back.item_id = level.item_id
    ORDER BY level.store_id, level.item_id
    FOR NO KEY UPDATE OF level
), moved AS (
    UPDATE inventory_stocklevel level SET held = level.held - locked.quantity
    FROM locked WHERE level.id = locked.id
    RETURNING level.store_id, level.item_id,
        greatest(0, level.on_hand - level.unavailable) - level.allocated - level.held AS free
)
UPDATE inventory_shortfallcase shortfall SET closed_at = %(now)s
FROM moved
WHERE shortfall.store_id = moved.store_id AND shortfall.item_id = moved.item_id
  AND shortfall.closed_at IS NULL AND moved.free >= 0
"""


def place_hold(
    *,
    channel: SalesChannel,
    store: Store,
    lines: Mapping[int, int],
    minutes: int = DEFAULT_MINUTES,
) -> Hold:
    """Set units aside in one store: ``lines`` maps item ids to units, all of them or none.

    Of a bundle the hold has the parts. They come back by themselves after ``minutes`` (1 to 120).
    Raises InsufficientStock naming every short line.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid(f"a hold lasts 1 to {MOST_MINUTES} minutes")
    values = {
        "public_id": new_id("hld"),
        "channel": channel.pk,
        "store": store.pk,
        "expires_at": clock.now() + timedelta(minutes=minutes),
    }
    rows = take(_HOLD, channel=channel, store=store, lines=lines, values=values)
    hold = Hold.from_db(DEFAULT_DB_ALIAS, _HOLD_COLUMNS, rows[0])
    hold.store, hold.channel = store, channel
    _know_lines(hold, [row[len(_HOLD_COLUMNS) :] for row in rows])
    return hold


def _know_lines(hold: Hold, rows: list[tuple[int, str, int]]) -> None:
    """Spare whoever shows the hold to ask for its lines: a hot level is locked until the commit."""
    lines = hold.lines.all()
    lines._result_cache = [
        HoldLine(hold=hold, item=Item(pk=item, sku=sku), quantity=quantity)
        for item, sku, quantity in rows
    ]
    hold._prefetched_objects_cache = {"lines": lines}  # type: ignore[attr-defined]


def find_hold(*, reference: str, channel: SalesChannel) -> Hold:
    """The hold of that public id, if it belongs to the channel; raises NotFound."""
    try:
        rows = Hold.objects.select_related("store").prefetch_related("lines__item")
        return rows.get(public_id=reference, channel=channel)
    except Hold.DoesNotExist:
        raise NotFound("no such hold") from None


def extend_hold(*, hold: Hold, minutes: int) -> None:
    """Let a living hold last ``minutes`` (1 to 120) from now, but never beyond two hours in all.

    It is never made shorter. Raises HoldExpired when it is over.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid(f"a hold lasts 1 to {MOST_MINUTES} minutes")
    now = clock.now()
    wanted = now + timedelta(minutes=minutes)
    latest = F("created_at") + timedelta(minutes=MOST_MINUTES)
    living = Hold.objects.filter(pk=hold.pk, status=Hold.Status.ACTIVE, expires_at__gt=now)
    extended = living.update(expires_at=Greatest("expires_at", Least(Value(wanted), latest)))
    hold.refresh_from_db(fields=["status", "expires_at"])
    if not extended:
        raise HoldExpired(f"{hold.public_id} is over", hold_status=hold.status)


@transaction.atomic
def release_hold(*, hold: Hold) -> bool:
    """Put the held units back on sale; False when the hold was over already (nothing happens)."""
    ended = Hold.objects.filter(pk=hold.pk, status=Hold.Status.ACTIVE).update(
        status=Hold.Status.RELEASED
    )
    if ended:
        _give_back([hold.pk])
    hold.refresh_from_db()
    return bool(ended)


def sweep_holds() -> int:
    """End the holds whose time is over and put their units back; return how many.

    Any number of sweeps may run at once; one works for half a minute at most.
    """
    swept, end = 0, time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < end:
        batch = _sweep_batch()
        swept += batch
        if batch < SWEEP_BATCH:
            break
    return swept


@transaction.atomic
def _sweep_batch() -> int:
    due = (
        Hold.objects.select_for_update(skip_locked=True)
        .filter(status=Hold.Status.ACTIVE, expires_at__lte=clock.now())
        .order_by("expires_at")
        .values_list("pk", flat=True)[:SWEEP_BATCH]
    )
    holds = list(due)
    if holds:
        Hold.objects.filter(pk__in=holds).update(status=Hold.Status.EXPIRED)
        _give_back(holds)
    return len(holds)


def _give_back(holds: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, {"holds": holds, "now": clock.now()})
