"""Orders with goods that were called back: found at the recall, stopped, told of, let go on."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from hub import clock
from hub.events.catalog import CollectedGoodsRecalled
from hub.events.outbox import publish
from inventory.models import Recall
from inventory.services.recalls import recalled_item_ids
from orders.actions import lock_parts
from orders.blocks import lift_block, open_block
from orders.models import Block, FulfillmentOrder, FulfillmentStatus, RecalledPart
from orders.states import LIVE

BATCH = 200
SETTLE_SECONDS = 45.0
NOTE_CHARACTERS = 200
BY_CHARACTERS = 150

_AFFECTED = """
SELECT part.id AS fulfillment_id,
    CASE part.status WHEN 'completed' THEN 'collected' WHEN 'picked' THEN 'staged'
        WHEN 'ready' THEN 'staged' ELSE 'allocated' END AS stage,
    sum(CASE part.status WHEN 'completed' THEN line.handed_off
        ELSE line.allocated - line.short END) AS units
FROM orders_fulfillmentline line
JOIN orders_fulfillmentorder part ON part.id = line.fulfillment_id
WHERE line.item_id = ANY(%(items)s::bigint[]) AND (
    part.status = ANY(%(live)s) OR part.status = 'completed'
    AND (%(since)s::timestamptz IS NULL OR part.completed_at >= %(since)s::timestamptz))
GROUP BY part.id
HAVING sum(CASE part.status WHEN 'completed' THEN line.handed_off
    ELSE line.allocated - line.short END) > 0
"""
_COUNT = f"SELECT stage, count(*) FROM ({_AFFECTED}) AS affected GROUP BY stage"  # noqa: S608
_COLLECT = f"""
INSERT INTO orders_recalledpart (recall_id, fulfillment_id, stage, units, cleared_by)
SELECT %(recall)s, fulfillment_id, stage, units, '' FROM ({_AFFECTED}) AS affected
ORDER BY fulfillment_id
ON CONFLICT (recall_id, fulfillment_id) DO NOTHING
"""  # noqa: S608  made of constants
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('orders.recalls', 0))"


def affected(*, item_ids: Collection[int], sold_since: datetime | None = None) -> dict[str, int]:
    """How many parts of orders a recall would concern now, by stage."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _values(item_ids, sold_since))
        found = dict(cursor.fetchall())
    return {stage: found.get(stage, 0) for stage in RecalledPart.Stage.values}


@transaction.atomic
def collect_parts(*, recall: Recall) -> None:
    """Write down every part of an order that has the goods, or had them since they are suspect.

    Repeating it adds none. From the recall's commit on no further order gets the goods, so
    those that are found after it are all.
    """
    values = _values(recalled_item_ids(recall.item_id), recall.sold_since)
    with connection.cursor() as cursor:
        cursor.execute(_COLLECT, {"recall": recall.pk, **values})


@transaction.atomic
def settle_batch() -> int:
    """See to the next 200 parts at most; how many were left to see to of those.

    One under way gets a block on its order; of one that was collected CollectedGoodsRecalled is
    published, once, as its row is marked in the same commit. Only one runs at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
        (alone,) = cursor.fetchone() or (False,)
    if not alone:
        return 0
    waiting = RecalledPart.objects.filter(settled_at__isnull=True)
    rows = waiting.select_related("recall__item", "fulfillment__store").order_by("pk")[:BATCH]
    for row in rows:
        _settle(row)
    return len(rows)


def settle_recalls() -> int:
    """See to all that wait, for less than a minute; returns how many parts were seen to."""
    settled, end = 0, time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        batch = settle_batch()
        settled += batch
        if batch < BATCH:
            break
    return settled


@transaction.atomic
def clear_part(*, part: RecalledPart, by: str) -> bool:
    """Somebody looked: the order has none of the bad goods (any more) and may move on.

    False when that was said before, or no block of this recall stands.
    """
    if part.block is None or not lift_block(block=part.block):
        return False
    part.cleared_by = by[:BY_CHARACTERS]
    part.save(update_fields=["cleared_by"])
    return True


def _settle(row: RecalledPart) -> None:
    """What the part is now decides: goods may have been collected since it was found."""
    part: FulfillmentOrder = row.fulfillment
    lock_parts(part.order_id)
    part.refresh_from_db(fields=["status"])
    changes: dict[str, Any] = {"settled_at": clock.now()}
    if part.status in LIVE:
        note = f"recalled: {row.recall.item.sku} in {part.store.code}, {row.recall.reason}"
        changes["block"] = open_block(
            order=part.order, reason=Block.Reason.OTHER, note=note[:NOTE_CHARACTERS]
        )
    elif part.status == FulfillmentStatus.COMPLETED:
        changes["stage"] = RecalledPart.Stage.COLLECTED
        publish(
            CollectedGoodsRecalled(
                order_id=part.order_id, fulfillment_id=part.pk, recall_id=row.recall_id
            )
        )
    RecalledPart.objects.filter(pk=row.pk).update(**changes)


def _values(item_ids: Collection[int], sold_since: datetime | None) -> dict[str, Any]:
    return {"items": list(item_ids), "live": sorted(LIVE), "since": sold_since}
