"""The guard that every reservation passes: take units of several items, all lines or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from hub.stores.models import SalesChannel, Store
from inventory.errors import InsufficientStock
from inventory.lines import ordered
from inventory.services import availability, bundles

# Locks the level of every line that has enough free units, in the order of the item ids, so that
# two baskets never wait for each other. After a wait PostgreSQL checks the WHERE again on the
# row's new version: the guard compares the row's own columns with plain numbers, and these
# numbers are what ``protected_units`` resolved before. A condition that looks into another table
# would keep its first answer and oversell. Statements that use it move the rows only when
# ``taken`` holds as many as were asked for.
TAKEN = """
WITH wanted AS (
    SELECT * FROM unnest(%(items)s::bigint[], %(quantities)s::bigint[], %(protected)s::bigint[])
        AS line (item_id, quantity, protected)
), taken AS MATERIALIZED (
    SELECT level.id, level.item_id, wanted.quantity
    FROM inventory_stocklevel level JOIN wanted ON wanted.item_id = level.item_id
    WHERE level.store_id = %(store)s AND NOT level.stopped
      AND level.on_hand - level.unavailable - level.allocated - level.held
          >= wanted.quantity + wanted.protected
    ORDER BY level.item_id
    FOR NO KEY UPDATE OF level
)"""

# Between a refusal and reading what is left, units may come free: then there is nothing to list.
TRIES = 3


def take(
    statement: str,
    *,
    channel: SalesChannel,
    store: Store,
    lines: Mapping[int, int],
    values: Mapping[str, Any],
) -> list[Any]:
    """Run a statement made of TAKEN, with ``values`` besides those TAKEN needs; return its rows.

    Of a bundle its parts are taken. Raises InsufficientStock, naming every short line, when the
    statement moved fewer lines than asked for (then it must not have moved any), or when a bundle
    itself is not sold.
    """
    needed = bundles.unpacked(lines)
    items, quantities = ordered(needed)
    _check_bundles(channel, store, {i: n for i, n in lines.items() if i not in needed})
    for _ in range(TRIES):
        protected = availability.protected_units(channel=channel, store=store, item_ids=items)
        parameters: dict[str, Any] = {
            "store": store.pk,
            "items": items,
            "quantities": quantities,
            "protected": [protected.get(item, 0) for item in items],
            **values,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            rows: list[Any] = cursor.fetchall()
        if len(rows) == len(items):
            return rows
        if short := availability.shortages(channel=channel, store=store, lines=lines):
            break
        if short := availability.shortages(channel=channel, store=store, lines=needed):
            break
    raise InsufficientStock(short)


def _check_bundles(channel: SalesChannel, store: Store, lines: Mapping[int, int]) -> None:
    """Bundles have no row to be guarded by: whether they are sold at all is asked before."""
    if lines and (short := availability.shortages(channel=channel, store=store, lines=lines)):
        raise InsufficientStock(short)
