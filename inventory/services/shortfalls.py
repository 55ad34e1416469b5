"""Shortfall cases: opened when truth falls below what is promised, closed when it covers it."""

from __future__ import annotations

from collections.abc import Iterable

from hub.events.catalog import ShortfallOpened
from hub.events.outbox import publish

# Members of a WITH: ``changed`` names before them the levels that changed (store_id, item_id) and
# what is ``free`` there after all promises. ``opened`` has the ids of new cases.
SETTLED = """opened AS (
    INSERT INTO inventory_shortfallcase (store_id, item_id)
    SELECT store_id, item_id FROM changed WHERE free < 0 ORDER BY store_id, item_id
    ON CONFLICT (store_id, item_id) WHERE closed_at IS NULL DO NOTHING
    RETURNING id
), settled AS (
    UPDATE inventory_shortfallcase shortfall SET closed_at = %(now)s
    FROM changed
    WHERE shortfall.store_id = changed.store_id AND shortfall.item_id = changed.item_id
      AND shortfall.closed_at IS NULL AND changed.free >= 0
)"""


def announce(case_ids: Iterable[int]) -> None:
    """Tell of cases just opened; part of the transaction that opened them."""
    for case_id in case_ids:
        publish(ShortfallOpened(case_id=case_id))
