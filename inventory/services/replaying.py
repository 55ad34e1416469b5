"""What a site would have been told in the last days, had its threshold been another one.

The ledger is gone through backwards from what lies there now. It knows counts, sales and orders;
holds of carts and rules that changed meanwhile are taken as they are today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from hub import clock

DAYS = 7
MOST_EVENTS = 200_000

# Units free after each event: what is free now, less all that came later. Between two events of
# a position the threshold is crossed when one side is low or out and the other is not.
_CROSSINGS = """
WITH lately AS (
    SELECT id, store_id, item_id, occurred_at,
        on_hand_change - unavailable_change - allocated_change AS change
    FROM inventory_inventoryevent
    WHERE recorded_at > %(since)s AND NOT superseded
    ORDER BY id DESC LIMIT %(most)s
), free AS (
    SELECT lately.store_id, lately.item_id, lately.id, lately.change,
        level.on_hand - level.unavailable - level.allocated - level.held - coalesce(
            sum(lately.change) OVER (PARTITION BY lately.store_id, lately.item_id
                ORDER BY lately.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
        AS after
    FROM lately JOIN inventory_stocklevel level
        ON level.store_id = lately.store_id AND level.item_id = lately.item_id
    WHERE lately.change <> 0
), told AS (
    SELECT low, count(*) FILTER (WHERE {state_before} <> {state_after}) AS crossings
    FROM free CROSS JOIN unnest(%(low)s::int[]) AS low GROUP BY low
)
SELECT low, crossings FROM told
"""
_STATE = "CASE WHEN {units} <= 0 THEN 0 WHEN {units} <= low THEN 1 ELSE 2 END"
_SQL = _CROSSINGS.format(
    state_before=_STATE.format(units="after - change"), state_after=_STATE.format(units="after")
)


@dataclass(frozen=True)
class Crossings:
    """How many signals each of two thresholds would have given; None: no rule, no signals."""

    before: int
    after: int


def crossings(*, before: int | None, after: int | None) -> Crossings:
    """How often stock crossed either threshold in the last seven days, over all stores.

    Of more than 200,000 changes of stock the latest are looked at.
    """
    wanted = sorted({low for low in (before, after) if low is not None})
    values: dict[str, Any] = {
        "since": clock.now() - timedelta(days=DAYS),
        "most": MOST_EVENTS,
        "low": wanted,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, values)
        found: dict[int | None, int] = dict(cursor.fetchall())
    return Crossings(before=found.get(before, 0), after=found.get(after, 0))
